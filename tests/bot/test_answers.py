"""What the bot answers by itself, without a run: refusals, choices, links, what it did not understand; and questions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from bot.access import Asker
from bot.deployments import Deployments
from bot.errors import NotDeployed, PrefectUnavailable
from bot.follower import Follower
from bot.replies import Replies
from bot.requests import Request, RequestHandler
from bot.settings import BotSettings
from bot.texts import Answer, Phrases
from bot.words import Asked, understood
from catalogue import LOCALES, Locale, Texts
from catalogue.weeks import as_of, label_of, newest_week
from tests import services
from tests.bot.conftest import (
    Bots,
    Prefect,
    people_of,
    put_report,
    replies,
    wait_for,
    wait_for_reply,
)
from tests.builders import KOREAN
from tests.fakes.block_kit import problems
from tests.fakes.people import People, Sent
from tests.fakes.slack import FakeSlack, not_ok

RECEIVED = "⏳ 받음"


def newest() -> date:
    return newest_week(datetime.now(ZoneInfo("Asia/Seoul")).date())


NEWEST = label_of(newest())


@pytest.fixture
def prefect(prefect: Prefect) -> Iterator[Prefect]:
    """Without the weeks that a report of another test left."""
    forget_weeks(prefect)
    yield prefect
    forget_weeks(prefect)


def forget_weeks(prefect: Prefect) -> None:
    wanted = {"artifacts": {"key": {"any_": ["voc-weeks"]}}}
    for found in services.HTTP.post(f"{prefect.api}/artifacts/filter", json=wanted).json():
        services.HTTP.delete(f"{prefect.api}/artifacts/{found['id']}")


def leave_weeks(prefect: Prefect, data: str) -> None:
    """As a report does."""
    artifact = {"key": "voc-weeks", "type": "table", "data": data}
    services.HTTP.post(f"{prefect.api}/artifacts/", json=artifact).raise_for_status()


def buttons(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Action and value of each."""
    return [
        (button["action_id"], button["value"])
        for block in message.get("blocks", [])
        if block["type"] == "actions"
        for button in block["elements"]
    ]


def answer_to(slack: FakeSlack, sent: Sent, part: str) -> dict[str, Any]:
    wait_for_reply(slack, sent.ts, part)
    (message,) = (each for each in slack.threads[sent.ts] if part in each["text"])
    return message


def test_a_week_that_cannot_be_reported_is_refused_with_a_button_that_is_one_request(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    sent = people.mention("이번 주 리포트 보여줘")
    refusal = answer_to(slack, sent, "아직 끝나지 않았습니다")
    assert f"가장 가까운 주는 {NEWEST}" in refusal["text"]
    assert buttons(refusal) == [("voc_report", NEWEST)]
    assert "아직 오지 않은" in answer_to(slack, people.mention("2999-W01"), NEWEST)["text"]
    assert not prefect.runs()
    for _ in range(2):
        people.press("C0TEST", refusal["ts"], "voc_report", NEWEST)
    wait_for_reply(slack, sent.ts, RECEIVED)
    (run,) = prefect.runs()
    asked = {"as_of": as_of(newest()).isoformat(), "thread_ts": sent.ts, "force": False}
    assert asked.items() <= run["parameters"].items()
    prefect.set_state(run, "FAILED", "failed source: no table.")
    wait_for_reply(slack, sent.ts, "❌ 실패")
    people.press("C0TEST", refusal["ts"], "voc_report", NEWEST)
    wait_for(lambda: len(prefect.runs()) == 2)  # whoever presses it again wants to try again


def test_a_command_s_refusal_and_its_button_are_for_whoever_gave_it(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    sent = people.command("/voc", "2026-W54")
    wait_for(lambda: slack.ephemerals("C0TEST"))
    (refusal,) = slack.ephemerals("C0TEST")
    assert "‘2026-W54’에 해당하는 주나 날짜가 없습니다" in refusal["text"]
    ((action, week),) = buttons(refusal)
    press = people.press("C0TEST", refusal["ts"], action, week)
    press.again()
    wait_for(lambda: RECEIVED in str(slack.responses(press.response_url)))
    (run,) = prefect.runs()
    assert (run["parameters"]["channel"], run["parameters"]["thread_ts"]) == ("C0TEST", None)
    assert len(slack.responses(sent.response_url)) == 1
    assert not slack.messages("C0TEST")


def test_months_and_slips_are_asked_back_with_buttons_and_start_nothing(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    month = answer_to(slack, people.mention("지난달"), "끝난 주가")
    assert len(buttons(month)) in (4, 5)
    assert {action for action, _ in buttons(month)} == {"voc_report"}
    again = answer_to(slack, people.mention("지난달 다시"), "끝난 주가")
    assert all(value.endswith(" force") for _, value in buttons(again))
    slip = people.mention("지난쥬")
    unclear = answer_to(slack, slip, "‘지난쥬’")
    assert len(buttons(unclear)) == 3
    assert ("voc_ask", "지난주") in buttons(unclear)
    for _ in range(2):
        people.press("C0TEST", unclear["ts"], "voc_ask", "상태")
    wait_for_reply(slack, slip.ts, KOREAN("bot.nothing_ran"))
    assert [text for text in replies(slack, slip.ts) if "실행된 리포트가 없" in text] == [
        KOREAN("bot.nothing_ran")
    ]
    assert not prefect.runs()
    people.press("C0TEST", unclear["ts"], "voc_ask", "지난주")
    wait_for_reply(slack, slip.ts, RECEIVED)


def test_a_report_that_is_complete_is_linked_and_posted_anew_only_by_the_button(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    summary = put_report(slack, NEWEST)
    unfinished = people.mention("지난주")
    wait_for_reply(slack, unfinished.ts, RECEIVED)  # a run that was cut off is gone on with
    put_report(slack, NEWEST, "receipt", thread_ts=summary)
    sent = people.mention("지난주")
    sent.again()
    stands = answer_to(slack, sent, "이미 여기 있습니다")
    assert f"archives/C0TEST/p{summary.replace('.', '')}|리포트 보기>" in stands["text"]
    assert buttons(stands) == [("rerun", NEWEST)]
    command = people.command("/voc")
    wait_for(lambda: "이미 여기 있습니다" in str(slack.responses(command.response_url)))
    (ephemeral,) = slack.ephemerals("C0TEST")
    assert len(prefect.runs()) == 1
    people.press("C0TEST", stands["ts"], "rerun")
    people.press("C0TEST", ephemeral["ts"], "rerun")
    wait_for(lambda: len(prefect.runs()) == 3)
    _, *forced = prefect.runs()
    assert [run["parameters"]["force"] for run in forced] == [True, True]
    assert {run["parameters"]["thread_ts"] for run in forced} == {sent.ts, None}
    wait_for_reply(slack, sent.ts, RECEIVED)  # it is written after its run is there
    assert len(replies(slack, sent.ts)) == 2


def test_a_thread_s_own_report_is_linked_there(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    parent = slack.say("C0TEST", "무슨 일이죠?")
    put_report(slack, NEWEST, thread_ts=parent)
    put_report(slack, NEWEST, "receipt", thread_ts=parent)
    people.mention("지난주", thread_ts=parent)
    wait_for_reply(slack, parent, "이미 여기 있습니다")
    assert not prefect.runs()
    elsewhere = people.mention("지난주")
    wait_for_reply(slack, elsewhere.ts, RECEIVED)


def test_without_a_look_at_the_channel_the_report_starts(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    put_report(slack, NEWEST, "receipt", thread_ts=put_report(slack, NEWEST))
    forced = people.mention("지난주 다시")
    wait_for_reply(slack, forced.ts, RECEIVED)
    assert not [each for each in slack.requests if each.method == "conversations.history"]
    slack.on("conversations.history", do=not_ok("missing_scope"))
    sent = people.mention("지난주")
    wait_for_reply(slack, sent.ts, RECEIVED)
    assert [run["parameters"]["force"] for run in prefect.runs()] == [True, False]


def test_a_week_before_the_data_is_refused_unless_it_is_forced(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    leave_weeks(prefect, json.dumps([{"first_week": "2020-W10", "last_week": "2026-W46"}]))
    with bots(VOC_LOCALE="en") as bot:
        people = people_of(slack, bot)
        refusal = answer_to(slack, people.mention("2020-W09"), "There is no data for 2020-W09")
        assert buttons(refusal) == [("voc_report", "2020-W10")]
        month = answer_to(slack, people.mention("march 2020"), "Weeks of")
        assert buttons(month)[0] == ("voc_report", "2020-W10")
        assert not prefect.runs()
        for said in ("2020-W10", "2020-W09 force"):
            wait_for_reply(slack, people.mention(said).ts, "⏳ received")
    assert len(prefect.runs()) == 2


@pytest.mark.parametrize("data", ["{}", "[]", "no table", '[{"first_week": "soon"}]'])
def test_weeks_that_cannot_be_read_refuse_nothing(
    people: People, slack: FakeSlack, prefect: Prefect, data: str
) -> None:
    leave_weeks(prefect, data)
    wait_for_reply(slack, people.mention("2020-W09").ts, RECEIVED)


def test_a_question_becomes_a_run_of_which_only_trouble_is_told(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    good = people.mention("결제 &lt;왜&gt; 늘었어?")
    wait_for(lambda: prefect.runs("slack:question", f"slack:thread={good.ts}"))
    (run,) = prefect.runs()
    asked = {"question": "결제 <왜> 늘었어?", "channel": "C0TEST", "thread_ts": good.ts}
    assert asked.items() <= run["parameters"].items()
    prefect.set_state(run, "RUNNING")
    prefect.set_state(run, "COMPLETED", f"{NEWEST} answered")
    wait_for(lambda: not prefect.runs("slack:open"))
    bad = people.mention("W45 W46 비교")
    wait_for(lambda: prefect.runs("slack:open"))
    prefect.set_state(prefect.runs("slack:open")[0], "FAILED", "failed source: no table. Set it.")
    wait_for_reply(slack, bad.ts, "❌ 실패 · 원천 데이터를 읽지 못했습니다")
    wait_for(lambda: not prefect.runs("slack:open"))
    assert replies(slack, good.ts) == []
    assert len(replies(slack, bad.ts)) == 1


# --- Without processes ----------------------------------------------------------------------------


class Artifacts:
    """Prefect's client with an artifact or a fault, and how often it was asked."""

    def __init__(self, *data: str, fault: Exception | None = None) -> None:
        self.found = [SimpleNamespace(data=each) for each in data]
        self.fault = fault
        self.asked = 0

    async def read_latest_artifacts(self, **_: object) -> list[Any]:
        self.asked += 1
        if self.fault:
            raise self.fault
        return self.found


def test_the_first_week_is_asked_for_once_a_minute_as_soon_as_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(artifacts: Artifacts) -> tuple[set[object], int]:
        async def ask() -> set[object]:
            deployments = Deployments(cast(PrefectClient, artifacts))
            asking = (deployments.first_week() for _ in range(3))
            answers = await asyncio.gather(*asking, return_exceptions=True)
            return {type(each) if isinstance(each, Exception) else each for each in answers}

        return asyncio.run(ask()), artifacts.asked

    assert asked(Artifacts('[{"first_week": "2026-W01"}]')) == ({date(2025, 12, 29)}, 1)
    assert asked(Artifacts()) == ({None}, 1)
    down = Artifacts(fault=httpx.ConnectError("Prefect is down"))
    assert asked(down) == ({PrefectUnavailable, None}, 1)
    monkeypatch.setattr("bot.deployments.NO_WEEKS_SECONDS", 0)
    assert asked(Artifacts()) == ({None}, 3)


class NoQuestions:
    """Prefect without the deployment for questions."""

    def new_call(self) -> str:
        return "call"

    async def start(self, deployment: str, *_: object, **__: object) -> None:
        raise NotDeployed(deployment)


class Said:
    """What was said to a command."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []

    def expect(self, call: str, response_url: str) -> None: ...

    def forget(self, call: str) -> None: ...

    async def respond(self, response_url: str, text: str, blocks: Any) -> None:
        self.said.append((text, blocks))


def test_without_the_deployment_for_questions_the_bot_offers_what_it_understands() -> None:
    settings = BotSettings.model_validate({"slack_bot_token": "xoxb-1"})
    replies = Said()
    handler = RequestHandler(
        settings,
        cast(Deployments, NoQuestions()),
        cast(Replies, replies),
        cast(Follower, None),
        Phrases(KOREAN),
    )
    asked = Request(Asker("C0TEST", "U0HUMAN"), "key", "결제 왜?", response_url="http://respond")
    asyncio.run(handler.report(asked))
    ((text, blocks),) = replies.said
    assert "‘결제 왜?’" in text
    assert len(buttons({"blocks": blocks})) == 3


HOSTILE = "<!channel> & *bold* " * 40


def answers(phrases: Phrases) -> Iterator[Answer]:
    today = date(2026, 11, 27)
    for text in ("W48", "W53", "2026-02-30"):
        yield phrases.offer(replace(understood(text, today), words=HOSTILE))
    early = understood("2020-W01", today)
    yield phrases.offer(
        replace(early, kind="refusal", why="before_data", weeks=(date(2026, 9, 14),))
    )
    yield phrases.offer(replace(understood("지난달", today), words=HOSTILE))
    yield phrases.stands(date(2026, 11, 16), "https://test.slack.com/archives/C/p1")
    yield phrases.offer(Asked("unclear", words=HOSTILE))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_answer_is_one_that_slack_takes_and_pings_nobody(locale: Locale) -> None:
    for answer in answers(Phrases(Texts(locale))):
        assert problems(answer.blocks) == []
        assert 1 <= len(answer.buttons) <= 5
        assert "<!" not in answer.text
        assert len(answer.text) < 1000

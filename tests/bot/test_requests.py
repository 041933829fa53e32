"""From what people do in Slack to runs in Prefect: real processes, and no worker to run anything."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalogue.weeks import week_of
from tests import services
from tests.bot.conftest import (
    Bots,
    Prefect,
    deep_health,
    people_of,
    replies,
    wait_for,
    wait_for_reply,
)
from tests.fakes.http import Reply, hang, lose_reply
from tests.fakes.people import People
from tests.fakes.slack import FakeSlack, not_ok

RECEIVED, HELP = "⏳ 받음", "VOC 봇 사용법"


@contextlib.contextmanager
def not_answering(prefect: Prefect) -> Iterator[None]:
    """Prefect's process is there and takes connections, but does nothing."""
    prefect.service.pause()
    try:
        yield
    finally:
        prefect.service.go_on()


def assert_asks_again_for_w46(run: dict[str, Any], thread_ts: str) -> None:
    asked = {
        "as_of": "2026-11-16",
        "channel": "C0TEST",
        "thread_ts": thread_ts,
        "force": True,
    }
    assert asked.items() <= run["parameters"].items()


def test_a_mention_is_acknowledged_and_becomes_a_run_for_its_thread(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    sent = people.mention("2026-W46 다시")
    assert sent.status == 200
    wait_for_reply(slack, sent.ts, RECEIVED)
    wait_for(lambda: slack.reactions)  # the run does not wait for it
    assert slack.reactions == [("C0TEST", sent.ts, "eyes")]
    (run,) = prefect.runs()
    assert_asks_again_for_w46(run, sent.ts)
    (reply,) = slack.threads[sent.ts]
    assert f"/runs/flow-run/{run['id']}|" in reply["text"]
    wait_for(lambda: prefect.runs(f"slack:reply={reply['ts']}", f"slack:thread={sent.ts}"))


def test_a_mention_in_a_thread_is_answered_in_that_thread(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    parent = slack.say("C0TEST", "무슨 일이죠?")
    people.mention("", thread_ts=parent)
    wait_for_reply(slack, parent, RECEIVED)
    assert [run["parameters"]["thread_ts"] for run in prefect.runs()] == [parent]


def test_a_direct_message_needs_no_mention(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    sent = people.direct("지난주")
    wait_for_reply(slack, sent.ts, RECEIVED)
    (run,) = prefect.runs()
    assert run["parameters"]["channel"] == sent.channel
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    assert run["parameters"]["as_of"] == week_of(today).isoformat()


def test_however_often_slack_delivers_a_mention_it_is_one_run_and_one_reply(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    sent = people.mention("")
    repeated = [
        sent.again(),
        sent.again(retry_num=1),
        sent.again(event_id="Ev0OTHER"),
        sent.again(event_type="message"),
    ]
    assert [each.status for each in (sent, *repeated)] == [200] * 5
    wait_for_reply(slack, sent.ts, RECEIVED)
    wait_for(lambda: prefect.runs("slack:told=received"))
    assert len(prefect.runs()) == 1
    assert len(replies(slack, sent.ts)) == 1


def test_help_is_given_once_for_each_message(people: People, slack: FakeSlack) -> None:
    sent = people.mention("뭐 할 줄 알아?")
    wait_for_reply(slack, sent.ts, HELP)
    sent.again()
    sent.again(event_type="message")
    other = people.direct("help")
    wait_for_reply(slack, other.ts, HELP)
    assert len(replies(slack, sent.ts)) == 1


def test_of_two_replicas_the_one_that_took_a_command_says_that_it_waits(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    wait = {"VOC_BOT_START_WAIT": "1"}
    with bots(**wait), bots(**wait) as taker, bots(**wait):
        command = people_of(slack, taker).command("/voc")
        wait_for(lambda: "켜져 있는 작업자" in str(slack.responses(command.response_url)), 60)
        prefect.set_state(prefect.runs()[0], "COMPLETED", "2026-W46 posted")
        wait_for(lambda: "✅ 완료" in str(slack.responses(command.response_url)))
    assert len(slack.responses(command.response_url)) == 3
    assert not slack.messages(slack.dm("U0HUMAN"))


def test_two_replicas_make_one_run_and_one_reply(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots() as one, bots() as two:
        sent = people_of(slack, one).mention("")
        again = people_of(slack, two)
        again.send_raw(*sent.raw)
        again.send_raw(*sent.raw)
        wait_for(lambda: prefect.runs("slack:told=received"))
    assert len(prefect.runs()) == 1
    assert len(replies(slack, sent.ts)) == 1


def test_the_status_is_what_prefect_knows(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    first = people.mention("상태")
    wait_for_reply(slack, first.ts, "아직 실행된 리포트가 없습니다")
    people.mention("2026-W46")
    wait_for(lambda: prefect.runs("slack:told=received"))
    prefect.set_state(prefect.runs()[0], "COMPLETED", "2026-W46 posted")
    people.mention("2026-W45")
    wait_for(lambda: len(prefect.runs()) == 2)
    sent = people.mention("status")
    wait_for_reply(slack, sent.ts, "최근 리포트 실행")
    (text,) = replies(slack, sent.ts)
    assert "⏳ 대기 중" in text.splitlines()[1]
    assert "✅ 완료 · 2026-W46" in text.splitlines()[2]


def test_a_run_that_no_worker_takes_is_said_to_wait_and_its_end_is_told(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots(VOC_BOT_START_WAIT="1") as bot:
        people = people_of(slack, bot)
        sent = people.mention("")
        wait_for_reply(slack, sent.ts, "켜져 있는 작업자(worker)가 없어")
        (run,) = prefect.runs()
        prefect.set_state(run, "CANCELLED")
        wait_for_reply(slack, sent.ts, "⛔ 취소됨")
        again = people.mention("")
        wait_for(lambda: len(prefect.runs()) == 2)
        prefect.set_state(prefect.runs()[1], "CRASHED", "infrastructure exited with status 137")
        wait_for_reply(slack, again.ts, "❌ 실패 · 실행하던 프로세스가 중단되었습니다")
    assert len(replies(slack, sent.ts)) == len(replies(slack, again.ts)) == 1


def test_a_bot_tells_how_the_runs_of_one_that_was_killed_ended(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    """In the same reply, though the other had not noted one of them; a command's end in a direct message."""
    with bots() as bot:
        people = people_of(slack, bot)
        mention, command = people.mention("2026-W46"), people.command("/voc", "2026-W45")
        wait_for(lambda: len(prefect.runs("slack:told=received")) == 2)
        ended = prefect.runs()
        slack.on("chat.postMessage", nth=1, do=hang(5, when="after"))
        not_noted = people.mention("2026-W44")
        wait_for(lambda: replies(slack, not_noted.ts))
        bot.kill()
    (failed,) = (run for run in prefect.runs() if run["id"] not in {each["id"] for each in ended})
    for run in ended:
        prefect.set_state(run, "COMPLETED", "2026-W46 posted")
    prefect.set_state(failed, "FAILED")
    with bots():
        wait_for_reply(slack, mention.ts, "✅ 완료", 60)
        wait_for_reply(slack, not_noted.ts, "❌ 실패", 60)
        direct = slack.dm("U0HUMAN")
        wait_for(lambda: slack.messages(direct), 60)
        wait_for(lambda: not prefect.runs("slack:open"))
    assert len(replies(slack, mention.ts)) == len(replies(slack, not_noted.ts)) == 1
    (message,) = slack.messages(direct)
    assert "✅ 완료" in message["text"]
    assert len(slack.responses(command.response_url)) == 1


PLAIN = {"Content-Type": "text/plain"}


@pytest.mark.parametrize(
    "fault",
    [
        lose_reply,
        Reply(503, b"<html>upstream</html>"),
        Reply(503, b"upstream", headers=PLAIN),
        Reply(200, b'{"ok": tru', headers={"Content-Type": "application/json"}),
        Reply(200, b"", headers={"Content-Type": "application/json"}),
        Reply(200, b"[]", headers={"Content-Type": "application/json"}),
        not_ok("internal_error"),
    ],
)
def test_a_reply_that_slack_did_not_confirm_is_made_once(
    people: People, slack: FakeSlack, fault: Reply
) -> None:
    slack.on("reactions.add", nth=1, do=fault)
    slack.on("chat.postMessage", nth=1, do=fault)
    sent = people.mention("")
    wait_for_reply(slack, sent.ts, RECEIVED)
    again = people.mention("help")
    wait_for_reply(slack, again.ts, HELP)
    assert len(replies(slack, sent.ts)) == 1


def test_a_reply_that_somebody_deleted_is_not_asked_for_again(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    people.mention("")
    wait_for(lambda: prefect.runs("slack:told=received"))
    slack.on("chat.update", do=not_ok("message_not_found"))
    prefect.set_state(prefect.runs()[0], "COMPLETED", "2026-W46 posted")
    wait_for(lambda: not prefect.runs("slack:open"))
    assert len([each for each in slack.requests if each.method == "chat.update"]) == 1


def test_a_missing_reaction_scope_does_not_keep_the_report_back(
    people: People, slack: FakeSlack
) -> None:
    slack.on("reactions.add", do=not_ok("missing_scope"))
    sent = people.mention("")
    wait_for_reply(slack, sent.ts, RECEIVED)


def test_when_prefect_does_not_answer_people_are_told_and_may_ask_again(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    with not_answering(prefect):
        sent = people.mention("")
        command = people.command("/voc")
        assert (sent.status, command.status) == (200, 200)
        wait_for_reply(slack, sent.ts, "Prefect 서버가 응답하지 않습니다", 90)
        wait_for(lambda: slack.responses(command.response_url), 90)
        hello = people.command("/hello")
        wait_for(lambda: slack.responses(hello.response_url))
        assert "❌ 응답하지 않습니다" in slack.responses(hello.response_url)[0]["text"]
    assert "Prefect 서버가 응답하지 않습니다" in slack.responses(command.response_url)[0]["text"]
    again = people.mention("")
    wait_for_reply(slack, again.ts, RECEIVED)


def test_a_command_is_answered_to_whoever_gave_it(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    sent = people.command("/voc", "2026-W46")
    sent.again()
    assert (sent.status, sent.body) == (200, "")
    wait_for(lambda: slack.responses(sent.response_url))
    wait_for(lambda: prefect.runs("slack:told=received"))
    (run,) = prefect.runs()
    assert run["parameters"]["thread_ts"] is None
    assert run["parameters"]["as_of"] == "2026-11-16"
    prefect.set_state(run, "COMPLETED", "2026-W46 already_posted")
    wait_for(lambda: len(slack.responses(sent.response_url)) == 2)
    received, ended = slack.responses(sent.response_url)
    assert RECEIVED in received["text"]
    assert "이미 여기에 있습니다" in ended["text"]
    assert {received["response_type"], ended["response_type"]} == {"ephemeral"}
    assert not slack.messages("C0TEST")


def test_no_tag_holds_the_address_that_lets_anybody_answer(
    people: People, prefect: Prefect
) -> None:
    people.command("/voc")
    wait_for(prefect.runs)
    assert "respond" not in json.dumps(prefect.runs()[0]["tags"])


def test_hello_greets_with_the_version(bots: Bots, slack: FakeSlack) -> None:
    with bots(VOC_VERSION="1.2.3+abc") as bot:
        sent = people_of(slack, bot).command("/hello")
        wait_for(lambda: slack.responses(sent.response_url))
    (answer,) = slack.responses(sent.response_url)
    assert "<@U0HUMAN>" in answer["text"]
    assert "1.2.3+abc" in answer["text"]
    assert "✅ 응답합니다" in answer["text"]


@pytest.mark.parametrize(
    ("settings", "channel", "fields"),
    [
        ({"VOC_BOT_CHANNELS": "C0OTHER"}, "C0TEST", {}),
        ({"VOC_BOT_USERS": "U0BOSS"}, "C0TEST", {}),
        ({}, "C0SHARED", {"is_ext_shared_channel": True}),
        ({}, "C0SHARED", {"user_team": "T0ELSEWHERE"}),
    ],
)
def test_who_may_not_ask_is_told_so_and_nothing_starts(
    bots: Bots,
    slack: FakeSlack,
    prefect: Prefect,
    settings: dict[str, str],
    channel: str,
    fields: dict[str, object],
) -> None:
    with bots(**settings) as bot:
        sent = people_of(slack, bot).mention("", channel=channel, fields=fields)
        wait_for_reply(slack, sent.ts, "🚫")
    assert slack.reactions == [(channel, sent.ts, "no_entry_sign")]
    assert not prefect.runs()


def test_commands_and_buttons_heed_the_lists_too(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots(VOC_BOT_USERS="U0BOSS") as bot:
        people = people_of(slack, bot)
        command = people.command("/longtask")
        wait_for(lambda: slack.responses(command.response_url))
        message = slack.say("C0TEST", "summary", blocks=[BUTTONS])
        people.press("C0TEST", message, "rerun")
        wait_for_reply(slack, message, "🚫")
    assert "🚫" in slack.responses(command.response_url)[0]["text"]
    assert not prefect.runs()


def test_a_shared_channel_may_be_allowed(bots: Bots, slack: FakeSlack) -> None:
    with bots(VOC_BOT_SHARED_CHANNELS="C0SHARED") as bot:
        sent = people_of(slack, bot).mention(
            "", channel="C0SHARED", fields={"is_ext_shared_channel": True}
        )
        wait_for_reply(slack, sent.ts, RECEIVED)


def test_bots_edits_and_other_people_s_talk_are_not_answered(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    people.mention("", fields={"bot_id": "B0OTHER"})
    people.mention("", fields={"bot_id": "B0BOT", "user": "U0BOT"})
    people.mention("", event_type="message", fields={"subtype": "message_changed"})
    people.mention("", event_type="message", fields={"text": "no mention at all"})
    sent = people.mention("help")
    wait_for_reply(slack, sent.ts, HELP)
    assert slack.reactions == [("C0TEST", sent.ts, "eyes")]
    assert not prefect.runs()


BUTTONS = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": "다시 실행"},
            "action_id": "rerun",
            "value": "2026-W46",
        },
        {
            "type": "button",
            "text": {"type": "plain_text", "text": "대시보드 열기"},
            "action_id": "open_dashboard",
            "url": "https://bi.example/voc",
        },
    ],
}


def test_the_button_runs_the_same_week_again_once_until_that_has_ended(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    summary = slack.say("C0TEST", "summary", user="U0BOT", blocks=[BUTTONS])
    for _ in range(3):
        assert people.press("C0TEST", summary, "rerun").status == 200
    wait_for_reply(slack, summary, RECEIVED)
    wait_for(lambda: prefect.runs("slack:told=received"))
    (run,) = prefect.runs()
    assert_asks_again_for_w46(run, summary)
    prefect.set_state(run, "COMPLETED", "2026-W46 posted")
    wait_for_reply(slack, summary, "✅ 완료")
    people.press("C0TEST", summary, "rerun")
    people.press("C0TEST", summary, "rerun")
    wait_for(lambda: len(prefect.runs()) == 2)
    wait_for(lambda: len(replies(slack, summary)) == 2)
    assert len(prefect.runs()) == 2


def test_a_press_that_comes_again_after_its_run_has_ended_starts_nothing(
    people: People, slack: FakeSlack, prefect: Prefect
) -> None:
    summary = slack.say("C0TEST", "summary", user="U0BOT", blocks=[BUTTONS])
    press = people.press("C0TEST", summary, "rerun")
    wait_for(lambda: prefect.runs("slack:told=received"))
    prefect.set_state(prefect.runs()[0], "COMPLETED", "2026-W46 posted")
    wait_for_reply(slack, summary, "✅ 완료")
    assert press.again().status == 200
    sent = people.mention("help")
    wait_for_reply(slack, sent.ts, HELP)
    assert len(prefect.runs()) == 1


def test_a_press_on_a_link_is_acknowledged(people: People, slack: FakeSlack) -> None:
    summary = slack.say("C0TEST", "summary", user="U0BOT", blocks=[BUTTONS])
    assert people.press("C0TEST", summary, "open_dashboard").status == 200


def test_what_was_accepted_is_finished_before_the_bot_stops(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    slack.on("reactions.add", nth=1, do=hang(3))
    with bots() as bot:
        sent = people_of(slack, bot).mention("")
        assert bot.stop() == 0
    assert len(prefect.runs()) == 1
    wait_for_reply(slack, sent.ts, RECEIVED, 1)


@pytest.mark.parametrize(
    "deliver",
    [
        lambda people: people.mention("", wrong_signature=True),
        lambda people: people.mention("", age=301),
        lambda people: people.command("/voc", wrong_signature=True),
        lambda people: people.command("/voc", age=301),
    ],
)
def test_a_wrong_signature_and_an_old_request_are_refused(
    people: People, slack: FakeSlack, prefect: Prefect, deliver: object
) -> None:
    assert deliver(people).status == 401  # type: ignore[operator]
    later = people.mention("help")
    wait_for_reply(slack, later.ts, HELP)
    assert not prefect.runs()
    assert len(slack.reactions) == 1


def test_health_is_the_version_and_deeper_what_it_needs(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots(VOC_VERSION="1.2.3") as bot:
        for path in ("/", "/healthz"):
            answer = services.HTTP.get(bot.url + path)
            assert (answer.status_code, answer.json()["version"]) == (200, "1.2.3")
        deep = services.HTTP.get(f"{bot.url}/healthz?deep=1", timeout=30)
        assert deep.status_code == 200
        assert deep.json() == {"status": "ok", "version": "1.2.3", "prefect": "ok", "slack": "ok"}
        slack.on("auth.test", do=not_ok("account_inactive"))
        wait_for(lambda: deep_health(bot)[0] == 503)
        assert deep_health(bot)[1]["slack"] == "down"
        with not_answering(prefect):
            wait_for(lambda: deep_health(bot)[1]["prefect"] == "down")


FORM, JSON = "application/x-www-form-urlencoded", "application/json"
# With a right signature, and without: acknowledged, refused, or not there. 400 lacks what Slack always sends.
NONSENSE = [
    (b"{", JSON, 400, 400),
    (b"[" * 200_000, JSON, 400, 400),
    (b"payload=%7B", FORM, 400, 400),
    (b"\xff\xfe", JSON, 400, 400),
    (b'"text"', JSON, 400, 400),
    (b"{}", JSON, 404, 401),
    (b'{"type": "event_callback"}', JSON, 404, 401),
    (b'{"type": "event_callback", "event": {"type": "app_mention"}}', JSON, 200, 401),
    (b'{"type": "event_callback", "event": {"type": "team_join"}}', JSON, 200, 401),
    (b"command=%2Fvoc", FORM, 400, 401),
    (b"command=%2Funknown&trigger_id=1&channel_id=C&user_id=U", FORM, 404, 401),
    (b'payload={"type":"block_actions","actions":[{"action_id":"rerun"}]}', FORM, 400, 401),
]


def test_nonsense_is_refused_or_ignored_without_a_traceback(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots() as bot:
        people = people_of(slack, bot)
        for body, kind, signed, unsigned in NONSENSE:
            answer = people.send_raw(body, people.signed(body) | {"Content-Type": kind})
            assert answer.status == signed, (body, answer)
            answer = people.send_raw(body, {"Content-Type": kind})
            assert answer.status == unsigned, (body, answer)
        unknown = people.mention("", fields={"type": "team_join"})
        assert unknown.status == 200
        huge = b"x" * 10_000_000
        assert services.HTTP.post(f"{bot.url}/slack/events", content=huge).status_code == 413
        chunked = services.HTTP.post(
            f"{bot.url}/slack/events", content=(huge[:100_000] for _ in range(100))
        )
        assert chunked.status_code == 413
        assert services.HTTP.post(f"{bot.url}/other").status_code == 404
        sent = people.mention("help")
        wait_for_reply(slack, sent.ts, HELP)
        log = bot.log.read_text()
    assert "Traceback" not in log
    assert not prefect.runs()


def test_the_log_has_no_word_of_what_people_wrote(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots() as bot:
        people = people_of(slack, bot)
        sent = people.mention("marked-words 010-1234-5678")
        people.mention("marked-words 2026-W99")
        people.command("/unknown", "marked-words")
        wait_for(lambda: replies(slack, sent.ts) or prefect.runs())
        wait_for_reply(slack, people.mention("help").ts, HELP)
        assert "marked-words" not in bot.log.read_text()

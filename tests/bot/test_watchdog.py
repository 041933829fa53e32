"""A report that is missing, and a run that is gone, are told once: by a real Prefect's account and a real look at Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

import bot.watchdog
from bot.deployments import open_deployments
from bot.replies import Replies, web_client
from bot.settings import BotSettings
from bot.texts import Phrases
from bot.watchdog import Watchdog
from catalogue.ending import WAITING
from tests import services
from tests.bot.conftest import Bots, Prefect, put_report, wait_for
from tests.builders import KOREAN
from tests.fakes.slack import DEFAULT_SCOPES, FakeSlack

pytestmark = pytest.mark.slow

SOON = timedelta(minutes=1)


def due() -> datetime:
    """Monday of next week or the one after it, 09:00 in Seoul: the schedule is a few minutes old."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday())


DUE = due()
LATER = DUE + timedelta(minutes=31)
YEAR, NUMBER, _ = (DUE - timedelta(days=1)).isocalendar()
WEEK = f"{YEAR}-W{NUMBER:02}"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """Its clock is as far as the tests': messages are newer than the week's end."""
    channels: dict[str, dict[str, Any]] = {"C0TEST": {}, "C0OPS": {}}
    with FakeSlack(channels=channels, clock=(DUE + SOON).timestamp) as slack:
        yield slack


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.watchdog, "SPREAD_SECONDS", 0.01)


@pytest.fixture(autouse=True)
def switched_off(prefect: Prefect) -> Iterator[None]:
    """The schedule is off: otherwise Prefect makes the run of next Monday itself."""
    usual = weekly(prefect)["schedules"][0]["schedule"]
    schedule(prefect, active=False)
    yield
    schedule(prefect, active=True, schedule=usual)


def schedule(prefect: Prefect, **changes: Any) -> None:
    """Change the schedule of the weekly deployment."""
    deployment = weekly(prefect)
    url = (
        f"{prefect.api}/deployments/{deployment['id']}/schedules/{deployment['schedules'][0]['id']}"
    )
    services.HTTP.patch(url, json=changes).raise_for_status()


def weekly(prefect: Prefect) -> dict[str, Any]:
    url = f"{prefect.api}/deployments/name/weekly_voc/weekly"
    deployment: dict[str, Any] = services.HTTP.get(url).raise_for_status().json()
    return deployment


def look(
    prefect: Prefect, slack: FakeSlack, now: datetime = LATER, ops_channel: str | None = "C0OPS"
) -> list[str]:
    """The notes in the operators' channel after a bot that has just started has looked."""
    settings = BotSettings.model_validate(
        {
            "slack_bot_token": slack.token,
            "slack_api_url": f"{slack.url}/api/",
            "VOC_SLACK_CHANNEL": "C0TEST",
            "VOC_OPS_CHANNEL": ops_channel,
        }
    )

    async def once() -> None:
        with temporary_settings({PREFECT_API_URL: prefect.api}):
            async with open_deployments() as deployments, web_client(settings) as client:
                replies = Replies(client, Phrases(KOREAN))
                await replies.check()
                watchdog = Watchdog(settings, deployments, replies, Phrases(KOREAN))
                await watchdog.look(now)
                await watchdog.look(now + SOON)

    asyncio.run(once())
    return [message["text"] for message in slack.messages(ops_channel or "C0TEST")]


def start(prefect: Prefect, at: datetime, *tags: str) -> dict[str, Any]:
    """A run of the weekly deployment, to start at a time; deleted with all others, by the tag `slack`."""
    deployment = weekly(prefect)
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
    run: dict[str, Any] = (
        services.HTTP.post(
            f"{prefect.api}/deployments/{deployment['id']}/create_flow_run",
            json={"state": state, "tags": ["slack", *tags]},
        )
        .raise_for_status()
        .json()
    )
    return run


def test_a_schedule_that_is_off_is_told_once_and_only_when_it_is_late(
    prefect: Prefect, slack: FakeSlack
) -> None:
    assert look(prefect, slack, DUE + timedelta(minutes=28)) == []
    (note,) = look(prefect, slack)
    assert note.startswith(f"⏰ {WEEK} 리포트가 아직 채널에 없습니다.")
    assert "스케줄이 켜져 있는지" in note
    assert look(prefect, slack) == [note]  # another bot, started since


def test_a_report_in_the_channel_is_no_news(prefect: Prefect, slack: FakeSlack) -> None:
    put_report(slack, WEEK)
    assert look(prefect, slack) == []


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, "작업자(worker)가 켜져 있는지"),
        ("PENDING", "시작하지 못하고"),
        ("RUNNING", "아직 끝나지 않았습니다"),
        ("CANCELLED", "취소되었습니다"),
        ("COMPLETED", "올리지 않았습니다"),
        ("FAILED", "원천 데이터를 읽지 못했습니다"),
    ],
)
def test_the_note_says_what_became_of_the_run(
    prefect: Prefect, slack: FakeSlack, state: str | None, why: str
) -> None:
    run = start(prefect, DUE)
    if state:
        prefect.set_state(run, state, "failed source: table <x> is missing.")
    (note,) = look(prefect, slack)
    assert why in note
    assert f"{run['id']}|실행 보기>" in note
    assert "missing" not in note


def test_what_the_run_has_told_already_is_not_told_again(
    prefect: Prefect, slack: FakeSlack
) -> None:
    run = start(prefect, DUE)
    prefect.set_state(run, "FAILED", "failed source: x")
    put_report(slack, f"run {run['id']}", "failed", "C0OPS")
    assert look(prefect, slack) == ["failed"]


def test_a_run_that_waits_for_data_has_its_time(prefect: Prefect, slack: FakeSlack) -> None:
    first = start(prefect, DUE)
    prefect.set_state(first, "COMPLETED", f"{WEEK} not_ready")
    start(prefect, DUE + timedelta(minutes=40), WAITING)
    assert look(prefect, slack) == []
    assert look(prefect, slack, DUE + timedelta(minutes=60)) == []
    (note,) = look(prefect, slack, DUE + timedelta(minutes=71))
    assert "작업자(worker)가 켜져 있는지" in note


def test_data_that_never_came_was_told_by_its_run(prefect: Prefect, slack: FakeSlack) -> None:
    last = start(prefect, DUE, WAITING)
    prefect.set_state(last, "COMPLETED", f"{WEEK} not_ready")
    put_report(slack, WEEK, "late", "C0OPS")
    assert look(prefect, slack) == ["late"]


def test_where_the_channel_cannot_be_read_the_run_s_word_counts(
    prefect: Prefect, slack: FakeSlack
) -> None:
    slack.scopes = tuple(each for each in DEFAULT_SCOPES if each != "channels:history")
    run = start(prefect, DUE)
    prefect.set_state(run, "COMPLETED", f"{WEEK} posted")
    assert look(prefect, slack) == []
    prefect.set_state(run, "CANCELLED")
    (note,) = look(prefect, slack)
    assert "취소되었습니다" in note


def test_a_server_that_is_gone_is_told_too(
    prefect: Prefect, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule is known from before."""

    async def go(self: Watchdog, now: datetime) -> None:
        await real(self, DUE)  # nothing is late yet
        with monkeypatch.context() as patch:
            patch.setattr(self._deployments._client, "request", None, raising=False)
            patch.setattr(self._deployments._client, "read_flow_runs", refuse)
            patch.setattr(self._deployments._client, "read_deployment_by_name", refuse)
            await self._look_for_report("C0TEST", now)

    async def refuse(*_: object, **__: object) -> None:
        raise TimeoutError

    real = Watchdog.look
    monkeypatch.setattr(Watchdog, "look", go)
    (note,) = look(prefect, slack)
    assert "Prefect 서버가 응답하지 않습니다" in note


def test_a_bot_notes_a_missing_report_and_a_crash_by_itself(
    prefect: Prefect, slack: FakeSlack, bots: Bots
) -> None:
    """As a process, on a schedule that is due each minute and whose runs nobody makes.

    The run that crashed was due before, and was asked for by nobody.
    """
    run = start(prefect, datetime.now(UTC) - timedelta(minutes=5))
    prefect.set_state(run, "CRASHED")
    schedule(prefect, schedule={"cron": "* * * * *", "timezone": "Asia/Seoul"})
    settings = {"VOC_OPS_CHANNEL": "C0OPS", "VOC_SLACK_CHANNEL": "C0TEST"}
    with bots(VOC_BOT_WATCHDOG_MINUTES="0.001", **settings):
        wait_for(lambda: len(slack.messages("C0OPS")) == 2, 120)
    notes = {
        note["metadata"]["event_payload"]["report_week"]: note for note in slack.messages("C0OPS")
    }
    crash = notes.pop(f"run {run['id']}")
    assert "⚠️ 지난 VOC 리포트 실행이 중간에 멈췄습니다" in crash["text"]
    assert f"{run['id']}|실행 보기>" in crash["text"]
    (missing,) = notes.values()
    assert "리포트가 아직 채널에 없습니다" in missing["text"]
    assert missing["metadata"]["event_payload"]["kind"] == "missing"


def test_without_a_channel_of_theirs_a_crash_somebody_is_told_of_is_not_repeated(
    prefect: Prefect, slack: FakeSlack
) -> None:
    tags = ("slack:channel=C0TEST", "slack:user=U", "slack:call=r.1")
    asked_for = start(prefect, datetime.now(UTC), *tags)
    prefect.set_state(asked_for, "CRASHED")
    now = datetime.now(UTC)
    assert look(prefect, slack, now, ops_channel=None) == []
    assert len(look(prefect, slack, now)) == 1

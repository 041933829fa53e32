"""The report of a week that a channel or a thread has already is found among everything that is said there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.replies import NotTold, Replies, web_client
from bot.settings import BotSettings
from bot.texts import Phrases
from tests.bot.conftest import put_report
from tests.builders import KOREAN
from tests.fakes.slack import DEFAULT_SCOPES, FakeSlack, not_ok


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(page_size_limit=2) as slack:
        yield slack


W46 = "2026-W46"


def found(
    slack: FakeSlack, thread_ts: str | None = None, since: float = 0.0, week: str = W46
) -> str | None:
    settings = BotSettings.model_validate(
        {"slack_bot_token": slack.token, "slack_api_url": f"{slack.url}/api/"}
    )

    async def find() -> str | None:
        async with web_client(settings) as client:
            replies = Replies(client, Phrases(KOREAN))
            await replies.check()
            return await replies.find_report("C0TEST", week, since, thread_ts)

    return asyncio.run(find())


def test_the_newest_summary_of_the_week_is_found_on_any_page(slack: FakeSlack) -> None:
    assert found(slack) is None
    put_report(slack, W46)
    newest = put_report(slack, W46)
    put_report(slack, "2026-W45")
    put_report(slack, W46, kind="receipt")
    put_report(slack, W46, bot_id="B0OTHER")
    put_report(slack, W46, metadata={"event_type": "other"})
    for _ in range(3):
        slack.say("C0TEST", "VOC 2026-W46")
    assert found(slack) == newest
    assert found(slack, since=float(newest)) is None
    assert found(slack, week="2026-W44") is None


def test_a_thread_s_report_is_found_in_that_thread_alone(slack: FakeSlack) -> None:
    parent = slack.say("C0TEST", "?")
    put_report(slack, W46, thread_ts=parent)
    newest = put_report(slack, W46, thread_ts=parent)
    put_report(slack, W46, kind="receipt", thread_ts=parent)
    assert found(slack) is None
    assert found(slack, parent) == newest


def test_messages_that_cannot_be_read_are_not_taken_for_no_report(slack: FakeSlack) -> None:
    put_report(slack, W46)
    for scope in ("channels:history", "metadata.message:read"):
        slack.scopes = tuple(each for each in DEFAULT_SCOPES if each != scope)
        with pytest.raises(NotTold):
            found(slack)
    slack.scopes = DEFAULT_SCOPES
    slack.on("conversations.history", do=not_ok("internal_error"))
    with pytest.raises(NotTold, match="internal_error"):
        found(slack)

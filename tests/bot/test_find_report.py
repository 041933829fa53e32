"""The report of a week that a channel or a thread has already is found among everything that is said there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from bot.replies import NotTold, Replies, web_client
from bot.settings import BotSettings
from bot.texts import Phrases
from tests.builders import KOREAN
from tests.fakes.slack import BOT_ID, DEFAULT_SCOPES, FakeSlack, not_ok


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(page_size_limit=2) as slack:
        yield slack


def put(slack: FakeSlack, week: str = "2026-W46", kind: str = "summary", **fields: Any) -> str:
    """A message of a report."""
    payload = {"report_week": week, "kind": kind, "key": "key", "target": "C0TEST", "run": "run"}
    metadata = {"event_type": "voc_weekly", "event_payload": payload}
    return slack.say("C0TEST", "x", **{"bot_id": BOT_ID, "metadata": metadata} | fields)


def found(
    slack: FakeSlack, thread_ts: str | None = None, since: float = 0.0, week: str = "2026-W46"
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
    put(slack)
    newest = put(slack)
    put(slack, week="2026-W45")
    put(slack, kind="receipt")
    put(slack, bot_id="B0OTHER")
    put(slack, metadata={"event_type": "other"})
    for _ in range(3):
        slack.say("C0TEST", "VOC 2026-W46")
    assert found(slack) == newest
    assert found(slack, since=float(newest)) is None
    assert found(slack, week="2026-W44") is None


def test_a_thread_s_report_is_found_in_that_thread_alone(slack: FakeSlack) -> None:
    parent = slack.say("C0TEST", "?")
    put(slack, thread_ts=parent)
    newest = put(slack, thread_ts=parent)
    put(slack, kind="receipt", thread_ts=parent)
    assert found(slack) is None
    assert found(slack, parent) == newest


def test_messages_that_cannot_be_read_are_not_taken_for_no_report(slack: FakeSlack) -> None:
    put(slack)
    for scope in ("channels:history", "metadata.message:read"):
        slack.scopes = tuple(each for each in DEFAULT_SCOPES if each != scope)
        with pytest.raises(NotTold):
            found(slack)
    slack.scopes = DEFAULT_SCOPES
    slack.on("conversations.history", do=not_ok("internal_error"))
    with pytest.raises(NotTold, match="internal_error"):
        found(slack)

"""What the bot says in Slack while Slack fails, asks to wait, or sends the bot elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.errors import StartError
from bot.replies import EVENT_TYPE, NotTold, Replies, web_client
from bot.runs import Origin, Run
from bot.settings import load_settings
from bot.texts import Phrases
from catalogue import Texts
from tests.bot.conftest import bot_settings, replies
from tests.fakes.http import Fault, Reply, drip
from tests.fakes.slack import BOT_ID, BOT_USER, FakeSlack, not_ok

CHANNEL = "C0TEST"
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.replies.CALL_SECONDS", 2.0)


def with_replies(slack: FakeSlack, story: Callable[[Replies], Awaitable[Any]]) -> Any:
    """What a story with the bot's messages returns."""

    async def tell() -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in bot_settings(slack).items():
                patch.setenv(name, value)
            settings = load_settings()
        async with web_client(settings) as client:
            return await story(Replies(client, Phrases(Texts("en"))))

    return asyncio.run(tell())


def run_in(thread_ts: str) -> Run:
    """A run that another replica was asked for in a thread."""
    origin = Origin(CHANNEL, "U0HUMAN", "other:1", thread_ts)
    return Run(UUID(int=1), origin, "RUNNING", "", NOW, NOW, NOW, "pool", None)


def test_a_reply_of_another_app_is_not_taken_for_ours(slack: FakeSlack) -> None:
    thread = slack.say(CHANNEL, "report?")
    run = run_in(thread)
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"run": str(run.id)}}
    slack.say(CHANNEL, "theirs", bot_id="B0OTHER", thread_ts=thread, metadata=metadata)

    async def story(replies: Replies) -> str | None:
        await replies.check()
        await replies.tell(run, "queued", is_ours=False)
        return await replies.tell(replace(run, state="RUNNING"), "running", is_ours=False)

    ours = with_replies(slack, story)
    theirs_now, our_reply = slack.threads[thread]
    assert (theirs_now["text"], our_reply["ts"]) == ("theirs", ours)

    # A third replica finds the reply that its tags do not name.
    async def find(replies: Replies) -> str | None:
        await replies.check()
        return await replies.tell(run, "completed", is_ours=False)

    assert with_replies(slack, find) == ours
    assert our_reply["bot_id"] == BOT_ID
    assert our_reply["user"] == BOT_USER


@pytest.mark.parametrize("asked", ["0.2", "Mon, 16 Nov 2009 00:00:00 GMT", "-3", "soon"])
def test_a_rate_limit_in_any_form_is_waited_for(slack: FakeSlack, asked: str) -> None:
    thread = slack.say(CHANNEL, "help")
    slack.on("chat.postMessage", nth=1, do=Reply(429, {}, headers={"Retry-After": asked}))
    with_replies(slack, lambda bot: bot.say("text", channel=CHANNEL, thread_ts=thread))
    assert replies(slack, thread) == ["text"]


def test_no_rate_limit_is_waited_for_longer_than_a_minute(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.slack_api.LONGEST_WAIT_SECONDS", 0.1)
    slack.on("reactions.add", nth=1, do=Reply(429, {}, headers={"Retry-After": "86400"}))
    ts = slack.say(CHANNEL, "help")
    assert with_replies(slack, lambda bot: bot.react(CHANNEL, ts, "eyes"))
    assert len(slack.reactions) == 1


def redirect_to(slack: FakeSlack) -> Reply:
    return Reply(307, headers={"Location": f"{slack.url}/api/auth.test"})


def test_a_redirect_is_not_followed(slack: FakeSlack) -> None:
    with FakeSlack() as other:
        slack.on("auth.test", do=redirect_to(other))
        with pytest.raises(StartError, match="HTTP 307, a redirect.*SLACK_API_URL"):
            with_replies(slack, lambda bot: bot.check())
        url = slack.response_url(CHANNEL, "U0HUMAN")
        slack.on(url.removeprefix(slack.url), do=redirect_to(other))
        with_replies(slack, lambda bot: bot.respond(url, "text"))
        assert other.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        *(drip(b" ", 0.05), Reply(500, b"<html>"), Reply(body=[]), not_ok("fatal_error")),
        Reply(body={"ok": True}),  # without a ts
    ],
)
def test_a_call_without_a_usable_answer_ends(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr("bot.replies.CALL_SECONDS", 0.5)
    thread = slack.say(CHANNEL, "report?")
    slack.on("chat.postMessage", do=fault)
    tell = lambda bot: bot.tell(run_in(thread), "queued", is_ours=True)  # noqa: E731
    with pytest.raises(NotTold):
        with_replies(slack, tell)
    url = slack.response_url(CHANNEL, "U0HUMAN")
    slack.on(url.removeprefix(slack.url), do=drip(b" ", 0.05))
    with_replies(slack, lambda bot: bot.respond(url, "text"))

"""`@voc …` in a channel or thread."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.listeners.envelope import event_asker, is_from_a_person, text_at
from bot.requests import Request, RequestHandler


def register(app: AsyncApp, requests: RequestHandler) -> None:
    @app.event("app_mention")
    async def handle_mention(body: dict[str, Any], event: dict[str, Any]) -> None:
        if is_from_a_person(event):
            await requests.report(message_request(body, event))


def message_request(body: dict[str, Any], event: dict[str, Any]) -> Request:
    """A message's own channel and ts are its key: Slack may deliver it under two event types or ids."""
    asker, ts = event_asker(body, event), text_at(event, "ts")
    return Request(
        asker,
        key=f"{asker.channel}:{ts}",
        text=text_at(event, "text", default=""),
        thread_ts=text_at(event, "thread_ts", default=ts),
        message_ts=ts,
    )

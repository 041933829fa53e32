"""Buttons in messages of the report."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.listeners.envelope import button_asker, text_at, time_at
from bot.requests import Request, RequestHandler


def register(app: AsyncApp, requests: RequestHandler) -> None:
    @app.action("rerun")
    async def handle_rerun(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await requests.rerun(button_request(body, action))

    # Slack reports a press on a link too.
    @app.action(re.compile(".*"))
    async def handle_other(ack: AsyncAck) -> None:
        await ack()


def button_request(body: dict[str, Any], action: dict[str, Any]) -> Request:
    """The button's value is the week of its report."""
    asker, ts = button_asker(body), text_at(body, "message", "ts")
    return Request(
        asker,
        key=f"button:{asker.channel}:{ts}",
        text=text_at(action, "value", default=""),
        thread_ts=text_at(body, "message", "thread_ts", default=ts),
        pressed_at=time_at(action, "action_ts"),
    )

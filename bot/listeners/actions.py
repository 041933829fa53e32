"""Buttons: of a report, and below what the bot offers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.listeners.envelope import button_asker, text_at, time_at
from bot.requests import Request, RequestHandler


def register(app: AsyncApp, requests: RequestHandler) -> None:
    @app.action("rerun")
    async def handle_rerun(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await requests.rerun(button_request(body, action))

    @app.action(re.compile("voc_(report|ask)"))
    async def handle_offer(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await requests.report(offer_request(body, action))

    # Slack reports a press on a link too.
    @app.action(re.compile(".*"))
    async def handle_other(ack: AsyncAck) -> None:
        await ack()


def button_request(body: dict[str, Any], action: dict[str, Any]) -> Request:
    """The button's value is the week of its report.

    What only one person sees has no message in Slack: the answer goes where the press says, as a command's does.
    """
    asker, is_shown = button_asker(body), bool(body.get("message"))
    ts = text_at(body, "container", "message_ts")
    return Request(
        asker,
        key=f"button:{asker.channel}:{ts}",
        text=text_at(action, "value", default=""),
        thread_ts=text_at(body, "message", "thread_ts", default=ts) if is_shown else None,
        response_url=None if is_shown else text_at(body, "response_url"),
        pressed_at=time_at(action, "action_ts"),
    )


def offer_request(body: dict[str, Any], action: dict[str, Any]) -> Request:
    """The button's value is what it is as if written; however often it is pressed, it is answered once."""
    request = button_request(body, action)
    key = f"{request.key}:{action['action_id']}:{request.text}"
    return replace(request, key=key, is_offer=True)

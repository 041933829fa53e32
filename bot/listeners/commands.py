"""Slash commands. `COMMANDS` is also what the app's manifest must list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.access import Asker
from bot.listeners.envelope import text_at
from bot.requests import Request, RequestHandler

Handle = Callable[[RequestHandler, Request], Awaitable[None]]

COMMANDS: dict[str, Handle] = {
    "/voc": RequestHandler.report,
    "/hello": RequestHandler.hello,
    "/longtask": RequestHandler.long_task,
}


def register(app: AsyncApp, requests: RequestHandler) -> None:
    for name, handle in COMMANDS.items():
        app.command(name)(_listener(requests, handle))


def _listener(requests: RequestHandler, handle: Handle) -> Callable[..., Awaitable[None]]:
    async def handle_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        await ack()
        await handle(requests, command_request(command))

    return handle_command


def command_request(command: dict[str, Any]) -> Request:
    # For a command, Slack does not say whether the channel is shared: VOC_BOT_CHANNELS is the remedy.
    return Request(
        Asker(text_at(command, "channel_id"), text_at(command, "user_id")),
        key=f"command:{text_at(command, 'trigger_id')}",
        text=text_at(command, "text", default=""),
        response_url=text_at(command, "response_url"),
    )

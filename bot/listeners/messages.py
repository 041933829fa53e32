"""Direct messages, in which no mention is needed; and mentions that come as messages."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.listeners.envelope import is_from_a_person
from bot.listeners.mentions import message_request
from bot.requests import RequestHandler


def register(app: AsyncApp, requests: RequestHandler) -> None:
    @app.event("message")
    async def handle_message(
        body: dict[str, Any], event: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        is_direct = event.get("channel_type") == "im"
        is_mention = f"<@{context.bot_user_id}>" in str(event.get("text"))
        if (is_direct or is_mention) and is_from_a_person(event):
            await requests.report(message_request(body, event))

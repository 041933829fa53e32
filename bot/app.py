"""What Slack and the platform talk to: Bolt's listeners, and the web application around them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping

from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.asking import Asking
from bot.errors import where
from bot.listeners import actions, commands, mentions, messages
from bot.settings import BotSettings

log = logging.getLogger("voc.bot")

BODY_LIMIT = 1_000_000
"""Bytes. Slack's own requests are far smaller."""


def create_app(settings: BotSettings, asking: Asking) -> AsyncApp:
    """Bolt with all listeners. It verifies signatures, and refuses what is older than five minutes."""
    secret = settings.slack_signing_secret
    app = AsyncApp(
        name="voc",
        token=settings.slack_bot_token.get_secret_value(),
        signing_secret=secret.get_secret_value() if secret else "",
    )
    app.client.base_url = settings.slack_api_url
    for listeners in (mentions, messages, commands, actions):
        listeners.register(app, asking)

    @app.event(re.compile(".*"))
    async def handle_other() -> None:
        """Acknowledge what nobody listens to; otherwise Slack sends it again."""

    @app.error
    async def handle_error(error: Exception) -> BoltResponse:
        log.error("unexpected %s at %s", type(error).__name__, where(error))
        return BoltResponse(status=500, body="")

    return app


def create_web(
    settings: BotSettings, app: AsyncApp, checks: Mapping[str, Callable[[], Awaitable[bool]]]
) -> Starlette:
    """The HTTP side.

    `POST /slack/events` is there unless the bot is in Socket Mode. `GET /` and `GET /healthz` answer 200 with the
    version; `GET /healthz?deep=1` runs the `checks` too, and answers 503 when one fails.
    """

    async def handle_events(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        try:
            bolt_request = to_async_bolt_request(request, body)
        except (ValueError, RecursionError, AttributeError, TypeError):
            # Bolt reads the body before it checks the signature, and expects Slack's own shapes.
            return PlainTextResponse("no valid request of Slack's", 400)
        return to_starlette_response(await app.async_dispatch(bolt_request))

    async def handle_health(request: Request) -> Response:
        answer: dict[str, object] = {"status": "ok", "version": settings.version}
        if request.query_params.get("deep"):
            results = await asyncio.gather(*(check() for check in checks.values()))
            answer |= {
                name: "ok" if result else "down"
                for name, result in zip(checks, results, strict=True)
            }
            if not all(results):
                return JSONResponse(answer | {"status": "down"}, 503)
        return JSONResponse(answer)

    routes = [Route("/", handle_health), Route("/healthz", handle_health)]
    if settings.slack_app_token is None:
        routes.append(Route("/slack/events", handle_events, methods=["POST"]))
    return Starlette(routes=routes)


async def _body(request: Request) -> bytes | None:
    """The request's body, None when it is too large; no more than the limit is ever held."""
    if int(request.headers.get("content-length") or 0) > BODY_LIMIT:
        return None
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return None
    except ClientDisconnect:
        return b""
    return body

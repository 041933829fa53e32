"""The entry points for Slack and the platform: Bolt's listeners, and the web application around them."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.errors import where
from bot.listeners import actions, commands, mentions, messages
from bot.requests import RequestHandler
from bot.settings import BotSettings

log = logging.getLogger("voc.bot")

Checks = Mapping[str, Callable[[], Awaitable[bool]]]

HEALTH_SECONDS = 5.0

BODY_LIMIT = 1_000_000
"""Bytes. Slack's own requests are far smaller."""


def create_app(settings: BotSettings, requests: RequestHandler, bot: AuthorizeResult) -> AsyncApp:
    """Create Bolt with all listeners, under the `bot` identity that Slack reported.

    Bolt verifies signatures, and refuses requests that are older than five minutes.
    """

    async def authorize() -> AuthorizeResult:
        return bot

    secret = settings.slack_signing_secret
    app = AsyncApp(
        name="voc",
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret else "",
    )
    app.client.base_url = settings.slack_api_url
    for listeners in (mentions, messages, commands, actions):
        listeners.register(app, requests)

    @app.event(re.compile(".*"))
    async def handle_other() -> None:
        """Acknowledge events that have no listener; otherwise Slack sends them again."""

    @app.error
    async def handle_error(error: Exception) -> None:
        log.error("unexpected %s at %s", type(error).__name__, where(error))

    return app


def create_web(settings: BotSettings, app: AsyncApp, checks: Checks) -> Starlette:
    """Create the HTTP side.

    `POST /slack/events` exists unless the bot is in Socket Mode. `GET /` and `GET /healthz` answer 200 with the
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

    deep = _Remembered(checks)

    async def handle_health(request: Request) -> Response:
        answer: dict[str, object] = {"status": "ok", "version": settings.version}
        if request.query_params.get("deep"):
            results = await deep.results()
            answer |= {name: "ok" if result else "down" for name, result in results.items()}
            if not all(results.values()):
                return JSONResponse(answer | {"status": "down"}, 503)
        return JSONResponse(answer)

    routes = [Route("/", handle_health), Route("/healthz", handle_health)]
    if settings.slack_app_token is None:
        routes.append(Route("/slack/events", handle_events, methods=["POST"]))
    return Starlette(routes=routes)


class _Remembered:
    """Checks with results kept for some seconds: anybody may ask, and each call asks Slack and Prefect."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks
        self._results: dict[str, bool] = {}
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def results(self) -> dict[str, bool]:
        async with self._lock:
            if time.monotonic() >= self._until:
                answers = await asyncio.gather(*(check() for check in self._checks.values()))
                self._results = dict(zip(self._checks, answers, strict=True))
                self._until = time.monotonic() + HEALTH_SECONDS
        return self._results


async def _body(request: Request) -> bytes | None:
    """The request's body, None when it is too large; reading stops at the limit."""
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

"""The entry points for Slack and the platform: Bolt's listeners, and the web application around them."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.errors import where
from bot.inbox import Inbox
from bot.listeners import actions, commands, mentions, messages
from bot.listeners.envelope import UNREADABLE, Malformed, is_readable
from bot.requests import RequestHandler
from bot.settings import BotSettings

log = logging.getLogger("voc.bot")

Checks = Mapping[str, Callable[[], Awaitable[bool]]]

HEALTH_SECONDS = 5.0

BODY_LIMIT = 1_000_000
"""Bytes. Slack's own requests are far smaller."""


class App(AsyncApp):
    """Bolt, with an inbox before it: whatever comes over HTTP or Socket Mode goes through `async_dispatch`."""

    def __init__(self, inbox: Inbox, **settings: Any) -> None:
        # An answer means that the work is done, or that the inbox keeps the request.
        super().__init__(process_before_response=True, **settings)
        self._inbox = inbox

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        if not is_readable(req.body):
            return BoltResponse(status=400)
        return await self._inbox.answer(req, super().async_dispatch)

    def take_up(self) -> None:
        """Go on with the requests that an earlier process left."""
        self._inbox.take_up(super().async_dispatch)


def create_app(
    settings: BotSettings, requests: RequestHandler, bot: AuthorizeResult, inbox: Inbox
) -> App:
    """Create Bolt with all listeners, under the `bot` identity that Slack reported.

    Bolt verifies signatures, and refuses requests that are older than five minutes.
    """

    async def authorize() -> AuthorizeResult:
        return bot

    secret = settings.slack_signing_secret
    app = App(
        inbox,
        name="voc",
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret else "",
    )
    app.client.base_url = settings.slack_api_url

    @app.middleware
    async def only_ours(
        context: AsyncBoltContext, next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        """Leave alone what comes from a workspace with an installation of its own: our token is not for it."""
        is_of_our_grid = bot.enterprise_id and context.enterprise_id == bot.enterprise_id
        if context.team_id in (None, bot.team_id) or is_of_our_grid:
            await next()
            return None
        return BoltResponse(status=200)

    for listeners in (mentions, messages, commands, actions):
        listeners.register(app, requests)

    @app.event(re.compile(".*"))
    async def handle_other() -> None:
        """Acknowledge events that have no listener; otherwise Slack sends them again."""

    @app.error
    async def handle_error(error: Exception) -> BoltResponse | None:
        if isinstance(error, Malformed):
            log.warning("refused a request without a proper %s", error)
            return BoltResponse(status=400)
        log.error("unexpected %s at %s", type(error).__name__, where(error))
        return None

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
        if not _can_be_verified(request):
            return PlainTextResponse("no signature of Slack's", 401)
        try:
            bolt_request = to_async_bolt_request(request, body)
        except UNREADABLE:
            # Bolt reads the body before it checks the signature.
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


def _can_be_verified(request: Request) -> bool:
    """Whether Bolt can check the signature: it raises on a time that is no number and on a sign beyond ASCII."""
    signed_at = request.headers.get("x-slack-request-timestamp", "0")
    signature = request.headers.get("x-slack-signature", "")
    return bool(re.fullmatch("[0-9]{1,12}", signed_at)) and signature.isascii()


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

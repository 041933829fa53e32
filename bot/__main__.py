"""`voc-bot`: run the bot until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.app import create_app, create_web
from bot.deployments import open_deployments
from bot.errors import PrefectUnavailable, StartError, where
from bot.follower import Follower
from bot.replies import Replies, web_client
from bot.requests import RequestHandler
from bot.settings import BotSettings, load_settings
from bot.texts import Phrases
from bot.watchdog import Watchdog
from catalogue import Texts
from catalogue.slack_api import FAULTS, failure_of

log = logging.getLogger("voc.bot")

ANSWER_SECONDS, FINISH_SECONDS, TELL_SECONDS = 2, 4.0, 2.0
"""After a stop: for open HTTP requests, accepted requests and the last replies. Cloud Run kills after 10 s."""


def main() -> None:
    """Run the bot. Exit codes: 0 told to stop, 1 unexpected error, 2 it can't start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    try:
        settings = load_settings()
        # Bolt would read the variable a second time, and warn that Bolt does not use it.
        os.environ.pop("SLACK_BOT_TOKEN", None)
        asyncio.run(_run(settings, _listening_socket(settings)))
    except StartError as error:
        print(f"voc-bot: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        print(f"voc-bot: unexpected {type(error).__name__} at {where(error)}", file=sys.stderr)
        sys.exit(1)


async def _run(settings: BotSettings, listener: socket.socket) -> None:
    async with open_deployments() as deployments, web_client(settings) as client:
        phrases = Phrases(Texts(settings.locale))
        replies = Replies(client, phrases)
        await deployments.check()
        us = await replies.check()
        follower = Follower(deployments, replies, settings.start_wait)
        requests = RequestHandler(settings, deployments, replies, follower, phrases)
        app = create_app(settings, requests, us)
        app.client.session = client.session
        checks = {"prefect": deployments.answers, "slack": replies.answers}
        server = uvicorn.Server(
            uvicorn.Config(
                create_web(settings, app, checks),
                lifespan="off",
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=ANSWER_SECONDS,
            )
        )
        async with _socket_mode(settings, app):
            watchdog = Watchdog(settings, deployments, replies, phrases)
            following = asyncio.gather(follower.forever(), watchdog.forever())
            following.add_done_callback(lambda _: server.handle_exit(signal.SIGTERM, None))
            host, port = listener.getsockname()[:2]
            print(f"voc-bot {settings.version} listens on http://{host}:{port}", flush=True)
            _let_signals_pass()
            await server.serve(sockets=[listener])
        await _finish(requests, follower, following)


@contextlib.asynccontextmanager
async def _socket_mode(settings: BotSettings, app: AsyncApp) -> AsyncIterator[None]:
    """Keep a connection to Slack open, where there is an app-level token. Raises StartError."""
    if settings.slack_app_token is None:
        yield
        return
    token = settings.slack_app_token.get_secret_value()
    try:
        # Check the token first: the client itself would try a wrong one for ever.
        await app.client.apps_connections_open(app_token=token)
    except (SlackApiError, *FAULTS) as error:
        failure = failure_of(error)
        if failure.is_refusal:
            raise StartError(
                f"Slack refused Socket Mode: {failure.reason}. Check SLACK_APP_TOKEN "
                "(an app-level token with connections:write) and that the app has Socket Mode on."
            ) from None
        raise StartError(
            f"Slack could not be reached ({failure.reason}). Check the network and SLACK_API_URL."
        ) from None
    handler = AsyncSocketModeHandler(app, token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def _finish(
    requests: RequestHandler, follower: Follower, following: asyncio.Future[Any]
) -> None:
    """Finish the accepted requests; leave the runs that have not ended, with their tags, to another replica."""
    await requests.finish(FINISH_SECONDS)
    if following.done():
        following.result()  # raises the error that ended it
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    with contextlib.suppress(PrefectUnavailable, TimeoutError):
        async with asyncio.timeout(TELL_SECONDS):
            await follower.once()


def _listening_socket(settings: BotSettings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=2048)
    except OSError as error:
        raise StartError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Stop what holds the port, or set PORT (and VOC_BOT_HOST) to another."
        ) from None


def _let_signals_pass() -> None:
    """Uvicorn stops on a signal, then raises it again: that must not end the process before the bot has finished."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: None)


if __name__ == "__main__":
    main()

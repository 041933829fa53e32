"""`voc-bot`: run the bot until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import uvicorn
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.app import Checks, create_app, create_web
from bot.deployments import open_deployments
from bot.errors import PrefectUnavailable, StartError, record_without_traceback, where
from bot.follower import Follower
from bot.inbox import Inbox
from bot.protocol import PunctualProtocol
from bot.replies import Replies, web_client
from bot.requests import RequestHandler
from bot.settings import BotSettings, load_settings
from bot.texts import Phrases
from bot.watchdog import Watchdog
from catalogue import Texts
from catalogue.slack_api import FAULTS, failure_of

log = logging.getLogger("voc.bot")

STOP_SECONDS, HANG_SECONDS = 7.5, 8.5
"""After a signal: by then all is done, or given up; and by then the process ends. Cloud Run kills after 10 s."""

ANSWER_SECONDS, CLOSE_SECONDS, TELL_SECONDS = 2, 1.0, 2.0
"""Of these: for open HTTP requests, for closing Socket Mode, and for the last replies."""


def main() -> None:
    """Run the bot. Exit codes: 0 told to stop, 1 unexpected error, 2 it can't start."""
    logging.setLogRecordFactory(record_without_traceback)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    # Nothing is accepted before the bot listens. The first process of a container has to say that it wants to end.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
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
        inbox = Inbox(settings.home / "requests")
        app = create_app(settings, requests, us, inbox)
        app.client.session = client.session
        app.take_up()
        checks: Checks = {"prefect": deployments.answers, "slack": replies.answers}
        async with _socket_mode(settings, app) as socket_check:
            server = _Server(
                uvicorn.Config(
                    create_web(settings, app, {**checks, **socket_check}),
                    http=PunctualProtocol,
                    lifespan="off",
                    log_config=None,
                    server_header=False,
                    timeout_graceful_shutdown=ANSWER_SECONDS,
                )
            )
            watchdog = Watchdog(settings, deployments, replies, phrases)
            following = asyncio.create_task(_run_all(follower.forever(), watchdog.forever()))
            stop = _Stop(server, inbox)
            following.add_done_callback(lambda _: stop.begin())
            host, port = listener.getsockname()[:2]
            print(f"voc-bot {settings.version} listens on http://{host}:{port}", flush=True)
            stop.on_signals()
            await server.serve(sockets=[listener])
        await _finish(inbox, follower, following, stop.deadline)


async def _run_all(*loops: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*loops)


class _Server(uvicorn.Server):
    """Uvicorn without its handling of signals: more than uvicorn has to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Stop:
    """The way from a signal to the end of the process; `deadline` is in the loop's time."""

    def __init__(self, server: uvicorn.Server, inbox: Inbox) -> None:
        self._server, self._inbox = server, inbox
        self._loop = asyncio.get_running_loop()
        self.deadline = math.inf

    def on_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self.begin)

    def begin(self) -> None:
        if self.deadline < math.inf:
            return
        self.deadline = self._loop.time() + STOP_SECONDS
        self._inbox.stop()
        self._server.should_exit = True
        # A thread that asks for a name cannot be interrupted, and Python would wait for it.
        hung = threading.Timer(HANG_SECONDS, _end)
        hung.daemon = True
        hung.start()


def _end() -> None:
    log.warning("ended without waiting for what hangs")
    os._exit(0)


@contextlib.asynccontextmanager
async def _socket_mode(settings: BotSettings, app: AsyncApp) -> AsyncIterator[Checks]:
    """Keep a connection to Slack open, where there is an app-level token; yield its health. Raises StartError."""
    if settings.slack_app_token is None:
        yield {}
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
        # It is connected while the last answer to a ping is younger than four intervals of ten seconds.
        yield {"socket": handler.client.is_connected}
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await handler.close_async()  # type: ignore[no-untyped-call]
        await handler.client.aiohttp_client_session.close()


async def _finish(
    inbox: Inbox, follower: Follower, following: asyncio.Task[None], deadline: float
) -> None:
    """Finish the requests; leave the runs that have not ended, with their tags, to another replica."""
    with contextlib.suppress(PrefectUnavailable, TimeoutError):
        async with asyncio.timeout_at(deadline):
            await inbox.finish(deadline - TELL_SECONDS)
            if following.done():
                following.result()  # raises the error that ended it
            following.cancel()
            await asyncio.wait({following})
            await follower.once()


def _listening_socket(settings: BotSettings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=2048)
    except OSError as error:
        raise StartError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Stop what holds the port, or set PORT (and VOC_BOT_HOST) to another."
        ) from None


if __name__ == "__main__":
    main()

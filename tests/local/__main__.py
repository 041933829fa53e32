"""`make up`: all of the product on this machine, around a Slack stand-in with a page. Ctrl-C stops it.

It lives among the tests because the stand-in is theirs.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from flows.cli.commands.sample import write
from flows.runtime.prefect_server import free_port
from tests.fakes.people import People
from tests.fakes.slack import FakeSlack
from tests.local.slack_page import SlackPage
from tests.services import bot, deploy, prefect_server, worker

CHANNEL = "C0VOC"
SIGNING_SECRET = "not-a-secret"
WEEKS, TICKETS_PER_WEEK, SEED = 12, 3000, 7


def main() -> None:
    """Start everything, say where to look, and wait for Ctrl-C."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".voc/up").resolve()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    os.umask(0o077)
    source = folder / "tickets.parquet"
    _say("writing sample tickets")
    write(source, weeks=WEEKS, tickets_per_week=TICKETS_PER_WEEK, until=None, seed=SEED)
    with ExitStack() as stack:
        enter = stack.enter_context
        slack = enter(FakeSlack(channels={CHANNEL: {"name": "voc"}}))
        _say("starting the Prefect server (some seconds)")
        server = enter(prefect_server(folder / "prefect"))
        if not stop.is_set():
            _say("registering the deployments (some seconds)")
            deploy(server.url, folder / "logs", source)
        if not stop.is_set():
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_API_URL": f"{slack.url}/api/",
                "VOC_ENV_FILE": os.devnull,  # nothing of a real workspace
            }
            of_the_worker = {"VOC_SLACK_CHANNEL": CHANNEL, "VOC_HOME": str(folder / "home")}
            enter(worker(server.url, folder / "logs", settings | of_the_worker))
            port = free_port()
            page = enter(
                SlackPage(
                    slack,
                    People(slack, SIGNING_SECRET, f"http://127.0.0.1:{port}/slack/events"),
                )
            )
            _say("starting the bot")
            enter(
                bot(
                    server.url,
                    folder / "logs",
                    settings | {"SLACK_SIGNING_SECRET": SIGNING_SECRET},
                    port,
                )
            )
            _say(f"Slack's stand-in: {page.url}  (write: @voc)")
            _say(f"Prefect: {server.url.removesuffix('/api')}")
            _say(f"logs: {folder / 'logs'}. Ctrl-C stops everything.")
            stop.wait()
        _say("stopping")


def _say(line: str) -> None:
    print(f"· {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""One crash: a run is killed at a chosen moment, then run again until it ends, and what stands is counted."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from flows.source.made_up.tickets import write_sample
from tests.conftest import run_voc
from tests.fakes.http import FakeServer, hook
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack
from tests.services import start_quickly

CHANNEL, AS_OF = "C0CHAOS", "2026-11-16"
RUNS_AT_MOST = 3
RUN_SECONDS = 120


@dataclass(frozen=True)
class Moment:
    """When the run is killed: at a request to Slack or LaaS, or some seconds after the summary was sent."""

    service: Literal["slack", "laas", "clock"]
    number: float
    when: Literal["before", "after"] = "before"

    def __str__(self) -> str:
        if self.service == "clock":
            return f"{self.number:.2f} s after the summary was sent"
        return f"{self.when} request {self.number:g} to {self.service} took effect"


@dataclass(frozen=True)
class Counted:
    """What stood in Slack in the end, and whether the kill came before the run had ended."""

    duplicates: int
    missing: int
    was_killed: bool


class Chaos:
    """A prebuilt warehouse, a Prefect server that stays, and what a run posts that nobody kills."""

    def __init__(self, source: Path, prebuilt: Path, scratch: Path, api_url: str) -> None:
        self._source, self._prebuilt, self._scratch = source, prebuilt, scratch
        self._api_url = api_url
        self._pid = 0
        with self._services() as (slack, laas):
            self._run(slack, laas, self._home())
            self.expected = keys(slack)
            self.requests = {"slack": len(slack.requests), "laas": len(laas.requests)}
            posts = [r.time for r in slack.requests if r.method == "chat.postMessage"]
            self.delivery_seconds = posts[-1] - posts[0]

    def boundaries(self) -> list[Moment]:
        """Before and after each request that a run makes to Slack and to LaaS."""
        return [
            Moment(service, number, when)  # type: ignore[arg-type]
            for service, count in self.requests.items()
            for number in range(1, count + 1)
            for when in ("before", "after")
        ]

    def random_moments(self, count: int, seed: int) -> list[Moment]:
        """Moments within delivery, from the summary on."""
        numbers = random.Random(seed)
        return [Moment("clock", numbers.uniform(0, self.delivery_seconds)) for _ in range(count)]

    def crash(self, moment: Moment) -> Counted:
        """Kill a run at the moment; run again until a run ends well; count."""
        home = self._home()
        with self._services() as (slack, laas):
            code = self._run(slack, laas, home, moment)
            was_killed = code == -signal.SIGKILL
            for _ in range(RUNS_AT_MOST):
                if code == 0:
                    break
                code = self._run(slack, laas, home)
            if code != 0:
                said = (self._scratch / "runs.log").read_text()[-2000:]
                raise RuntimeError(f"no run ended well after a crash {moment}: {said}")
            found = keys(slack)
        shutil.rmtree(home)
        return Counted(
            duplicates=sum(count - 1 for count in found.values()),
            missing=len(self.expected.keys() - found.keys()),
            was_killed=was_killed,
        )

    def _home(self) -> Path:
        home = self._scratch / f"home-{time.monotonic_ns()}"
        shutil.copytree(self._prebuilt, home, symlinks=True)
        return home

    @contextmanager
    def _services(self) -> Iterator[tuple[FakeSlack, FakeLaas]]:
        with FakeSlack(channels={CHANNEL: {}}) as slack, FakeLaas() as laas:
            yield slack, laas

    def _run(
        self, slack: FakeSlack, laas: FakeLaas, home: Path, moment: Moment | None = None
    ) -> int:
        """One `voc run`, killed at the moment if there is one; its exit code."""
        environment = {
            "PREFECT_API_URL": self._api_url,
            "VOC_HOME": str(home),
            "SLACK_API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": slack.token,
            "VOC_SLACK_CHANNEL": CHANNEL,
            "LAAS_BASE_URL": laas.url,
            "LAAS_API_KEY": laas.api_key,
        }
        timer = None
        if moment:
            # The run does not exist yet: it is known by the time it asks anything.
            timer = _arm(self._kill, moment, slack, laas)
        arguments = ("run", "--source", str(self._source), "--as-of", AS_OF)
        log = self._scratch / "runs.log"
        service = start_quickly("flows.cli", *arguments, log=log, environment=environment)
        self._pid = service.process.pid
        try:
            return service.process.wait(RUN_SECONDS)
        finally:
            if timer:
                timer.cancel()
            service.kill()

    def _kill(self) -> None:
        """Return only when the run is gone, so that it cannot read the answer."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        while Path(f"/proc/{self._pid}").exists():
            time.sleep(0.01)


@contextmanager
def prepared(folder: Path, api_url: str) -> Iterator[Chaos]:
    """A source, its warehouse, and a first run that nobody kills."""
    source, home = folder / "tickets.parquet", folder / "home"
    write_sample(
        source, weeks=4, tickets_per_week=600, until=date(2026, 11, 15), seed=7, has_chance=False
    )
    arguments = ("run", "--source", source, "--as-of", AS_OF, "--dry-run")
    built = run_voc(*arguments, PREFECT_API_URL=api_url, VOC_HOME=str(home))
    if built.code != 0:
        raise RuntimeError(built.err)
    yield Chaos(source, home, folder, api_url)


def keys(slack: FakeSlack) -> Counter[str]:
    """The keys of the report's messages, without the run that posted them."""
    messages = [*slack.messages(CHANNEL), *(m for thread in slack.threads.values() for m in thread)]
    return Counter(
        message["metadata"]["event_payload"]["key"] for message in messages if "metadata" in message
    )


def _arm(
    kill: Callable[[], None], moment: Moment, slack: FakeSlack, laas: FakeLaas
) -> threading.Timer | None:
    if moment.service == "clock":
        timer = threading.Timer(moment.number, kill)
        slack.on("chat.postMessage", nth=1, do=hook(lambda _: timer.start()))
        return timer
    server: FakeServer = slack if moment.service == "slack" else laas
    server.on(nth=int(moment.number), do=hook(lambda _: kill(), when=moment.when))
    return None

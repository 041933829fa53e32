"""One crash: a run is killed at a chosen moment, then run again until it ends, and what stands is counted."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from flows.source.made_up.tickets import write_sample
from tests.conftest import run_voc
from tests.fakes.http import (
    JSON,
    FakeServer,
    Fault,
    Proceed,
    Reply,
    Request,
    drip,
    hook,
    lose_reply,
)
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack, not_ok
from tests.services import NONE, start_quickly

CHANNEL, AS_OF = "C0CHAOS", "2026-11-16"
RUNS_AT_MOST = 3
RUN_SECONDS = 120


def _after_effect(fault: Fault) -> Fault:
    """Take effect, then fail."""

    def accepted(request: Request, proceed: Proceed) -> Reply | None:
        proceed()
        return fault(request, proceed)

    return accepted


FAULTS: dict[str, Fault] = {
    "HTTP 500": Reply(500),
    "a page with HTTP 503": Reply(503, b"<html>Service Unavailable</html>"),
    "service_unavailable": not_ok("service_unavailable"),
    "internal_error after its effect": _after_effect(not_ok("internal_error")),
    "no answer after its effect": lose_reply,
    "a drip after its effect": _after_effect(drip(b" ", 0.2)),
    "no UTF-8 after its effect": _after_effect(Reply(200, b"\xff", headers={"Content-Type": JSON})),
    "a list": Reply(body=[]),
    "Retry-After of half a second": Reply(429, headers={"Retry-After": "0.5"}),
    "Retry-After in the past": Reply(429, headers={"Retry-After": "-60"}),
    "Retry-After of a year": Reply(429, headers={"Retry-After": "31536000"}),
}


@dataclass(frozen=True)
class Trouble:
    """What Slack does instead of answering, from its `first` request on."""

    fault: str
    first: int
    count: int

    def __str__(self) -> str:
        return f"{self.count} × {self.fault} from request {self.first} to slack on, "


@dataclass(frozen=True)
class Moment:
    """When the run is killed: at a request to Slack or LaaS, or some seconds after the summary was sent."""

    service: Literal["slack", "laas", "clock"]
    number: float
    when: Literal["before", "after"] = "before"
    trouble: Trouble | None = None

    def __str__(self) -> str:
        trouble = str(self.trouble or "")
        if self.service == "clock":
            return f"{trouble}{self.number:.2f} s after the summary was sent"
        return f"{trouble}{self.when} request {self.number:g} to {self.service} took effect"


@dataclass(frozen=True)
class Counted:
    """What stood in Slack in the end, and how many kills came before the run had ended."""

    duplicates: int
    missing: int
    kills: int


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

    def troubled_moments(self, count: int, seed: int) -> list[Moment]:
        """Moments at a request to Slack while Slack fails in each of its ways in turn, up to three times in a row."""
        numbers = random.Random(seed)
        faults = itertools.cycle(FAULTS)
        requests = self.requests["slack"]
        return [
            Moment(
                "slack",
                numbers.randint(1, requests),
                numbers.choice(("before", "after")),
                Trouble(next(faults), numbers.randint(1, requests), numbers.randint(1, 3)),
            )
            for _ in range(count)
        ]

    def crash(self, *moments: Moment, builds: bool = True) -> Counted:
        """Kill a run at each of the moments; run again until a run ends well; count.

        Args:
            builds: whether each run has dbt build its tables, or takes them as they are.
        """
        home = self._home()
        tables = {} if builds else {"CHAOS_TABLES_STAND": "1"}
        with self._services() as (slack, laas):
            codes = [self._run(slack, laas, home, moment, tables) for moment in moments]
            for _ in range(RUNS_AT_MOST):
                if codes[-1] == 0:
                    break
                codes.append(self._run(slack, laas, home, None, tables))
            if codes[-1] != 0:
                said = (self._scratch / "runs.log").read_text()[-2000:]
                raise RuntimeError(f"no run ended well after {shown(moments)}: {said}")
            found = keys(slack)
        shutil.rmtree(home)
        return Counted(
            duplicates=sum(count - 1 for count in found.values()),
            missing=len(self.expected.keys() - found.keys()),
            kills=codes.count(-signal.SIGKILL),
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
        self,
        slack: FakeSlack,
        laas: FakeLaas,
        home: Path,
        moment: Moment | None = None,
        settings: Mapping[str, str] = NONE,
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
            **settings,
        }
        timer = None
        if moment:
            # The run does not exist yet: it is known by the time it asks anything.
            if trouble := moment.trouble:
                failing = range(trouble.first, trouble.first + trouble.count)
                slack.on(nth=failing, do=FAULTS[trouble.fault])
            timer = _arm(self._kill, moment, slack, laas)
        arguments = ("run", "--source", str(self._source), "--as-of", AS_OF)
        log = self._scratch / "runs.log"
        service = start_quickly("tests.hurried", *arguments, log=log, environment=environment)
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


def shown(moments: Sequence[Moment]) -> str:
    return "; then ".join(f"a kill {moment}" for moment in moments)


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

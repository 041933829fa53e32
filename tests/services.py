"""The product's processes as an operator starts them: a Prefect server, a worker, the bot.

Each runs on loopback and a free port, writes to a log, and is ended by its own id, children and all.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import httpx

from flows import PROJECT_ROOT
from flows.runtime.prefect_server import free_port
from tests.nursery.client import Fork, fork
from tests.prefect_api import copy_tables

NONE: Mapping[str, str] = MappingProxyType({})


class _Patient(httpx.HTTPTransport):
    """Asks again while Prefect's API says that its database is busy, as Prefect's own client does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + 20
        while True:
            response = super().handle_request(request)
            is_busy = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
            if (
                not (is_busy and request.url.path.startswith("/api/"))
                or time.monotonic() > deadline
            ):
                return response
            response.close()
            time.sleep(0.2)


# httpx.get and its like load the certificates of all authorities each time: 35 ms of a core.
HTTP = httpx.Client(timeout=30, transport=_Patient(verify=False))


@dataclass
class Service:
    """A process in a session of its own."""

    process: subprocess.Popen[bytes] | Fork
    log: Path
    url: str = ""

    def pause(self) -> None:
        """Let it do nothing until `go_on`; it keeps its connections."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM, patience: float = 60) -> int:
        """End it with a signal; whatever of its session outlives the patience is killed."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)
        try:
            return self.process.wait(patience)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the process and all below it, as when its machine is gone.

        Prefect puts a run into a session of its own, under a supervisor that would still report its end: all are
        stopped before the first one dies.
        """
        everybody = [self.process.pid, *_descendants(self.process.pid)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in everybody:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        with contextlib.suppress(ProcessLookupError):  # what has outlived its parent
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _descendants(pid: int) -> list[int]:
    """The processes below a process; none once it is gone."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (child, *_descendants(child))]


def start(*arguments: str, log: Path, environment: Mapping[str, str]) -> Service:
    """Run one of our Python programs from the project's folder."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT_ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Service(process, log)


def start_quickly(
    module: str, *arguments: str, log: Path, environment: Mapping[str, str]
) -> Service:
    """The same for `python -m module`, as a fork of the nursery's if there is one."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, Path(os.devnull).open() as nothing:
        process = fork(
            module,
            *arguments,
            files=(nothing.fileno(), output.fileno(), output.fileno()),
            environment=os.environ | environment,
            directory=PROJECT_ROOT,
        )
    if process is None:
        return start("-m", module, *arguments, log=log, environment=environment)
    return Service(process, log)


@contextlib.contextmanager
def prefect_server(
    folder: Path, environment: Mapping[str, str] = NONE, of_server: Path | None = None
) -> Iterator[Service]:
    """A Prefect server with a database of its own in `folder`; `url` is its API.

    It begins with the tables of another server that has ended, by its folder, if one is given.
    """
    port = free_port()
    settings = {
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "0",
        # Half of the start: prefect_gcp is imported to register block types that nobody asks for.
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "0",
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "0",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        **copy_tables(folder, of_server),
        **environment,
    }
    arguments = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
    log = folder / "server.log"
    service = start_quickly("prefect", *arguments, log=log, environment=settings)
    service.url = settings["PREFECT_API_URL"]
    with _ended(service):
        wait_for(lambda: answers(f"{service.url}/health"), 180, service)
        yield service


@contextlib.contextmanager
def worker(api: str, folder: Path, environment: Mapping[str, str] = NONE) -> Iterator[Service]:
    """A worker of the pool `voc`."""
    settings = {"PREFECT_API_URL": api, "PREFECT_WORKER_QUERY_SECONDS": "1", **environment}
    arguments = ("worker", "start", "--pool", "voc")
    log = folder / "worker.log"
    service = start_quickly("prefect", *arguments, log=log, environment=settings)
    with _ended(service):
        yield service


@contextlib.contextmanager
def bot(
    api: str, folder: Path, environment: Mapping[str, str] = NONE, port: int = 0
) -> Iterator[Service]:
    """The bot; `url` is its address."""
    port = port or free_port()
    settings = {"PREFECT_API_URL": api, "PORT": str(port), **environment}
    service = start_quickly("bot", log=folder / "bot.log", environment=settings)
    service.url = f"http://127.0.0.1:{port}"
    with _ended(service):
        wait_for(lambda: answers(f"{service.url}/healthz"), 60, service)
        yield service


def deploy(api: str, folder: Path, source: Path | None = None) -> None:
    """What docs/operating.md tells an operator to set up, anew; with a file that the reports are on."""
    HTTP.delete(f"{api}/work_pools/voc")  # and its queue with it
    commands = (
        ("work-pool", "create", "voc", "--type", "process"),
        ("work-queue", "create", "reports", "--pool", "voc", "--limit", "1"),
        ("work-queue", "create", "questions", "--pool", "voc"),
        ("automation", "create", "--from-file", "deploy/automations.yaml"),
        ("--no-prompt", "deploy", "--all"),
    )
    prefect(*commands, api=api, log=folder / "deploy.log")
    if source is None:
        return
    for name in ("weekly", "on-demand"):
        url = f"{api}/deployments/name/weekly_voc/{name}"
        # A server on SQLite answers 503 while it is busy.
        wait_for(partial(_set_source, api, url, source), 60)


def _set_source(api: str, url: str, source: Path) -> bool:
    found = HTTP.get(url)
    if not found.is_success:
        return False
    parameters = {"parameters": {"source": str(source)}}
    deployment = f"{api}/deployments/{found.json()['id']}"
    return HTTP.patch(deployment, json=parameters).is_success


def prefect(*commands: tuple[str, ...], api: str, log: Path) -> None:
    """Run commands of Prefect's. Raises RuntimeError with their output when one fails."""
    service = start_quickly(
        "tests.prefect_commands",
        json.dumps(commands),
        log=log,
        environment={"PREFECT_API_URL": api},
    )
    with _ended(service):
        if service.process.wait(180) != 0:
            raise RuntimeError(f"{commands}: {log.read_text()}")


def wait_for(
    condition: Callable[[], object], seconds: float, service: Service | None = None
) -> None:
    """Wait until it holds. Raises TimeoutError with the service's log, at once when that has ended."""
    deadline = time.monotonic() + seconds
    while not condition():
        has_ended = service is not None and service.process.poll() is not None
        if has_ended or time.monotonic() > deadline:
            log = service.log.read_text() if service else ""
            raise TimeoutError(f"{'it ended' if has_ended else 'not in time'}: {log[-4000:]}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a server is there and well."""
    try:
        return HTTP.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def _ended(service: Service) -> Iterator[None]:
    try:
        yield
    finally:
        service.stop()

"""Asks the nursery for a process. Nothing here takes long to import: `at_start/sitecustomize.py` uses it too."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

ADDRESS = "TESTS_NURSERY"
"""Variable with the nursery's socket; where it is not set, every process is started anew."""

ROOT = Path(__file__).parents[2]
AT_START = Path(__file__).parent / "at_start"
Files = tuple[int, int, int]


def variables(folder: str | os.PathLike[str]) -> dict[str, str]:
    """What the environment must say for all processes to come from one nursery, which ends with this process."""
    return {ADDRESS: f"{os.fspath(folder)}/{os.getpid()}", "PYTHONPATH": str(AT_START)}


class Fork:
    """A process of the nursery's, with what `subprocess.Popen` offers of its own. It ends with its owner."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative for a signal. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                answer = self._connection.recv(100)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("a fork", timeout or 0) from None
            if not answer:
                raise RuntimeError(f"the nursery has ended: see {os.environ[ADDRESS]}.log")
            self.returncode = int(answer)
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def fork(
    module: str,
    *arguments: str,
    files: Files,
    environment: Mapping[str, str],
    directory: str | os.PathLike[str] | None = None,
) -> Fork | None:
    """Start `python -m module` with these as its standard streams, in a session of its own.

    None where there is no nursery, and for a process with a PYTHONPATH of its own: its modules are others. A worker
    puts the project's folder on that of a run.
    """
    places = set(environment.get("PYTHONPATH", "").split(os.pathsep)) - {str(ROOT)}
    if ADDRESS not in os.environ or places != {str(AT_START)}:
        return None
    connection = _connected(os.environ[ADDRESS])
    umask = os.umask(0)
    os.umask(umask)
    order = {
        "module": module,
        "arguments": arguments,
        "environment": dict(environment),
        "directory": os.fspath(directory or os.getcwd()),
        "umask": umask,
    }
    socket.send_fds(connection, [json.dumps(order).encode()], files)
    if not (pid := connection.recv(100)):
        raise RuntimeError(f"the nursery has ended: see {os.environ[ADDRESS]}.log")
    return Fork(connection, int(pid))


def _connected(address: str) -> socket.socket:
    """A connection to the nursery, which the first who asks starts."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(address)
    except OSError:
        with Path(f"{address}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                connection.connect(address)
            except OSError:
                _start(address)
                connection.connect(address)
    return connection


def _start(address: str) -> None:
    """Start the nursery, and wait until it listens."""
    told = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with Path(f"{address}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery.server", address],
            cwd=ROOT,
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout:
        if not process.stdout.readline():
            raise RuntimeError(Path(log.name).read_text())
    process.returncode = 0  # it goes on without us

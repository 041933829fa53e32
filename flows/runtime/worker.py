"""`voc-worker`: Prefect's worker of the pool `voc`, which ends within ten seconds when it is told to.

Prefect's own command lacks two things. It ends on SIGTERM by sending itself SIGINT, which a process in the background
of a script ignores: it goes on for ever. And it kills the runs beside it (those of a process pool) before they can
report that: they stay RUNNING until their heartbeat is missed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

RUNS_SECONDS = 5.0
"""How long the runs may take to report that they end."""

QUERY_SECONDS = "2"
"""How often the worker asks for work (Prefect's own: 10 s): an answer in Slack is expected within ten seconds."""

WORKER_SECONDS = 4.0
"""How long Prefect's worker may take then: a second or two, but for as long as a Cloud Run job that it watches."""


def main() -> None:
    """Run the worker until it is told to end, with exit code 0 then. Arguments go to `prefect worker start`."""
    os.umask(0o077)  # what runs write holds customers' words
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # of a child too: none is ignored
    worker = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", "voc", *sys.argv[1:]],
        env={"PREFECT_WORKER_QUERY_SECONDS": QUERY_SECONDS, **os.environ},
        start_new_session=True,  # Ctrl-C reaches this process, which then tells the others
    )
    try:
        sys.exit(worker.wait())
    except KeyboardInterrupt:
        _end(worker)


def _end(worker: subprocess.Popen[bytes]) -> None:
    told: set[int] = set()
    deadline = time.monotonic() + RUNS_SECONDS
    while (runs := _children(worker.pid)) and time.monotonic() < deadline:
        for run in runs - told:
            os.kill(run, signal.SIGTERM)
        told |= runs
        time.sleep(0.1)
    worker.terminate()
    try:
        worker.wait(WORKER_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _children(pid: int) -> set[int]:
    """The processes that a process has started; none where the system has no /proc."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return {int(child) for task in tasks for child in task.read_text().split()}
    except OSError:
        return set()


if __name__ == "__main__":
    main()

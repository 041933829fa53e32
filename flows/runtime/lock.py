"""One run at a time on one VOC_HOME, inside Prefect and outside: two would write the same tables and messages."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from flows.runtime.errors import VocError
from flows.runtime.workspace import private_folder

log = logging.getLogger("voc")

LOCK_TIMEOUT_SECONDS = 15 * 60.0  # longer than a run takes
POLL_SECONDS = 0.2


@contextmanager
def one_run_at_a_time(home: Path) -> Iterator[None]:
    """Hold the lock of VOC_HOME; wait while another process has it.

    The system frees the lock when its holder ends, in any way. Raises VocError when the other process takes too long.
    """
    with _lock_file(home) as descriptor:
        for seconds in _pauses(descriptor):
            time.sleep(seconds)
        yield


@asynccontextmanager
async def one_run_at_a_time_async(home: Path) -> AsyncIterator[None]:
    """The same within an event loop, which keeps running meanwhile."""
    with _lock_file(home) as descriptor:
        for seconds in _pauses(descriptor):
            await asyncio.sleep(seconds)
        yield


@contextmanager
def _lock_file(home: Path) -> Iterator[int]:
    path = private_folder(home) / "run.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _pauses(descriptor: int) -> Iterator[float]:
    """How long to wait before each further attempt to get the lock; ends when this process has the lock."""
    if _is_ours(descriptor):
        return
    log.info("another run is going on: waiting for it")
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while not _is_ours(descriptor):
        if time.monotonic() > deadline:
            raise VocError(
                f"another run has been going on for {LOCK_TIMEOUT_SECONDS / 60:g} minutes. "
                "End it, or use another VOC_HOME.",
                kind="busy",
            )
        yield POLL_SECONDS


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

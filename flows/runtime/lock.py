"""One run at a time on one VOC_HOME, inside Prefect and outside: two would write the same tables and messages."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flows.runtime.errors import VocError
from flows.runtime.settings import Settings
from flows.runtime.workspace import private_folder

log = logging.getLogger("voc")

LOCK_TIMEOUT_SECONDS = 15 * 60.0  # longer than a run takes
POLL_SECONDS = 0.2


@contextmanager
def one_run_at_a_time(settings: Settings) -> Iterator[None]:
    """Hold the lock of VOC_HOME; wait for it while another process has it.

    The system frees it when its holder ends, however that ends. Raises VocError when the other goes on for too long.
    """
    path = private_folder(settings.home.resolve()) / "run.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int) -> None:
    if _is_ours(descriptor):
        return
    log.info("another run is going on: waiting for it")
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while not _is_ours(descriptor):
        if time.monotonic() > deadline:
            raise VocError(
                f"another run has been going on for {LOCK_TIMEOUT_SECONDS / 60:g} minutes. "
                "End it, or use another VOC_HOME."
            )
        time.sleep(POLL_SECONDS)


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""What a command shows while it works: the product's own lines on stderr, and nobody else's."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def progress_on_stderr() -> Iterator[None]:
    """Show what the logger `voc` says; keep Prefect's console log and stray prints away from stdout."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "voc")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("· %(message)s"))
    handler.addFilter(
        lambda record: record.name == "voc"
    )  # the jobs of a run are for the Prefect UI
    log = logging.getLogger("voc")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        log.removeHandler(handler)

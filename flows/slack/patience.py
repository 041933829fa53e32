"""How long Slack is waited for when it gives no usable answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TypeVar

from flows.runtime.errors import SlackError

log = logging.getLogger("voc")

R = TypeVar("R")

WAITS_SECONDS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Before each further attempt, at least: Slack may be away for two minutes."""

_cancelled: ContextVar[threading.Event] = ContextVar("cancelled")


def cancellation() -> threading.Event:
    """An event that ends the waits in this context and in the threads that it starts."""
    event = threading.Event()
    _cancelled.set(event)
    return event


class Unavailable(SlackError):
    """Slack gave no usable answer; nothing was posted.

    `reason` is Slack's error code, the HTTP status or the fault's type. Slack asks to wait `retry_after` seconds.
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(
            f"Slack gave no usable answer ({reason}). "
            "Run again in some minutes: what is missing will be posted, nothing twice.",
            is_passing=True,
        )
        self.reason = reason
        self.retry_after = retry_after


class AmbiguousPost(Unavailable):
    """The post was sent and no usable answer came: it may have been posted or not."""


class Patience:
    """The waits for Slack in one step: they grow, and all calls of the step share their sum.

    Args:
        waits: seconds before each further attempt; longer where Slack asks for it, within the sum.
    """

    def __init__(self, waits: Sequence[float] | None = None) -> None:
        waits = WAITS_SECONDS if waits is None else waits
        self._waits = iter(waits)
        self._left = sum(waits)

    def waits(self, fault: Unavailable) -> bool:
        """Wait before the next attempt; False where there is none."""
        seconds = min(max(next(self._waits, 0.0), fault.retry_after), self._left)
        if seconds <= 0:
            return False
        self._left -= seconds
        log.info("Slack: %s, next try in %.0f s", fault.reason, seconds)
        return not _cancelled.get(threading.Event()).wait(seconds)

    def ask(self, call: Callable[[], R]) -> R:
        """What a call returns once Slack answers. Raises its last Unavailable, and AmbiguousPost at once."""
        while True:
            try:
                return call()
            except AmbiguousPost:
                raise
            except Unavailable as fault:
                if not self.waits(fault):
                    raise

"""The addresses that come with a command or a press, to answer it at: five times, in 30 minutes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import Refused

PREFIX = "/respond/"
USES = 5
LIFETIME = 30 * 60
"""Seconds."""


@dataclass
class ResponseUrl:
    """Where answers go, when it was made (Unix time), how often it was used and for what."""

    path: str
    channel: str
    user: str
    made: float
    used: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)


class ResponseUrls:
    """All that were given out, by path."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._urls: dict[str, ResponseUrl] = {}

    def new(self, channel: str, user: str) -> ResponseUrl:
        path = PREFIX + secrets.token_urlsafe(16)
        self._urls[path] = ResponseUrl(path, channel, user, self._clock())
        return self._urls[path]

    def find(self, path: str) -> ResponseUrl:
        if path not in self._urls:
            raise Refused("no_service", status=404)
        return self._urls[path]

    def use(self, path: str) -> ResponseUrl:
        """Count one use, whether what was sent is in order or not."""
        url = self.find(path)
        if self._clock() - url.made > LIFETIME:
            raise Refused("expired_url", status=404)
        if url.used >= USES:
            raise Refused("used_url", status=404)
        url.used += 1
        return url

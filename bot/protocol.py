"""HTTP connections that have to bring a request in time: uvicorn itself waits for ever."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVAL_SECONDS = 10.0
"""For headers and body together, from the connection or the request's first byte on."""


class PunctualProtocol(H11Protocol):
    """Closes a connection on which a request has begun and does not arrive in full in time."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._limit_arrival()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._limit_arrival()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lift_limit()

    def _limit_arrival(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._lift_limit()
        elif self._limit is None:
            self._limit = self.loop.call_later(ARRIVAL_SECONDS, self.transport.close)

    def _lift_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

"""Slack's side of Socket Mode: a websocket on loopback that hands out envelopes and counts acks."""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

Kind = Literal["events_api", "slash_commands", "interactive"]
APP = "A0TEST"


class NotConnected(TimeoutError):
    """Nothing was connected in the time given."""


@dataclass(frozen=True)
class Ack:
    """A client's answer to one envelope; `seconds` from its (first) sending."""

    envelope_id: str
    seconds: float
    payload: Any = None


class SocketMode:
    """The connections of one app; an envelope goes to the newest of them.

    Args:
        refuse: called with an error and the reason when a client does something wrong.
    """

    NAME = "socket_mode"

    def __init__(self, refuse: Callable[[str, str], object]) -> None:
        self.sent: list[dict[str, Any]] = []
        self.acks: list[Ack] = []
        self.opened = 0
        self._refuse = refuse
        self._numbers = itertools.count(1)
        self._tickets: set[str] = set()
        self._connections: list[ServerConnection] = []
        self._began: dict[str, float] = {}
        self._changed = threading.Condition()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    # Connecting

    def open(self) -> str:
        """A URL to connect to, good for one connection; starts the server if need be."""
        with self._changed:
            if self._server is None:
                self._start()
            assert self._server is not None
            ticket = secrets.token_urlsafe(12)
            self._tickets.add(ticket)
            port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={APP}"

    @property
    def connections(self) -> int:
        with self._changed:
            return len(self._connections)

    def wait_for_connections(self, count: int = 1, timeout: float = 10) -> None:
        """Until so many clients have been greeted; NotConnected if they are not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._connections) >= count, timeout):
                raise NotConnected(f"{len(self._connections)} of {count} after {timeout:g} s")

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        with self._changed:
            open_ones = list(self._connections)
        for connection in open_ones:
            connection.close(1001)
        self._thread.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._connections, 5)
        self._server = self._thread = None

    # What Slack does

    def deliver(
        self,
        kind: Kind,
        payload: dict[str, Any],
        *,
        copies: int = 1,
        retry_num: int = 0,
        retry_reason: str = "",
        connect_timeout: float = 5,
        ack_timeout: float = 10,
    ) -> Ack | None:
        """Send one envelope (`copies` times, the same one) and wait for its first ack.

        None if no ack comes in time; NotConnected if there is nobody to send it to.
        """
        envelope: dict[str, Any] = {
            "envelope_id": f"envelope-{next(self._numbers)}",
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry_num, "retry_reason": retry_reason}
        which = envelope["envelope_id"]
        self._send_to_someone(envelope, copies, connect_timeout)
        with self._changed:
            self._changed.wait_for(lambda: self.acks_of(which), ack_timeout)
            return next(iter(self.acks_of(which)), None)

    def acks_of(self, envelope_id: str) -> list[Ack]:
        return [ack for ack in self.acks if ack.envelope_id == envelope_id]

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the newest client to reconnect, as Slack does every few hours (or `warning` first)."""
        text = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-test"}}
        self._newest(5).send(json.dumps(text))

    def drop(self) -> None:
        """Cut the newest connection without a word, as a network does."""
        connection = self._newest(5)
        with suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)
        with self._changed:
            self._changed.wait_for(lambda: connection not in self._connections, 5)

    # Inside

    def _send_to_someone(self, envelope: dict[str, Any], copies: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            connection = self._newest(max(0, deadline - time.monotonic()))
            with self._changed:
                self._began.setdefault(envelope["envelope_id"], time.monotonic())
                self.sent.append(envelope)
            try:
                for _ in range(copies):
                    connection.send(json.dumps(envelope))
            except ConnectionClosed:
                self._forget(connection)
            else:
                return

    def _newest(self, timeout: float) -> ServerConnection:
        with self._changed:
            if not self._changed.wait_for(lambda: self._connections, timeout):
                raise NotConnected(f"no client within {timeout:g} s")
            return self._connections[-1]

    def _start(self) -> None:
        quiet = logging.getLogger("tests.fakes.socket_mode")
        self._server = serve(
            self._talk,
            "127.0.0.1",
            0,
            process_request=self._admit,
            compression=None,
            close_timeout=1,
            logger=quiet,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        (ticket,) = parse_qs(urlsplit(request.path).query).get("ticket", [""])
        with self._changed:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
                return None
        self._refuse("invalid_ticket", request.path)
        return connection.respond(401, "ask apps.connections.open for a new URL\n")

    def _talk(self, connection: ServerConnection) -> None:
        with self._changed:
            self.opened += 1
            number = self.connections + 1
        hello = {
            "type": "hello",
            "num_connections": number,
            "debug_info": {"host": "applink-test", "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }
        try:
            connection.send(json.dumps(hello))
            with self._changed:
                self._connections.append(connection)
                self._changed.notify_all()
            for text in connection:
                self._receive(text)
        except ConnectionClosed:
            pass  # dropped: the test asked for it, or the client went away
        finally:
            self._forget(connection)

    def _receive(self, text: str | bytes) -> None:
        try:
            answer = json.loads(text)
            began = self._began[answer["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            self._refuse("unknown_envelope", repr(text[:200]))
            return
        ack = Ack(answer["envelope_id"], time.monotonic() - began, answer.get("payload"))
        envelope = next(each for each in self.sent if each["envelope_id"] == ack.envelope_id)
        if ack.payload and not envelope["accepts_response_payload"]:
            self._refuse("payload_not_accepted", ack.envelope_id)
        with self._changed:
            self.acks.append(ack)
            self._changed.notify_all()

    def _forget(self, connection: ServerConnection) -> None:
        with self._changed:
            if connection in self._connections:
                self._connections.remove(connection)
            self._changed.notify_all()

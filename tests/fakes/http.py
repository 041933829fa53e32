"""What the fakes share: an HTTP server on loopback that records, refuses and fails on demand."""

from __future__ import annotations

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

BODY_LIMIT = 1_000_000
"""Bytes. Our own limit: neither service has any business with a larger body."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `number` counts from 1, `time` is monotonic seconds."""

    number: int
    time: float
    verb: str
    method: str
    query: str
    headers: Message
    body: bytes = field(repr=False)
    stopping: threading.Event = field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get_content_type() if "Content-Type" in self.headers else ""

    @cached_property
    def payload(self) -> Any:
        """The body read as JSON, None if it is not JSON."""
        try:
            return parse_json(self.body.decode())
        except ValueError:
            return None

    @cached_property
    def params(self) -> dict[str, Any]:
        """Query and body in one dict; the values of a form are strings."""
        params: dict[str, Any] = dict(parse_qsl(self.query))
        if self.content_type == FORM:
            params |= parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        elif isinstance(self.payload, dict):
            params |= self.payload
        return params


@dataclass(frozen=True)
class Reply:
    """An answer; given to `on(do=…)` it is sent instead of the real one, without effect.

    `body` is sent as it is when bytes, otherwise as JSON; `retry_after` is in seconds. `pieces` are sent instead of a
    body, each as soon as it is there, until the client goes away.
    """

    status: int = 200
    body: Any = b""
    retry_after: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] | None = None

    def __call__(self, request: Request, proceed: Proceed) -> Reply:
        return self


Proceed = Callable[[], Reply | None]
Fault = Callable[[Request, Proceed], Reply | None]
"""Wraps one request: `proceed()` takes effect and gives the real answer; None hangs up on the
client without one."""


def lose_reply(request: Request, proceed: Proceed) -> None:
    """Take effect, then close the connection without an answer."""
    proceed()


def refuse_connection_before(request: Request, proceed: Proceed) -> None:
    """Close the connection before anything took effect."""


def hang(seconds: float, *, when: Literal["before", "after"] = "before") -> Fault:
    """Keep the client waiting before (or after) the request takes effect."""
    return _around(lambda request: request.stopping.wait(seconds), when)


def drip(piece: bytes, seconds: float) -> Fault:
    """Answer 200, then send the same piece again and again, with a pause before each."""

    def fault(request: Request, proceed: Proceed) -> Reply:
        def pieces() -> Iterator[bytes]:
            while not request.stopping.wait(seconds):
                yield piece

        return Reply(headers={"Content-Type": JSON}, pieces=pieces())

    return fault


def hook(
    callback: Callable[[int], object], *, when: Literal["before", "after"] = "before"
) -> Fault:
    """Call back with the request's number before (or after) the request takes effect."""
    return _around(lambda request: callback(request.number), when)


def _around(action: Callable[[Request], object], when: Literal["before", "after"]) -> Fault:
    def fault(request: Request, proceed: Proceed) -> Reply | None:
        if when == "before":
            action(request)
        reply = proceed()
        if when == "after":
            action(request)
        return reply

    return fault


@dataclass(eq=False)
class Refused(Exception):
    """Raised by a fake where the real service would say no."""

    error: str
    details: Sequence[str] = ()
    status: int = 200
    retry_after: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """What was refused and why: a test of a right client asserts that there are none."""

    number: int
    method: str
    error: str
    details: tuple[str, ...] = ()


@dataclass
class _Rule:
    method: str | None
    nth: range | None
    do: Fault
    seen: int = 0

    def applies(self, request: Request) -> bool:
        if self.method not in (None, request.method):
            return False
        self.seen += 1
        return self.nth is None or self.seen in self.nth


class FakeServer(ABC):
    """Serves on a free loopback port, in threads, between `__enter__` and `__exit__`.

    An error inside the fake itself answers 599 and is raised again when the block ends.
    """

    prefix = ""
    """Cut from the path to get `Request.method`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.refusals: list[Refusal] = []
        self.max_concurrent = 0
        self._concurrent = 0
        self._rules: list[_Rule] = []
        self._crashes: list[Exception] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        # The default poll of 0.5 s would be spent at the end of every test.
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True
        )

    @abstractmethod
    def respond(self, request: Request) -> Reply:
        """Take effect and answer, or raise Refused."""

    @abstractmethod
    def refuse(self, refused: Refused) -> Reply:
        """Put a refusal into the service's own words."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(
        self, method: str | None = None, *, nth: int | range | None = None, do: Fault | Reply
    ) -> None:
        """Fail on demand: the `nth` call of `method` from now on, counted from 1.

        A range takes several calls, None every call (or, for `method`, any method). Faults on
        the same call are nested, the last one given outermost.
        """
        calls = range(nth, nth + 1) if isinstance(nth, int) else nth
        with self._lock:
            self._rules.append(_Rule(method, calls, do))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._crashes and kind is None:
            raise self._crashes[0]

    def _serve(self, verb: str, target: str, headers: Message, body: bytes) -> Reply | None:
        path, query = urlsplit(target).path, urlsplit(target).query
        with self._lock:
            request = Request(
                number=len(self.requests) + 1,
                time=time.monotonic(),
                verb=verb,
                method=path.removeprefix(self.prefix),
                query=query,
                headers=headers,
                body=body,
                stopping=self._stopping,
            )
            self.requests.append(request)
            self._concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self._concurrent)
            proceed: Proceed = partial(self._take_effect, request)
            for rule in self._rules:
                if rule.applies(request):
                    proceed = partial(rule.do, request, proceed)
        try:
            return proceed()
        except Exception as crash:
            self._crashes.append(crash)
            return Reply(599, f"the fake broke: {crash!r}".encode())
        finally:
            # Before the answer leaves, so that a client's next request is not counted with it.
            with self._lock:
                self._concurrent -= 1

    def _take_effect(self, request: Request) -> Reply | None:
        if self._stopping.is_set():
            return None
        try:
            return self.respond(request)
        except Refused as refused:
            self.refusals.append(
                Refusal(request.number, request.method, refused.error, tuple(refused.details))
            )
            return self.refuse(refused)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            # One request a connection: a client's pool cannot outlive the fake.
            self.close_connection = True
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = fake._serve(self.command, self.path, self.headers, body)
            if reply is not None:
                self._send(reply)

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST

        def _send(self, reply: Reply) -> None:
            raw = isinstance(reply.body, bytes)
            body = reply.body if raw else json.dumps(reply.body).encode()
            headers = {
                "Content-Type": "text/html" if raw else f"{JSON}; charset=utf-8",
                **({} if reply.pieces else {"Content-Length": str(len(body))}),
                "Connection": "close",
                **reply.headers,
            }
            if reply.retry_after is not None:
                headers["Retry-After"] = f"{reply.retry_after:g}"
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in reply.pieces or (body,):
                self.wfile.write(piece)
                self.wfile.flush()

        def handle(self) -> None:
            with suppress(ConnectionError):  # a client that went away is no error here
                super().handle()

        def finish(self) -> None:
            with suppress(ConnectionError):  # the same, found out while flushing
                super().finish()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: `requests` has it all."""

    return Handler


def parse_json(text: str) -> Any:
    """JSON as the RFC has it: NaN and Infinity, which Python would write, are no JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)

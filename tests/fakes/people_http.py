"""One signed request to the app, over a connection of its own, as Slack sends it."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """`status` is None if there was no answer; `error` says why."""

    status: int | None
    body: str
    seconds: float
    error: str = ""


def signed(secret: str, body: bytes, age: float = 0) -> dict[str, str]:
    """The headers as in https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    stamp = str(int(time.time() - age))
    basis = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), basis, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=timeout)
    began = time.monotonic()
    try:
        connection.request(
            "POST",
            where.path or "/",
            body,
            {"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)", **headers},
        )
        reply = connection.getresponse()
        text = reply.read().decode(errors="replace")
    except (OSError, HTTPException) as fault:
        return Answer(None, "", time.monotonic() - began, repr(fault))
    finally:
        connection.close()
    return Answer(reply.status, text, time.monotonic() - began)


def listening(url: str) -> bool:
    where = urlsplit(url)
    try:
        socket.create_connection((where.hostname or "", where.port or 80), timeout=0.5).close()
    except OSError:
        return False
    return True

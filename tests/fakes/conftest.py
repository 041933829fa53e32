"""A workspace and LaaS on loopback, and clients that call them once, without trying again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack

NOW = 1_763_370_000
QUIET = {"unfurl_links": False, "unfurl_media": False}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=5) as client:
        yield client


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(clock=lambda: NOW) as slack:
        yield slack


@pytest.fixture
def laas() -> Iterator[FakeLaas]:
    with FakeLaas() as laas:
        yield laas


def sdk(slack: FakeSlack, token: str | None = "xoxb-test-token") -> WebClient:
    return WebClient(token=token, base_url=slack.url + "/api/", retry_handlers=[])


def post(slack: FakeSlack, channel: str = "C0TEST", **more: Any) -> str:
    """The ts of the message."""
    answer = sdk(slack).chat_postMessage(channel=channel, **{"text": "hello", **QUIET, **more})
    return str(answer["ts"])

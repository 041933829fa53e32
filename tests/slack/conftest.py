"""A Slack workspace on loopback, and the transport that posts to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.slack.web_api import WebApiTransport
from tests.builders import build_settings
from tests.fakes.slack import FakeSlack
from tests.parts import slack_of


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


@pytest.fixture
def transport(slack: FakeSlack) -> WebApiTransport:
    return slack_of(build_settings(SLACK_BOT_TOKEN=slack.token, SLACK_API_URL=f"{slack.url}/api/"))

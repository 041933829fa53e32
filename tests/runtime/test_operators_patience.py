"""Notes to the operators hold no run for long when Slack is what failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType

from catalogue import Texts
from flows.runtime.errors import SlackError
from flows.runtime.operators import WAITS_SECONDS, Operators
from tests.builders import build_settings
from tests.fakes.http import Reply
from tests.fakes.slack import FakeSlack
from tests.parts import slack_of

CHANNEL = "C0OPS"
NOTE = "voc could not do it"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels={CHANNEL: {}}) as slack:
        yield slack


@pytest.fixture
def operators(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> Operators:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("flows.runtime.operators.WAITS_SECONDS", (0.01,) * len(WAITS_SECONDS))
    monkeypatch.setattr("flows.runtime.operators.run_url", lambda _: None)
    runtime = SimpleNamespace(
        deployment=SimpleNamespace(id="x"), flow_run=SimpleNamespace(id="y", tags=())
    )
    monkeypatch.setattr("flows.runtime.operators.runtime", runtime)
    settings = build_settings(SLACK_BOT_TOKEN=slack.token, SLACK_API_URL=f"{slack.url}/api/")
    return Operators(slack_of(settings), Texts("en"), CHANNEL, "C0REPORT")


def calls(slack: FakeSlack) -> list[str]:
    return [request.method for request in slack.requests]


def test_a_note_waits_for_slack_for_some_seconds_only(
    slack: FakeSlack, operators: Operators, caplog: pytest.LogCaptureFixture
) -> None:
    assert sum(WAITS_SECONDS) < 10
    slack.on("conversations.history", do=Reply(500))
    operators.note_failure(SlackError("Slack gave no usable answer. Run again."))
    assert calls(slack) == ["conversations.history"] * (len(WAITS_SECONDS) + 1)
    assert "no note to the operators: Slack gave no usable answer (HTTP 500)" in caplog.text


def test_a_note_that_was_lost_is_posted_once(slack: FakeSlack, operators: Operators) -> None:
    slack.on("chat.postMessage", nth=1, do=Reply(503, b"<html>"))
    for _ in range(2):
        operators.note_failure(SlackError(NOTE))
    (note,) = slack.messages(CHANNEL)
    assert NOTE in note["text"]


def test_notes_on_missed_failures_end_with_the_first_that_slack_does_not_take(
    slack: FakeSlack, operators: Operators
) -> None:
    runs = [
        FlowRun(
            id=uuid4(), flow_id=uuid4(), state_type=StateType.CRASHED, end_time=datetime.now(UTC)
        )
        for _ in range(3)
    ]
    slack.on("chat.postMessage", do=Reply(500))
    operators._note_missed(runs)
    assert calls(slack).count("chat.postMessage") == len(WAITS_SECONDS) + 1
    assert slack.messages(CHANNEL) == []

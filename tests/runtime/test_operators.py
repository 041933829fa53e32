"""Which failures the operators are told, and where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect import runtime
from pydantic import SecretStr

from catalogue.slack import ASKED
from flows.runtime.errors import WEEK, SlackError, SourceError, UsageError, VocError
from flows.runtime.operators import Operators
from flows.slack.web_api import WebApiTransport
from tests.builders import KOREAN
from tests.fakes.slack import FakeSlack

MISTAKE = UsageError("2099-01-01 is in the future. Choose an earlier week.", kind=WEEK)
FAULT = SourceError("table <x> is missing. Set it.")


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels={"C0TEST": {}, "C0OPS": {}}) as slack:
        yield slack


def noted(
    monkeypatch: pytest.MonkeyPatch,
    slack: FakeSlack,
    error: VocError,
    *,
    ops_channel: str | None,
    tags: list[str],
) -> dict[str, list[str]]:
    """The notes in each channel after a run of a deployment has failed."""
    monkeypatch.setattr(runtime.deployment, "id", "d", raising=False)
    monkeypatch.setattr(runtime.flow_run, "id", "r", raising=False)
    monkeypatch.setattr(runtime.flow_run, "tags", tags, raising=False)
    transport = WebApiTransport(SecretStr(slack.token), f"{slack.url}/api/")
    Operators(transport, KOREAN, ops_channel, "C0TEST").note_failure(error)
    return {
        channel: [message["text"] for message in slack.messages(channel)]
        for channel in ("C0TEST", "C0OPS")
    }


def test_a_fault_is_told_where_operators_have_a_channel(
    monkeypatch: pytest.MonkeyPatch, slack: FakeSlack
) -> None:
    notes = noted(monkeypatch, slack, FAULT, ops_channel="C0OPS", tags=[ASKED])
    assert notes["C0TEST"] == []
    (note,) = notes["C0OPS"]
    assert "원천 데이터를 읽지 못했습니다" in note
    assert "“table &lt;x&gt; is missing. Set it.”" in note


def test_without_a_channel_of_theirs_only_a_missing_report_is_told(
    monkeypatch: pytest.MonkeyPatch, slack: FakeSlack
) -> None:
    asked_for = noted(monkeypatch, slack, FAULT, ops_channel=None, tags=[ASKED])
    assert asked_for == {"C0TEST": [], "C0OPS": []}
    scheduled = noted(monkeypatch, slack, FAULT, ops_channel=None, tags=[])
    assert len(scheduled["C0TEST"]) == 1


def test_a_channel_that_took_no_alerts_is_told_once_a_week(
    monkeypatch: pytest.MonkeyPatch, slack: FakeSlack
) -> None:
    for run_id in ("one", "two"):
        monkeypatch.setattr(runtime.deployment, "id", "d", raising=False)
        monkeypatch.setattr(runtime.flow_run, "id", run_id, raising=False)
        monkeypatch.setattr(runtime.flow_run, "tags", [], raising=False)
        transport = WebApiTransport(SecretStr(slack.token), f"{slack.url}/api/")
        operators = Operators(transport, KOREAN, "C0OPS", "C0TEST")
        for week in ("2026-W46", "2026-W47"):
            operators.note_unposted(week, {"C0OLD": SlackError("Slack refused: is_archived.")})
    texts = [message["text"] for message in slack.messages("C0OPS")]
    assert [week in text for week, text in zip(("2026-W46", "2026-W47"), texts, strict=True)] == [
        True,
        True,
    ]
    assert slack.messages("C0TEST") == []


def test_a_person_s_mistake_reaches_no_operator(
    monkeypatch: pytest.MonkeyPatch, slack: FakeSlack
) -> None:
    asked_for = noted(monkeypatch, slack, MISTAKE, ops_channel="C0OPS", tags=[ASKED])
    assert asked_for == {"C0TEST": [], "C0OPS": []}
    scheduled = noted(monkeypatch, slack, MISTAKE, ops_channel="C0OPS", tags=[])
    assert len(scheduled["C0OPS"]) == 1  # no person asked: the schedule or the data is wrong

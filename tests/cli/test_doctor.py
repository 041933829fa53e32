"""`voc doctor` asks the model of either kind once, and names the settings where it does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli.commands import doctor
from flows.cli.commands.doctor import _prefect, examine
from tests.analysis.asking import openai, parts_for
from tests.builders import build_settings
from tests.fakes.http import Reply
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack
from tests.parts import parts_of


@pytest.fixture(autouse=True)
def _nothing_else_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("COLUMNS", "200")
    for check in ("_thresholds", "_dbt", "_source", "_slack", "_report", "_prefect"):
        monkeypatch.setattr(doctor, check, lambda *_: ("ok", "not checked here"))


def line_about(model: str, output: str) -> str:
    (line,) = [line for line in output.splitlines() if line.split()[1] == model]
    return " ".join(line.split())


def test_no_key_for_laas_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert examine(parts_of(), source=None) == 0
    assert line_about("LaaS", capsys.readouterr().out) == (
        "– LaaS no LAAS_API_KEY: analyses are rule-based"
    )


@pytest.mark.parametrize(("api", "name"), [("LaaS", "LaaS"), ("model", "small")])
def test_a_model_that_answers_is_ticked(
    capsys: pytest.CaptureFixture[str], api: str, name: str
) -> None:
    with FakeLaas() as laas:
        settings = openai(laas) if api == "model" else {}
        assert examine(parts_for(laas, **settings), source=Path("any.csv")) == 0
        assert len(laas.requests) == 1
        assert not laas.refusals
    assert line_about(api, capsys.readouterr().out) == f"✓ {api} {laas.url}/: {name} answered"


@pytest.mark.parametrize(("api", "variables"), [("LaaS", "LAAS_…"), ("model", "VOC_MODEL_…")])
def test_a_model_that_does_not_answer_is_asked_once_and_its_settings_are_named(
    capsys: pytest.CaptureFixture[str], api: str, variables: str
) -> None:
    with FakeLaas() as laas:
        laas.on(do=Reply(503))
        settings = openai(laas) if api == "model" else {}
        assert examine(parts_for(laas, **settings), source=None) == 1
        assert len(laas.requests) == 1
    assert line_about(api, capsys.readouterr().out) == (
        f"✗ {api} {laas.url}/: HTTP 503. Check the settings {variables}"
    )


def test_a_model_that_is_not_there_is_named_without_its_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = build_settings(
        VOC_MODEL_API="openai",
        VOC_MODEL_BASE_URL="http://127.0.0.1:9",
        VOC_MODEL_NAME="small",
        VOC_MODEL_API_KEY="marked-secret",
    )
    assert examine(parts_of(settings), source=None) == 1
    printed = capsys.readouterr().out
    assert "ConnectError" in line_about("model", printed)
    assert "marked-secret" not in printed


@pytest.mark.slow
def test_what_answers_in_prefect_s_place() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with FakeSlack() as other, temporary_settings({PREFECT_API_URL: f"{other.url}/api"}):
        state, text = _prefect(parts_of())
    assert state == "failed"
    assert text.startswith(f"{other.url}/api gives no usable answer (")

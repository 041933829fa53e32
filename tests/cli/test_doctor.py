"""`voc doctor` asks the model of either kind once, and names the settings where it does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli.commands import doctor
from flows.cli.commands.doctor import _owners, _prefect, examine
from flows.source import owners
from flows.source.owners import check_owners
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


# --- The owners of the categories -------------------------------------------------------------


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed that names five owners and four channels."""
    seed = tmp_path / "category_owners.csv"
    lines = [
        *(
            "a,,,U0ALICE,C0TEAM,",
            "b,,,U0GONE,C0OLD,",
            "c,,,U0NOBODY,C0AWAY,",
            "d,,,S0TEAM,G0HIDDEN,",
        ),
        *("e,,,S0NONE,C0TEAM,en", "f,,,U0ALICE,,"),
    ]
    seed.write_text("\n".join(["category1,category2,category3,owner,channel,language", *lines]))
    monkeypatch.setattr(owners, "SEED", seed)
    assert len(check_owners()) == len(lines)


CHANNELS = {
    "C0TEST": {},
    "C0TEAM": {},
    "C0OLD": {"is_archived": True},
    "C0AWAY": {"is_member": False},
    "G0HIDDEN": {"is_member": False},
}
USERS = {"U0ALICE": {}, "U0GONE": {"deleted": True}}


def doctored(slack: FakeSlack) -> tuple[str, str]:
    settings = build_settings(SLACK_BOT_TOKEN=slack.token, SLACK_API_URL=f"{slack.url}/api/")
    return _owners(parts_of(settings))


@pytest.mark.usefixtures("named")
def test_owners_and_channels_that_cannot_be_used_are_warnings_with_what_to_do() -> None:
    with FakeSlack(channels=CHANNELS, users=USERS, usergroups=["S0TEAM"]) as slack:
        state, text = doctored(slack)
        assert len(slack.requests) == 3 + 1 + 4
    assert state == "missing"  # which is no failure
    assert text == (
        "The owner U0GONE is no active user of this workspace. Fix category_owners.csv. "
        "The owner U0NOBODY is no active user of this workspace. Fix category_owners.csv. "
        "The owner S0NONE is no active user group. Fix category_owners.csv, or enable the group in Slack. "
        "The app is not in the channel C0AWAY. Invite it with /invite. "
        "The channel C0OLD is archived. Fix category_owners.csv. "
        "The channel G0HIDDEN does not exist, or is private. Fix category_owners.csv, or invite the app with /invite."
    )


@pytest.mark.usefixtures("named")
def test_a_scope_for_looking_owners_up_is_named_once() -> None:
    with FakeSlack(
        channels=CHANNELS, scopes=["chat:write", "channels:read", "groups:read"]
    ) as slack:
        _, text = doctored(slack)
    assert text.count("Give the app the scope users:read.") == 1
    assert text.count("Give the app the scope usergroups:read.") == 1
    assert "The channel C0OLD is archived." in text


@pytest.mark.usefixtures("named")
def test_owners_that_are_all_there_are_ticked() -> None:
    users: dict[str, dict[str, bool]] = {user: {} for user in ("U0ALICE", "U0GONE", "U0NOBODY")}
    channels: dict[str, dict[str, bool]] = {channel: {} for channel in CHANNELS}
    with FakeSlack(channels=channels, users=users, usergroups=["S0TEAM", "S0NONE"]) as slack:
        assert doctored(slack) == ("ok", "5 owners and 4 channels are all in Slack")
        assert not slack.refusals


@pytest.mark.usefixtures("named")
def test_without_slack_owners_are_not_looked_up() -> None:
    state, text = _owners(parts_of())
    assert (state, "no SLACK_BOT_TOKEN" in text) == ("missing", True)


def test_a_seed_without_owners_asks_slack_nothing() -> None:
    with FakeSlack() as slack:
        assert doctored(slack) == (
            "missing",
            "the seed category_owners is empty: analyses mention nobody",
        )
        assert slack.requests == []


@pytest.mark.slow
def test_what_answers_in_prefect_s_place() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with FakeSlack() as other, temporary_settings({PREFECT_API_URL: f"{other.url}/api"}):
        state, text = _prefect(parts_of())
    assert state == "failed"
    assert text.startswith(f"{other.url}/api gives no usable answer (")

"""Settings: read once, listed once, and never printed when secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from bot.settings import BotSettings
from flows import PROJECT_ROOT
from flows.runtime.errors import UsageError
from flows.runtime.settings import Settings, load_settings


def variables(*classes: type[BaseSettings]) -> dict[str, tuple[str, str]]:
    """Every variable with its description and default, as docs/settings.md shows them."""
    found: dict[str, tuple[str, str]] = {}
    for name, field in ((n, f) for each in classes for n, f in each.model_fields.items()):
        alias = field.validation_alias
        variable = str(
            alias.choices[0] if isinstance(alias, AliasChoices) else alias or name.upper()
        )
        has_default = field.default not in (None, PydanticUndefined, frozenset())
        described = (field.description or "", f"`{field.default}`" if has_default else "")
        assert found.setdefault(variable, described) == described, "one variable, two meanings"
    return found


def test_the_page_lists_every_setting_with_its_meaning_and_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| (.+?) \| (.*?) ?\|$",
        (PROJECT_ROOT / "docs" / "settings.md").read_text(),
        re.MULTILINE,
    )
    assert {name: (meaning, default) for name, meaning, default in rows} == variables(
        Settings, BotSettings
    )


def test_the_example_lists_every_setting_and_sets_none() -> None:
    lines = [
        line for line in (PROJECT_ROOT / ".env.example").read_text().splitlines() if "=" in line
    ]
    assert sorted(lines) == sorted(f"{variable}=" for variable in variables(Settings, BotSettings))


@pytest.mark.parametrize("file", ["Dockerfile", "prefect.yaml"])
def test_what_is_deployed_sets_nothing_that_nobody_reads(file: str) -> None:
    """Names of ours only: Prefect's, Python's and uv's are theirs to know."""
    text = (PROJECT_ROOT / file).read_text()
    names = set(re.findall(r"\b(?:VOC|SLACK|LAAS|GOOGLE)_[A-Z_]+\b|\bPORT\b", text))
    assert names
    assert names <= variables(Settings, BotSettings).keys()


def test_another_file_of_settings_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("LAAS_PROJECT=USUAL\n")
    (tmp_path / "other.env").write_text("LAAS_PROJECT=OTHER\n")
    monkeypatch.setenv("VOC_ENV_FILE", "other.env")
    assert load_settings().laas_project == "OTHER"
    monkeypatch.setenv("VOC_ENV_FILE", "/dev/null")
    assert load_settings().laas_project == "WANTED_DATA"


def test_a_file_of_settings_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LAAS_PROJECT=FIRST\n", encoding="utf-8-sig")
    assert load_settings().laas_project == "FIRST"


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_a_file_of_settings_that_is_not_utf8_is_refused_in_one_line(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-1\n# 설명\n", encoding=encoding)
    with pytest.raises(UsageError, match=r"^\.env is not UTF-8; save it as UTF-8") as caught:
        load_settings()
    assert "xoxb" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOC_HOME")
    unset = load_settings()
    for variable in variables(Settings):
        monkeypatch.setenv(variable, "")
    assert load_settings() == unset


def test_the_environment_file_is_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "LAAS_PROJECT=FROM_FILE\nVOC_SLACK_CHANNEL=C0FILE\nUNRELATED=1\n"
    )
    monkeypatch.setenv("VOC_SLACK_CHANNEL", "C0ENV")
    settings = load_settings()
    assert (settings.laas_project, settings.slack_channel) == ("FROM_FILE", "C0ENV")


def test_the_older_name_of_the_channel_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDA_VOC_SLACK_CHANNEL", "C0OLD")
    assert load_settings().slack_channel == "C0OLD"
    monkeypatch.setenv("VOC_SLACK_CHANNEL", "C0NEW")
    assert load_settings().slack_channel == "C0NEW"


def test_unrelated_variables_of_the_same_name_as_a_field_are_not_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = load_settings()
    for name in ("HOME", "TARGET", "TIMEZONE", "SOURCE_TABLE"):
        monkeypatch.setenv(name, "/somewhere")
    assert load_settings() == before


def test_a_secret_mounted_with_a_line_end_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-mounted\n")
    token = load_settings().slack_bot_token
    assert token is not None
    assert token.get_secret_value() == "xoxb-mounted"


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SLACK_BOT_TOKEN", "LAAS_API_KEY", "VOC_MODEL_API_KEY"):
        monkeypatch.setenv(variable, "marked-secret")
    settings = load_settings()
    assert "marked-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("VOC_TIMEZONE", "Mars/Base", "VOC_TIMEZONE is not a time zone"),
        ("VOC_TIMEZONE", "../etc/passwd", "VOC_TIMEZONE is not a time zone"),
        ("VOC_SOURCE_TABLE", "marketing.tickets", "VOC_SOURCE_TABLE must be project.dataset.table"),
        (
            "VOC_SOURCE_TABLE",
            "p.d.t; drop table x",
            "VOC_SOURCE_TABLE must be project.dataset.table",
        ),
        ("VOC_TARGET", "oracle", "VOC_TARGET"),
        ("LAAS_BASE_URL", "laas.example", "LAAS_BASE_URL must start with http"),
        ("LAAS_BASE_URL", "http://[::1", "LAAS_BASE_URL is not a URL"),
        (
            "SLACK_BOT_TOKEN",
            "xoxb-one\nxoxb-two",
            "SLACK_BOT_TOKEN has characters that no token has",
        ),
        ("LAAS_API_KEY", "“quoted”", "LAAS_API_KEY has characters that no token has"),
        ("SLACK_API_URL", "ftp://x", "SLACK_API_URL must start with http"),
        ("VOC_DASHBOARD_URL", "javascript:alert(1)", "VOC_DASHBOARD_URL"),
        ("VOC_REPORT_BUCKET", "s3://ours/voc", "VOC_REPORT_BUCKET must be a folder or gs://"),
        ("VOC_REPORT_URL", "javascript:alert(1)", "VOC_REPORT_URL"),
        ("VOC_SOURCE_TIMEZONE", "Mars/Base", "VOC_SOURCE_TIMEZONE is not a time zone"),
        ("VOC_LAAS_CONCURRENCY", "0", "VOC_LAAS_CONCURRENCY"),
        ("LAAS_BASE_URL", "https://u:p@laas.example", "LAAS_BASE_URL must not contain a user"),
        ("VOC_MODEL_API", "gemini", "VOC_MODEL_API"),
        ("VOC_MODEL_BASE_URL", "localhost:8080", "VOC_MODEL_BASE_URL must start with http"),
        ("VOC_MODEL_BASE_URL", "https://u:p@x.example", "VOC_MODEL_BASE_URL must not contain"),
        ("VOC_MODEL_API_KEY", "two words", "VOC_MODEL_API_KEY has characters that no token has"),
        ("VOC_MODEL_TIMEOUT_SECONDS", "0.0", "VOC_MODEL_TIMEOUT_SECONDS"),
        ("VOC_MODEL_TIMEOUT_SECONDS", "inf", "VOC_MODEL_TIMEOUT_SECONDS"),
        ("VOC_MODEL_BUDGET_SECONDS", "-900", "VOC_MODEL_BUDGET_SECONDS"),
        ("VOC_MODEL_BUDGET_SECONDS", "nan", "VOC_MODEL_BUDGET_SECONDS"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_but_not_quoted(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=message) as caught:
        load_settings()
    assert value not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["VOC_MODEL_BASE_URL", "VOC_MODEL_NAME"])
def test_another_model_needs_both_its_address_and_its_name(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("VOC_MODEL_API", "openai")
    monkeypatch.setenv(given, "http://127.0.0.1:8080")
    with pytest.raises(UsageError) as caught:
        load_settings()
    assert str(caught.value) == (
        "VOC_MODEL_API=openai needs VOC_MODEL_BASE_URL and VOC_MODEL_NAME. "
        "Fix it in the environment or in .env."
    )
    assert caught.value.exit_code == 2

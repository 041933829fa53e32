"""docs/migration.md leaves out none of the old system's names, and points only to what exists."""

from __future__ import annotations

import re

import pytest

from flows import PROJECT_ROOT

TEXT = (PROJECT_ROOT / "docs" / "migration.md").read_text()
COMMANDS = (
    "serve",
    "build",
    "deploy",
    "url",
    "invoke-job",
    "deployed-version",
    "lock",
    "create-roles",
    "sync-env",
)
ENDPOINTS = ("/", "/healthz", "/events", "/slack/events", "/slack/background")
OTHERS = ("LAMBDA_*", "LAMBDA_VOC_SLACK_CHANNEL")


@pytest.mark.parametrize("name", [*(f"just {c}" for c in COMMANDS), *ENDPOINTS, *OTHERS])
def test_each_old_name_has_a_row(name: str) -> None:
    assert re.search(rf"^\| `{re.escape(name)}`", TEXT, re.MULTILINE)


def test_the_parameters_of_the_stack_have_a_table() -> None:
    assert "| CloudFormation parameter, kind | now |" in TEXT


def test_the_targets_that_it_names_exist() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", TEXT)) <= targets


def test_the_files_that_it_names_exist() -> None:
    for name in re.findall(r"`((?:deploy|docs|flows)/[\w./-]+|[a-z]+\.(?:yaml|toml))", TEXT):
        assert (PROJECT_ROOT / name).exists(), name

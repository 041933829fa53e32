"""What contributors and GitHub go by: hooks, workflows, forms, the changelog and the walk name what exists."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from flows import PROJECT_ROOT

GITHUB = sorted((PROJECT_ROOT / ".github").rglob("*.yml"))
WORKFLOWS = [path for path in GITHUB if path.parent.name == "workflows"]
HOOKS = PROJECT_ROOT / ".pre-commit-config.yaml"
DEVCONTAINER = PROJECT_ROOT / ".devcontainer" / "devcontainer.json"
GUIDES = ("CONTRIBUTING.md", "SECURITY.md")

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
VERSION = PROJECT["version"]
PYTHONS = [
    f"3.{minor}" for minor in range(50) if f"3.{minor}" in SpecifierSet(PROJECT["requires-python"])
]


def text(name: str) -> str:
    return (PROJECT_ROOT / name).read_text(encoding="utf-8")


def parsed(path: Path) -> dict[str, Any]:
    """Every scalar as it is written: YAML 1.1 takes the key `on` for true, and 3.10 for 3.1."""
    content = path.read_text(encoding="utf-8")
    value = (
        json.loads(re.sub(r"^\s*//.*$", "", content, flags=re.M))
        if path.suffix == ".json"
        else yaml.load(content, yaml.BaseLoader)
    )
    assert isinstance(value, dict)
    return value


def jobs() -> list[dict[str, Any]]:
    return [job for path in WORKFLOWS for job in parsed(path)["jobs"].values()]


def makefile() -> str:
    """With the names of programs written out, and a command on one line."""
    return text("Makefile").replace("\\\n\t\t", "").replace("$(BIN)", ".venv/bin")


@pytest.mark.parametrize("path", [*GITHUB, HOOKS, DEVCONTAINER], ids=lambda path: path.name)
def test_every_target_that_is_called_exists(path: Path) -> None:
    assert parsed(path)
    called = set(re.findall(r"\bmake ([\w./-]+)", path.read_text(encoding="utf-8")))
    assert {t for t in called if not re.search(rf"^{re.escape(t)}:", makefile(), re.M)} == set()


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_names_exists(guide: str) -> None:
    """Targets, and files but the one that the walk has its reader make."""
    targets = set(re.findall(r"`make ([\w-]+)", text(guide)))
    assert {t for t in targets if not re.search(rf"^{t}:", makefile(), re.M)} == set()
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|yml))`", text(guide))
    named += re.findall(r"\]\(([^)#:]+)", text(guide))
    missing = {path for path in named if not (PROJECT_ROOT / path).exists()}
    assert {path for path in missing if Path(path).stem != "fct_voc_weekly_totals"} == set()


def test_the_hooks_run_what_the_makefile_runs() -> None:
    (local,) = parsed(HOOKS)["repos"]
    commands = [
        command
        for hook in local["hooks"]
        for command in re.findall(r"\.venv/bin/[^']+", hook["entry"])
    ]
    assert len(commands) >= 5
    assert [command for command in commands if command not in makefile()] == []


def test_the_matrix_is_every_python_that_is_supported() -> None:
    matrices = [job["strategy"]["matrix"] for job in jobs() if "strategy" in job]
    assert [matrix["python"] for matrix in matrices] == [PYTHONS] * 3
    assert parsed(DEVCONTAINER)["image"] == f"python:{PYTHONS[0]}"


def test_a_workflow_may_only_read_and_ends() -> None:
    assert all(parsed(path)["permissions"] == {"contents": "read"} for path in WORKFLOWS)
    assert all(int(job["timeout-minutes"]) < 360 for job in jobs())


def test_each_action_has_one_version_a_major_one() -> None:
    used = {step["uses"] for job in jobs() for step in job["steps"] if "uses" in step}
    assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@v\d+", action)] == []
    assert len({action.split("@")[0] for action in used}) == len(used)


def test_dependabot_s_file_has_no_alias() -> None:
    """Its reader refuses them; that of workflows does not."""
    events = yaml.parse(text(".github/dependabot.yml"))
    assert not any(isinstance(event, yaml.AliasEvent) for event in events)


def test_the_version_is_the_same_everywhere_and_has_a_dated_section() -> None:
    assert parsed(PROJECT_ROOT / "dbt_project.yml")["version"] == VERSION
    unreleased, newest, *_ = re.findall(r"^## (.+)$", text("CHANGELOG.md"), re.M)
    assert unreleased == "Unreleased"
    found = re.fullmatch(rf"{re.escape(VERSION)} \((.+)\)", newest)
    assert found
    date.fromisoformat(found[1])


@pytest.mark.parametrize(("tag", "is_released"), [(f"v{VERSION}", True), ("v999.0.0", False)])
def test_a_release_has_its_section_as_notes(tag: str, is_released: bool, tmp_path: Path) -> None:
    """The workflow's own steps, on this changelog."""
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(PROJECT_ROOT / name, tmp_path)
    steps = parsed(PROJECT_ROOT / ".github/workflows/release.yml")["jobs"]["release"]["steps"]
    compare, take_notes = (step["run"] for step in steps if "name" in step)
    for script in (compare, take_notes):
        finished = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "TAG": tag},
            check=False,
        )
        assert (finished.returncode == 0) is is_released
    _, _, section = text("CHANGELOG.md").partition(f"\n## {VERSION} (")
    expected = section.partition("\n")[2].partition("\n## ")[0] if is_released else ""
    assert (tmp_path / "notes.md").read_text().strip() == expected.strip()


def test_the_repository_holds_no_large_files() -> None:
    """A clone should take seconds: what is large is downloaded or made where it is needed."""
    if not (PROJECT_ROOT / ".git").exists():
        pytest.skip("this folder is no clone: nothing says which of its files are the repository's")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    ).stdout
    paths = [PROJECT_ROOT / name for name in listed.split("\0") if name]
    assert [path.name for path in paths if path.is_file() and path.stat().st_size > 500_000] == []

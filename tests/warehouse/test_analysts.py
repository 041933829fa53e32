"""docs/analysts.md: every query runs as it stands and gives the answer that is printed under it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.privacy.masker import Masker
from flows.warehouse.dbt import Build
from tests.analysts import GUIDE, Question, markdown, questions
from tests.tables import rows_in

QUESTIONS = questions()


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_gives_its_answer_on_the_sample(question: Question, sample_warehouse: Path) -> None:
    assert markdown(rows_in(sample_warehouse, question.sql)) == question.answer


def test_there_are_ten_and_together_they_read_every_public_table_and_no_other(
    sample_build: Build,
) -> None:
    assert len(QUESTIONS) == 10
    manifest = json.loads((sample_build.workspace.target_path / "manifest.json").read_text())
    public = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "snapshot" or node.get("access") == "public"
    }
    assert set().union(*(question.tables for question in QUESTIONS)) == public
    assert {name for name in public if f"| `{name}` | " in GUIDE} == public


@pytest.mark.parametrize("home", [None, ".voc/demo"])
def test_the_command_for_duckdb_works_as_it_stands(
    sample_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOC_HOME")
    if home:
        monkeypatch.setenv("VOC_HOME", home)
    folder = tmp_path / (home or ".voc")
    folder.mkdir(parents=True)
    (folder / "last_run.json").write_text(json.dumps({"duckdb_path": str(sample_warehouse)}))
    (tmp_path / "question.sql").write_text(QUESTIONS[0].sql)
    (command,) = re.findall(r"^```\n(\.venv/bin/python .+?)```$", GUIDE, re.M | re.S)
    finished = subprocess.run(
        ["bash", "-c", command.replace(".venv/bin/python", sys.executable)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "업로드 오류" in finished.stdout


def test_every_metric_is_listed(sample_build: Build) -> None:
    manifest = json.loads((sample_build.workspace.target_path / "manifest.json").read_text())
    metrics = [metric["name"] for metric in manifest["metrics"].values()]
    assert [name for name in metrics if f"`{name}`" not in GUIDE] == []


def test_nothing_on_the_page_is_personal_data() -> None:
    masker = Masker.of_project()
    assert [question for question in QUESTIONS if masker.contains_pii(question.answer)] == []

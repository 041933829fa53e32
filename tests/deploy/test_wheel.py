"""The wheel works on its own: `voc sample` and `voc run` from an empty folder, without the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows import PROJECT_ROOT
from tests.conftest import run_voc

pytestmark = pytest.mark.slow


def test_a_wheel_in_an_empty_folder_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Path(sys.executable).with_name("uv")
    build = (uv, "build", "--quiet", "--no-build-isolation", "--python", sys.executable)
    subprocess.run([*build, "--out-dir", tmp_path / "dist", PROJECT_ROOT], check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    installed = tmp_path / "installed"
    into = ("pip", "install", "--quiet", "--no-deps", "--target", installed)
    subprocess.run([uv, *into, wheel], check=True)

    monkeypatch.setenv("PYTHONPATH", str(installed))  # before the editable repository
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    where = subprocess.run(
        [sys.executable, "-c", "import bot, flows; print(flows.PROJECT_ROOT)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    assert where == str(installed / "flows" / "project")
    assert run_voc("sample", "--out", "tickets.csv", "--until", "2026-11-15").code == 0
    ran = run_voc("run", "--source", "tickets.csv", "--week", "2026-W46", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["outcome"] == "dry_run"
    assert ran.json["status_counts"]["CRITICAL"] > 0

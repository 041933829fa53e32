"""The sample's tables in a home of their own, as the last run has left them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def database(sample_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample's DuckDB file, which the settings name."""
    path = tmp_path / "voc.duckdb"
    shutil.copy(sample_warehouse, path)
    monkeypatch.setenv("VOC_DUCKDB_PATH", str(path))
    return path

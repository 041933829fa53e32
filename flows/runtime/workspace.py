"""Where a source's files live: one private folder per DuckDB file under VOC_HOME."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from flows.runtime.errors import SourceError, UsageError
from flows.runtime.settings import Settings

NO_SOURCE = (
    "no source to read. Name a CSV or Parquet file with --source FILE, "
    "or read BigQuery with --target bigquery."
)


@dataclass(frozen=True)
class Workspace:
    """A folder with dbt's artifacts and logs, and on DuckDB the database file."""

    folder: Path
    duckdb_path: Path | None = None

    @property
    def target_path(self) -> Path:
        return self.folder / "target"

    @property
    def log_path(self) -> Path:
        return self.folder / "logs"


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner can read: it holds customers' words. Raises UsageError."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"cannot create {path}: {error.strerror}. Set VOC_HOME to a folder you may write."
        ) from None
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def workspace_for(settings: Settings, source: Path | None) -> Workspace:
    """The workspace of a source file, of the BigQuery target, or (neither) of the last run."""
    home = settings.home.resolve()
    if settings.target == "bigquery":
        return Workspace(private_folder(home / "bigquery"))
    if settings.duckdb_path is not None:
        duckdb_path = settings.duckdb_path.resolve()
        return Workspace(_folder_named_after(home, duckdb_path), duckdb_path)
    if source is not None:
        folder = _folder_named_after(home, source.resolve())
        return Workspace(folder, folder / "warehouse.duckdb")
    return _last_workspace(home)


def remember(settings: Settings, workspace: Workspace) -> None:
    """Make this the workspace that `voc status` reads when no source is named."""
    home = private_folder(settings.home.resolve())
    write_private(home / "last_run.json", json.dumps({"duckdb_path": str(workspace.duckdb_path)}))


def _folder_named_after(home: Path, path: Path) -> Path:
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    return private_folder(home / "duckdb" / f"{path.stem[:40]}-{digest}")


def _last_workspace(home: Path) -> Workspace:
    try:
        duckdb_path = Path(json.loads((home / "last_run.json").read_text())["duckdb_path"])
    except (OSError, ValueError, KeyError):
        raise SourceError(NO_SOURCE) from None
    return Workspace(duckdb_path.parent, duckdb_path)

"""Where a source's files are: one private folder per DuckDB file under VOC_HOME."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from flows.runtime.errors import NoTables, SourceError, UsageError

NO_SOURCE = (
    "no source to read. Name a CSV, .xlsx or Parquet file with --source FILE (voc sample --out FILE makes one up), "
    "or read BigQuery with --target bigquery. "
    "For a deployment set VOC_TARGET=bigquery in the worker's .env, or its parameter source in prefect.yaml."
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


def resolved(source: Path) -> Path:
    """The file itself, behind links. Raises SourceError for links that lead nowhere, and for what no path can be."""
    try:
        path = source.resolve()
        path.is_file()  # raises for a name that is too long
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its links lead round in a circle"
        raise SourceError(f"cannot read {source.name}: {reason}. Check --source.") from None
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


@dataclass(frozen=True)
class Workspaces:
    """The workspaces under VOC_HOME.

    Args:
        home: VOC_HOME.
        duckdb_path: VOC_DUCKDB_PATH, a DuckDB file to use for any source.
        is_on_bigquery: whether the tables are on BigQuery, so that there is one workspace for all runs.
    """

    home: Path
    duckdb_path: Path | None = None
    is_on_bigquery: bool = False

    def of(self, source: Path | None) -> Workspace:
        """The workspace of a source file, of BigQuery, or (neither) of the last run. Raises SourceError."""
        if self.is_on_bigquery:
            return Workspace(private_folder(self.home / "bigquery"))
        if self.duckdb_path is not None:
            return Workspace(self._folder_named_after(self.duckdb_path), self.duckdb_path)
        if source is not None:
            folder = self._folder_named_after(resolved(source))
            return Workspace(folder, folder / "warehouse.duckdb")
        return self._of_last_run()

    def all(self) -> tuple[Workspace, ...]:
        """Every workspace with a database, and on BigQuery the one of its runs."""
        files = sorted((self.home / "duckdb").glob("*/warehouse.duckdb"))
        found = [Workspace(path.parent, path) for path in files]
        if self.is_on_bigquery or (self.duckdb_path is not None and self.duckdb_path.is_file()):
            found.append(self.of(None))
        return tuple(found)

    def remember(self, workspace: Workspace) -> None:
        """Make this the workspace that `voc status` reads when no source is named."""
        path = private_folder(self.home) / "last_run.json"
        write_private(path, json.dumps({"duckdb_path": str(workspace.duckdb_path)}))

    def _folder_named_after(self, path: Path) -> Path:
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        return private_folder(self.home / "duckdb" / f"{path.stem[:40]}-{digest}")

    def _of_last_run(self) -> Workspace:
        try:
            record = json.loads((self.home / "last_run.json").read_text())
            duckdb_path = Path(record["duckdb_path"])
        except (OSError, ValueError, KeyError):
            raise NoTables(
                f"no report was computed in {self.home} yet. Run voc run --source FILE, or name where one was: "
                "another VOC_HOME (after make demo: export VOC_HOME=.voc/demo), or --target bigquery."
            ) from None
        return Workspace(duckdb_path.parent, duckdb_path)

"""Runs dbt in this process: the only way in to the models."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows import PROJECT_ROOT
from flows.errors import SourceError, TransformError
from flows.settings import Settings
from flows.workspace import Workspace

# dbt keeps global state and reads os.environ: two invocations in one process would mix.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Build:
    """What dbt needs to know about one run."""

    settings: Settings
    workspace: Workspace
    as_of: date
    full_refresh: bool = False

    def environment(self) -> dict[str, str]:
        """The variables that profiles.yml, the source's YAML and the macros read."""
        s = self.settings
        variables = {
            "VOC_AS_OF": self.as_of.isoformat(),
            "VOC_TIMEZONE": s.timezone,
            "VOC_SOURCE_TABLE": s.source_table,
            "VOC_BIGQUERY_PROJECT": s.jobs_project,
            "VOC_BIGQUERY_DATASET": s.bigquery_dataset,
            "VOC_BIGQUERY_LOCATION": s.bigquery_location,
        }
        if self.workspace.duckdb_path is not None:
            variables["VOC_DUCKDB_PATH"] = str(self.workspace.duckdb_path)
            variables["VOC_SOURCE_TABLE"] = f"{self.workspace.duckdb_path.stem}.source.tickets"
        return variables


def import_dbt() -> None:
    """Import dbt ahead of its first use: it takes seconds that can pass while something else starts."""
    try:
        import dbt.cli.main  # noqa: F401
    except ImportError as error:
        raise TransformError(f"dbt is not installed ({error.name}). Run make setup.") from None


def parse(build: Build) -> None:
    """Read the project, so that a later `build_models` in this workspace need not."""
    _invoke(build, ["parse"])


def check_connection(build: Build) -> None:
    """Check the project, the profile and the connection with a query. Raises TransformError."""
    _invoke(build, ["show", "--inline", "select 1 as answer", "--limit", "-1"])


def build_models(build: Build, select: str | None = None) -> None:
    """Run seeds, models, snapshots and data tests in the order of the graph, or only what `select` names.

    Unit tests are CI's. Raises TransformError that names the models and tests that failed; whatever depends on
    them was not rebuilt.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if build.full_refresh:
        arguments.append("--full-refresh")
    if select:
        arguments += ["--select", select]
    _invoke(build, arguments)


def run_unit_tests(build: Build) -> list[str]:
    """Run dbt's unit tests and return their names. Raises TransformError that names those that failed."""
    outcome = _invoke(build, ["test", "--select", "test_type:unit"])
    return [result.node.name for result in outcome.results]


def generate_docs(build: Build, folder: Path) -> Path:
    """Write dbt's documentation as one HTML page into `folder`. Raises TransformError."""
    _invoke(build, ["docs", "generate", "--static"])
    return Path(
        shutil.copy(build.workspace.target_path / "static_index.html", folder / "index.html")
    )


def _invoke(build: Build, arguments: Sequence[str]) -> Any:
    import_dbt()
    from dbt.cli.main import dbtRunner

    with _one_at_a_time, _environment(build.environment()):
        try:
            outcome = dbtRunner().invoke(
                [
                    *arguments,
                    *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)),
                    *("--target", build.settings.target),
                    *("--target-path", str(build.workspace.target_path)),
                    *("--log-path", str(build.workspace.log_path)),
                    *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
                ]
            )
        finally:
            _close_log()
            _release_duckdb(build)
    if not outcome.success:
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception  # dbt makes a result even of Ctrl-C
        if isinstance(outcome.exception, duckdb.IOException):
            raise SourceError(
                f"{build.workspace.duckdb_path} is in use by another process. Wait for it to end."
            )
        raise TransformError(_explanation(outcome, build))
    return outcome.result


def _explanation(outcome: Any, build: Build) -> str:
    log = f"Details: {build.workspace.log_path / 'dbt.log'}"
    failed = [
        f"{result.node.resource_type} {result.node.name}"
        for result in getattr(outcome.result, "results", ())
        if result.status in ("error", "fail", "runtime error")
    ]
    if failed:
        return f"dbt failed, nothing was posted: {', '.join(failed)}. {log}"
    kind = type(outcome.exception).__name__ if outcome.exception else "unknown error"
    return f"dbt could not start ({kind}), nothing was posted. {log}"


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _close_log() -> None:
    """dbt leaves its log file open until the next invocation."""
    log = logging.getLogger("file_log")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


def _release_duckdb(build: Build) -> None:
    """dbt-duckdb holds its connection for the life of the process; readers and other runs need the file."""
    if build.workspace.duckdb_path is None:
        return
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()

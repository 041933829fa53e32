"""Runs dbt in this process: the only way in to the models."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows import PROJECT_ROOT
from flows.runtime.errors import SourceError, TransformError
from flows.runtime.progress import progress
from flows.runtime.settings import Settings
from flows.runtime.usage import Usage
from flows.runtime.workspace import Workspace
from flows.warehouse.bigquery.connection import BigQuery, log_job, shorten_google_retries
from flows.warehouse.bigquery.credentials import dbt_credentials
from flows.warehouse.bigquery.refusals import explain_if_known

log = logging.getLogger("voc")
# dbt keeps global state and reads os.environ: two invocations in one process would mix.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Build:
    """What dbt needs to know about one run.

    `backfill_from` is a date as of which the first week to count again was the newest complete one; the last one is
    that of `as_of`. What the jobs bill is added to `usage`.
    """

    settings: Settings
    workspace: Workspace
    as_of: date
    full_refresh: bool = False
    flow_run_id: str = ""
    backfill_from: date | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def is_on_bigquery(self) -> bool:
        return self.workspace.duckdb_path is None

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
            "VOC_BIGQUERY_MAX_BYTES_BILLED": str(s.bigquery_max_bytes_billed),
            "VOC_FLOW_RUN_ID": self.flow_run_id,
            "VOC_BACKFILL_FROM": self.backfill_from.isoformat() if self.backfill_from else "",
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
    _invoke(build, ["parse"], connects=False)


def check_connection(build: Build) -> None:
    """Check the project, the profile and the connection with a query. Raises TransformError."""
    _invoke(build, ["show", "--inline", "select 1 as answer", "--limit", "-1"])


def build_models(build: Build, select: str | None = None) -> None:
    """Run seeds, models, snapshots and data tests in the order of the graph, or only what `select` names.

    Unit tests are CI's. Raises TransformError that names the models and tests that failed; whatever depends on
    them was not rebuilt.
    """
    _invoke(build, [*_build_arguments(build), *(("--select", select) if select else ())])


def backfill_models(build: Build) -> None:
    """Count past weeks again and judge all; no text is read, and the newest week keeps its samples.

    Raises TransformError like `build_models`.
    """
    texts = ("--exclude", "stg_zendesk__ticket_texts", "int_flagged_tickets_masked+")
    _invoke(build, [*_build_arguments(build), *texts])


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


def _build_arguments(build: Build) -> list[str]:
    refresh = ["--full-refresh"] if build.full_refresh else []
    return ["build", "--exclude-resource-type", "unit_test", *refresh]


def _invoke(
    build: Build,
    arguments: Sequence[str],
    *,
    connects: bool = True,
) -> Any:
    import_dbt()
    from dbt.cli.main import dbtRunner

    names_by_job_id: dict[str, str] = {}

    def on_event(event: Any) -> None:
        if event.info.name == "SQLQueryStatus" and event.data.query_id:
            names_by_job_id[event.data.query_id] = event.data.node_info.node_name or "dbt"
        elif event.info.name == "LogStartLine":
            node = event.data.node_info.node_name
            progress.info("dbt %d of %d: %s", event.data.index, event.data.total, node)

    variables = build.environment()
    if build.is_on_bigquery and connects:
        shorten_google_retries()
        variables |= dbt_credentials(build.settings)
    with _one_at_a_time, _environment(variables):
        try:
            outcome = dbtRunner(callbacks=[on_event]).invoke(
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
    if names_by_job_id:
        _log_jobs(build, names_by_job_id)
    if not outcome.success:
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception  # dbt makes a result even of Ctrl-C
        if isinstance(outcome.exception, duckdb.IOException):
            raise SourceError(
                f"{build.workspace.duckdb_path} is in use by another process. Wait for it to end."
            )
        refusal = _refusal(outcome, build) if build.is_on_bigquery else None
        raise refusal or TransformError(_explanation(outcome, build))
    return outcome.result


def _log_jobs(build: Build, names_by_job_id: dict[str, str]) -> None:
    """Say what the jobs billed; that it cannot be found out is no reason to fail."""
    billed = 0
    try:
        for job in BigQuery(build.settings).jobs(names_by_job_id):
            log_job(job)
            billed += job.bytes_billed
            build.usage.bytes_billed += job.bytes_billed
    except SourceError as error:
        log.warning("what the jobs billed is not known: %s", error)
    else:
        log.info("dbt: BigQuery billed %.1f MB in %d jobs", billed / 1e6, len(names_by_job_id))


def _refusal(outcome: Any, build: Build) -> SourceError | None:
    """What BigQuery itself had against the run, if that is why it failed."""
    messages = [
        result.message or ""
        for result in getattr(outcome.result, "results", ())
        if result.status == "error"  # a test that failed is no refusal
    ]
    if outcome.exception is not None:
        messages.append(f"{type(outcome.exception).__name__} {outcome.exception}")
    return explain_if_known(" ".join(messages), build.settings) if messages else None


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
    if build.is_on_bigquery:
        return
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()

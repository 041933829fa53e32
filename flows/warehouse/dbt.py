"""Runs dbt: the only access to the models. dbt itself is in a process of its own (flows.warehouse.dbt_server)."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flows import PROJECT_ROOT
from flows.runtime.errors import SourceError, TransformError
from flows.runtime.progress import progress
from flows.runtime.workspace import Workspace
from flows.warehouse.bigquery.connection import BigQuery, log_job

log = logging.getLogger("voc")

INTERRUPT_SECONDS = 5.0
"""How long an interrupted dbt may take to cancel its queries."""


@dataclass(frozen=True)
class Build:
    """What dbt needs to know about one run.

    Args:
        timezone: the zone in which weeks begin on Monday 00:00.
        bigquery: the tables on BigQuery; None where they are in the workspace's DuckDB file.
        flow_run_id: the run that the tables and BigQuery's jobs are labelled with.
        ticket_url: address of a ticket with {id} in it, for the samples; None where there is none.
        full_refresh: build the incremental tables from scratch.
        backfill_from: a date on which the first week to count again was the newest complete week; the last week to
            count is that of `as_of`.
        has_owners: whether the seed of the categories' owners has a row: without one what reads it is not built, as
            on BigQuery it takes jobs.
    """

    workspace: Workspace
    as_of: date
    timezone: str
    bigquery: BigQuery | None = None
    flow_run_id: str = ""
    ticket_url: str | None = None
    full_refresh: bool = False
    backfill_from: date | None = None
    has_owners: bool = False

    def environment(self) -> dict[str, str]:
        """The variables that profiles.yml, the source's YAML and the macros read, without credentials."""
        variables = {
            "VOC_AS_OF": self.as_of.isoformat(),
            "VOC_TIMEZONE": self.timezone,
            "VOC_BACKFILL_FROM": self.backfill_from.isoformat() if self.backfill_from else "",
            "VOC_FLOW_RUN_ID": self.flow_run_id,
            "VOC_TICKET_URL": self.ticket_url or "",
        }
        if self.bigquery is not None:
            return variables | self.bigquery.dbt_environment()
        duckdb_path = self.workspace.duckdb_path
        assert duckdb_path is not None
        return variables | {
            "VOC_DUCKDB_PATH": str(duckdb_path),
            "VOC_SOURCE_TABLE": f"{duckdb_path.stem}.source.tickets",
        }

    def options(self) -> list[str]:
        """The options that every one of dbt's commands takes."""
        return [
            f"--project-dir={PROJECT_ROOT}",
            f"--profiles-dir={PROJECT_ROOT}",
            f"--target={'duckdb' if self.bigquery is None else 'bigquery'}",
            f"--target-path={self.workspace.target_path}",
            f"--log-path={self.workspace.log_path}",
            *("--log-level=none", "--log-level-file=info", "--no-use-colors"),
        ]


def warm_up() -> None:
    """Let dbt be imported while this process does something else."""
    _server()


def prepare(build: Build) -> None:
    """Let dbt be imported, and read the project for a build to come, while this process does something else.

    On BigQuery this only imports: the labels and the token of a build are not known before the run.
    """
    server = _server()
    if build.bigquery is None:
        server.prepare(build.options(), os.environ | build.environment())


def interrupt() -> None:
    """End what runs at the moment: dbt cancels its queries, and the call that waits for it raises."""
    server = _server()
    if server.is_busy:
        server.interrupt()


def check_connection(build: Build) -> None:
    """Check the project, the profile and the connection with a query. Raises TransformError."""
    _invoke(build, ["show", "--inline", "select 1 as answer", "--limit", "-1"])


def build_models(build: Build, select: str | None = None) -> None:
    """Run seeds, models, snapshots and data tests in the order of the graph, or only what `select` names.

    CI runs the unit tests. Raises TransformError that names the models and tests that failed; nothing that depends
    on them was rebuilt.
    """
    _invoke(build, [*_build_arguments(build), *(("--select", select) if select else ())])


def backfill_models(build: Build) -> None:
    """Count past weeks again and judge them all; no text is read, and the newest week keeps its samples.

    Raises TransformError like `build_models`.
    """
    texts = ("stg_zendesk__ticket_texts", "int_flagged_tickets_masked+")
    _invoke(build, _build_arguments(build, *texts))


def compile_backtest(
    build: Build, thresholds: Sequence[Mapping[str, Any]], first: date, last: date
) -> str:
    """The query that judges the weeks of these Mondays by other thresholds. Builds nothing. Raises TransformError."""
    asked = {"thresholds": thresholds, "first_week": str(first), "last_week": str(last)}
    # In a folder of its own: the project that runs have read is not to be read again because of this.
    workspace = replace(build.workspace, folder=build.workspace.folder / "backtest")
    _invoke(
        replace(build, workspace=workspace),
        ["compile", "--select", "backtest", "--no-populate-cache", "--no-introspect"],
        {"VOC_BACKTEST": json.dumps(asked), "VOC_STEPS": "ephemeral"},
    )
    (compiled,) = workspace.target_path.glob("compiled/**/backtest.sql")
    return compiled.read_text(encoding="utf-8")


def run_unit_tests(build: Build) -> list[str]:
    """Run dbt's unit tests and return their names. Raises TransformError that names those that failed."""
    outcome = _invoke(build, ["test", "--select", "test_type:unit"])
    return [result["name"] for result in outcome["results"]]


def generate_docs(build: Build, folder: Path) -> Path:
    """Write dbt's documentation as one HTML page into `folder`. Raises TransformError."""
    _invoke(build, ["docs", "generate", "--static"])
    return Path(
        shutil.copy(build.workspace.target_path / "static_index.html", folder / "index.html")
    )


def _build_arguments(build: Build, *excluded: str) -> list[str]:
    refresh = ["--full-refresh"] if build.full_refresh else []
    # CI runs the tests of the code, and those of a mart, which come when it is written.
    tests = ("--exclude-resource-type", "unit_test", "--exclude", "tag:audit")
    owners = () if build.has_owners else ("category_owners+",)
    return ["build", *refresh, *tests, *owners, *excluded]


def _invoke(
    build: Build, arguments: Sequence[str], variables: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Run one of dbt's commands and return its outcome, which flows.warehouse.dbt_server describes."""
    environment = {**os.environ, **build.environment(), **variables}
    if build.bigquery is not None:
        environment |= build.bigquery.dbt_credentials()
        if arguments[0] == "build":
            environment["VOC_STEPS"] = "ephemeral"  # dbt_project.yml says why
    names_by_job_id: dict[str, str] = {}
    outcome: dict[str, Any] = {}
    for answer in _server().invoke([*arguments, *build.options()], environment):
        match answer:
            case {"progress": [index, total, node]}:
                progress.info("dbt %d of %d: %s", index, total, node)
            case {"job": [job_id, name]}:
                names_by_job_id[job_id] = name
            case {"outcome": outcome}:
                pass
    if build.bigquery is not None and names_by_job_id:
        _log_jobs(build.bigquery, names_by_job_id)
    if not outcome["success"]:
        raise _error(build, outcome)
    return outcome


def _log_jobs(bigquery: BigQuery, names_by_job_id: dict[str, str]) -> None:
    """Log what the jobs billed; a run does not fail when that cannot be found out."""
    billed = 0
    try:
        for job in bigquery.jobs(names_by_job_id):
            log_job(job)
            billed += job.bytes_billed
            bigquery.usage.bytes_billed += job.bytes_billed
    except SourceError as error:
        log.warning("what the jobs billed is not known: %s", error)
    else:
        log.info("dbt: BigQuery billed %.1f MB in %d jobs", billed / 1e6, len(names_by_job_id))


def _error(build: Build, outcome: dict[str, Any]) -> SourceError | TransformError:
    exception = outcome["exception"]
    if build.bigquery is None and exception == "IOException":
        return SourceError(
            f"{build.workspace.duckdb_path} is in use by another process. Wait for it to end."
        )
    if build.bigquery is not None:
        # A failed test is not a refusal.
        failed = [r["message"] for r in outcome["results"] if r["status"] == "error"]
        said = " ".join([*failed, exception, outcome["message"]])
        if refusal := build.bigquery.refusal(said):
            return refusal
    return TransformError(_explanation(build, outcome))


def _explanation(build: Build, outcome: dict[str, Any]) -> str:
    details = f"Details: {build.workspace.log_path / 'dbt.log'}"
    failed = [
        f"{result['type']} {result['name']}"
        for result in outcome["results"]
        if result["status"] in ("error", "fail", "runtime error")
    ]
    if failed:
        return f"dbt failed, nothing was posted: {', '.join(failed)}. {details}"
    kind = outcome["exception"] or "unknown error"
    return f"dbt could not start ({kind}), nothing was posted. {details}"


class _Server:
    """The process that runs dbt, one invocation at a time; it ends when this process ends, in any way."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._killer: threading.Timer | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.warehouse.dbt_server"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what dbt prints may quote a row
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C reaches this process, which then interrupts dbt
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._requests, self._lines = self.process.stdin, self.process.stdout
        atexit.register(self.close)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    @property
    def is_busy(self) -> bool:
        """Whether an invocation is running."""
        return self._turn.locked()

    def invoke(
        self, arguments: Sequence[str], environment: dict[str, str]
    ) -> Iterator[dict[str, Any]]:
        """The answers to one request, the outcome last. Raises TransformError where there is no outcome."""
        with self._turn:
            try:
                self._send({"arguments": list(arguments), "environment": environment})
                yield from self._answers()
            except BaseException:  # an interrupt, above all: dbt must not go on writing tables
                self.interrupt()
                with contextlib.suppress(TransformError):
                    for _ in self._answers():
                        pass
                raise
            finally:
                if self._killer:  # the interrupt was enough: the next invocation is not meant
                    self._killer.cancel()

    def prepare(self, options: Sequence[str], environment: dict[str, str]) -> None:
        """Read the project for an invocation to come with this environment."""
        with self._turn:
            self._send({"prepare": list(options), "environment": environment})

    def interrupt(self) -> None:
        """Interrupt the running invocation; kill the process when that does not end in time."""
        self.process.send_signal(signal.SIGINT)
        self._killer = threading.Timer(INTERRUPT_SECONDS, self.process.kill)
        self._killer.daemon = True
        self._killer.start()

    def close(self) -> None:
        """End the process, and dbt with it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self._requests, self._lines):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _send(self, request: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # there will be no answer either
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()

    def _answers(self) -> Iterator[dict[str, Any]]:
        """What the process says of the invocation. Raises TransformError when the process ends before the outcome."""
        for line in self._lines:
            answer: dict[str, Any] = json.loads(line)
            yield answer
            if "outcome" in answer:
                return
        if self.process.wait() < 0:
            raise TransformError("dbt was ended by a signal, nothing was posted. Run again.")
        raise TransformError("dbt cannot be imported. Run make setup.")


_current: _Server | None = None


def _server() -> _Server:
    """The server of this process, started when it is first needed, and again when it was killed."""
    global _current  # noqa: PLW0603 (one for the process: it is there to be imported into once)
    if _current is None or not _current.is_running:
        _current = _Server()
    return _current

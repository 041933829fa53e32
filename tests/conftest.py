"""Fixtures: a clean environment, one Prefect server for each process, sample tickets, the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, settings

from flows.source.made_up.tickets import write_sample
from tests.nursery.client import ADDRESS, fork
from tests.nursery.client import variables as nursery_in
from tests.once import once
from tests.prefect_api import prefect_api as prefect_api_in

if TYPE_CHECKING:
    from flows.warehouse.dbt import Build

# Before Prefect is imported anywhere. Half of its server's start is importing block types that nobody asks for.
os.environ["PREFECT_API_BLOCKS_REGISTER_ON_START"] = "0"
os.environ["PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION"] = "0"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "0"
# A busy machine is no fault of a test's.
settings.register_profile("voc", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voc")
OURS = ("VOC_", "SLACK_", "LAAS_", "LAMBDA_", "GOOGLE_", "BIGQUERY_")
AS_OF = date(2026, 11, 16)  # Monday: reports 2026-W46
TICKETS = "tickets.parquet"


# The files that take minutes, the longest first.
LONG_FILES = (
    *("test_weekly_voc.py", "test_requests.py", "test_cli.py", "test_dbt.py", "test_doubts.py"),
    *("test_end_to_end.py", "test_up.py", "test_purge.py", "test_secrets.py", "test_deployment.py"),
    *("test_bad_input.py", "test_properties.py", "test_bad_data.py", "test_dbt_server.py"),
    *("test_evidence.py", "test_hostile.py", "test_worker.py", "test_wheel.py"),
    *(
        "test_cloud_run.py",
        "test_worlds.py",
        "test_masker.py",
        "test_losses.py",
        "test_pending.py",
        "test_display.py",
    ),
    *("test_socket_mode.py", "test_backtest.py", "test_answers.py", "test_watchdog.py"),
    *("test_browser.py", "test_voc_ask.py", "test_analysts.py", "test_evidence_cases.py"),
    *("test_words.py", "test_stopping.py", "test_endings.py"),
    *("test_run.py", "test_agreement.py", "test_recounts.py", "test_googlesql.py"),
    *("test_faults.py", "test_access.py", "test_readiness.py"),
)
# Fixtures that start a server, dbt, Chromium or `voc`, at once or through another fixture.
SLOW_FIXTURES = {"prefect_api", "sample_build", "voc", "deployed", "emulator", "browser"}


def pytest_configure(config: pytest.Config) -> None:
    """Let all processes of this run share a nursery, which the first who needs it starts."""
    if ADDRESS not in os.environ:
        folder = tempfile.mkdtemp(prefix="voc-nursery-")
        config.add_cleanup(lambda: shutil.rmtree(folder))
        os.environ |= nursery_in(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make check` leaves out: tests with a slow fixture, beside those that are marked by hand.

    Long files come first, so that no process has one left when the others have ended.
    """
    for item in items:
        is_on_bigquery = item.path.parent.name == "bigquery"
        if is_on_bigquery or SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    places = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(autouse=True)
def only_slow_tests_start_dbt(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that starts dbt without the mark would slow `make check` down for everybody."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr("flows.warehouse.dbt._server", lambda: pytest.fail("mark it as slow"))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's reaches a test; files go to the test's own folder."""
    move_to(tmp_path, monkeypatch)


def move_to(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Forget every setting but a home in this folder."""
    for name in list(os.environ):
        if name.startswith(OURS):
            patch.delenv(name)
    patch.chdir(folder)
    patch.setenv("VOC_HOME", str(folder / "home"))


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server with a database of its own. Yields its API URL."""
    with prefect_api_in(tmp_path_factory.mktemp("prefect")) as url:
        yield url


@pytest.fixture(scope="session")
def sample_file() -> Path:
    """Ten weeks of sample tickets up to Sunday 2026-11-15, without chance; every status occurs in 2026-W46."""

    def write(folder: Path) -> None:
        write_sample(
            folder / TICKETS,
            weeks=10,
            tickets_per_week=1200,
            until=date(2026, 11, 15),
            seed=7,
            has_chance=False,
        )

    return once("sample", write) / TICKETS


@pytest.fixture(scope="session")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The tables of docs/analysts.md's sample, with dbt's artifacts: a copy for this process."""
    from flows.runtime.settings import load_settings
    from tests.parts import build_of, workspace_of

    built = once("sample-build", build_sample)
    copy = shutil.copytree(built, tmp_path_factory.mktemp("sample-build") / "copy")
    with pytest.MonkeyPatch.context() as patch:
        move_to(copy, patch)
        settings = load_settings()
        return build_of(settings, workspace_of(settings, built / TICKETS), AS_OF)


def build_sample(folder: Path) -> None:
    """Two runs make the tables: Sunday's tickets came after the first."""
    from flows.runtime.settings import load_settings
    from flows.warehouse.dbt import build_models
    from tests.parts import build_of, open_source

    tickets = folder / TICKETS
    write_sample(tickets, weeks=10, tickets_per_week=3000, until=date(2026, 11, 15), seed=7)
    with pytest.MonkeyPatch.context() as patch:
        move_to(folder, patch)
        settings = load_settings()
        workspace = open_source(settings, tickets, AS_OF).workspace
        # Every table that there can be.
        build = replace(build_of(settings, workspace, AS_OF), has_owners=True)
        database = str(build.workspace.duckdb_path)
        with duckdb.connect(database) as connection:
            connection.execute(
                "alter view source.tickets rename to all_tickets; "
                "create view source.tickets as from source.all_tickets "
                "where event_create_time < timestamptz '2026-11-15 00:00:00+09'"
            )
        build_models(build)
        with duckdb.connect(database) as connection:
            connection.execute("create or replace view source.tickets as from source.all_tickets")
        build_models(build)


@pytest.fixture(scope="session")
def sample_warehouse(sample_build: Build) -> Path:
    """The DuckDB file with the sample's tables."""
    assert sample_build.workspace.duckdb_path is not None
    return sample_build.workspace.duckdb_path


@dataclass(frozen=True)
class Ran:
    """A finished `voc` command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Voc = Callable[..., Ran]


def run_voc(*arguments: str | Path, timeout: float = 240, **environment: str) -> Ran:
    """Run `voc`, as `run_module` does."""
    return run_module("flows.cli", *arguments, timeout=timeout, environment=environment)


def run_module(
    module: str,
    *arguments: str | Path,
    timeout: float = 240,
    directory: Path | None = None,
    environment: Mapping[str, str],
) -> Ran:
    """Run `python -m module` to its end in a process of its own, a fork of the nursery's where there is one."""
    words = [str(argument) for argument in arguments]
    variables = os.environ | environment
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull) as none:
        files = (none.fileno(), out.fileno(), err.fileno())
        process = fork(
            module, *words, files=files, environment=variables, directory=directory
        ) or subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=none,
            stdout=out,
            stderr=err,
            env=variables,
            cwd=directory,
        )
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        texts = [os.pread(file.fileno(), 1 << 30, 0).decode() for file in (out, err)]
    return Ran(code, *texts)


@pytest.fixture
def voc() -> Voc:
    return run_voc

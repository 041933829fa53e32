"""dbt's process: it ends with ours, an interrupt reaches it, and one invocation leaves nothing to the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.runtime.errors import TransformError
from flows.runtime.settings import load_settings
from flows.warehouse import dbt
from flows.warehouse.dbt import Build
from tests.nursery.client import ADDRESS
from tests.parts import build_of, workspace_of

pytestmark = pytest.mark.slow

START_AND_SLEEP = """
import time
from flows.warehouse import dbt
dbt.warm_up()
print(dbt._server().process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module", autouse=True)
def started_anew() -> Iterator[None]:
    """dbt's process itself is the subject here: no fork of the nursery's, nor one that another file has used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(ADDRESS)
        patch.setattr(dbt, "_current", None)
        yield


@pytest.fixture
def build(tmp_path: Path) -> Build:
    settings = load_settings()
    return build_of(settings, workspace_of(settings, tmp_path / "none.csv"), date(2026, 11, 16))


SLOW_QUERY = (
    "select count(*) as pairs from range(20000) as a (n), range(20000) as b (n) where a.n + b.n < 0"
)


def wait_until(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_an_invocation_that_is_ended_is_an_error_and_the_next_one_works(
    build: Build, number: int
) -> None:
    dbt.check_connection(build)  # dbt is imported by now
    timer = threading.Timer(0.1, dbt._server().process.send_signal, (number,))
    timer.start()
    with pytest.raises(TransformError, match="nothing was posted"):
        # Takes seconds, however late the signal comes.
        dbt._invoke(build, ["show", "--inline", SLOW_QUERY, "--limit", "-1"])
    dbt.check_connection(build)


def test_an_interrupt_of_ours_ends_it_too(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while we wait for dbt: it must not go on writing tables."""

    def interrupted(line: str) -> object:
        json_loads.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(dbt, "INTERRUPT_SECONDS", 1)
    json_loads = pytest.MonkeyPatch()
    json_loads.setattr("flows.warehouse.dbt.json.loads", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dbt.check_connection(build)
    assert not dbt._server().is_busy
    dbt.check_connection(build)
    time.sleep(1.5)  # what would kill a dbt that does not end spares the next invocation
    assert dbt._server().is_running
    dbt.check_connection(build)


def test_what_was_prepared_is_used_once_and_by_nobody_else(build: Build) -> None:
    other = replace(build, as_of=date(2026, 11, 23))
    dbt.prepare(build)
    dbt.check_connection(other)  # another environment
    dbt.prepare(build)
    dbt.check_connection(build)
    dbt.check_connection(build)


def test_a_reader_of_the_tables_is_waited_for(build: Build) -> None:
    """An answer to a question opens DuckDB's file for moments."""
    dbt.check_connection(build)
    read = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", read, str(build.workspace.duckdb_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"1\n"
        threading.Timer(3, reader.stdin.close).start()
        dbt.check_connection(build)


def test_the_environment_of_an_invocation_is_its_own(build: Build) -> None:
    before = dict(os.environ)
    dbt.check_connection(build)
    assert dict(os.environ) == before


def test_dbt_ends_with_the_process_that_started_it() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_SLEEP], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait_until(lambda: not Path(f"/proc/{server}").exists())

"""SIGTERM, as Cloud Run and systemd send it: `voc` ends in one line, with a code of its own, before it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows import PROJECT_ROOT
from flows.cli.main import TERMINATED
from flows.runtime.lock import one_run_at_a_time
from tests import services
from tests.fakes.http import hang
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack

pytestmark = pytest.mark.slow

KILLED_AFTER = 10.0
"""Seconds that Cloud Run leaves."""

RUN = ("run", "--week", "2026-W46", "--source")
LINE = "voc: ended by SIGTERM"


@contextmanager
def started(*arguments: object, folder: Path, **environment: str) -> Iterator[services.Service]:
    service = services.start_quickly(
        "flows.cli", *map(str, arguments), log=folder / "voc.log", environment=environment
    )
    try:
        yield service
    finally:
        service.kill()


def end(service: services.Service) -> list[str]:
    """Tell it to end, and return what it had said by then; nothing of it may be left."""
    children = services._descendants(service.process.pid)
    os.kill(service.process.pid, signal.SIGTERM)
    services.wait_for(lambda: has_ended(service.process.pid), KILLED_AFTER)
    assert service.process.wait(60) == TERMINATED == 143  # a busy nursery says it later
    services.wait_for(lambda: not any(Path(f"/proc/{each}").exists() for each in children), 60)
    said = service.log.read_text().splitlines()
    assert [line for line in said if not line.startswith("· ")] == [LINE], said
    return said


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits for nothing but to be forgotten."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def newest_state(api: str) -> str:
    """The state of the flow run that began last. Other tests on this server may have left a schedule."""
    begun = {"start_time": {"is_null_": False}}
    newest = {"sort": "START_TIME_DESC", "limit": 1, "flow_runs": begun}
    (run,) = services.HTTP.post(f"{api}/flow_runs/filter", json=newest).json()
    return str(run["state"]["type"])


def test_while_it_waits_for_another_run(sample_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run = started(*RUN, sample_file, folder=tmp_path, VOC_HOME=str(home))
    with one_run_at_a_time(home), run as voc:
        services.wait_for(lambda: "waiting for it" in voc.log.read_text(), 60, voc)
        end(voc)


def test_while_its_prefect_server_starts(sample_file: Path, tmp_path: Path) -> None:
    with started(*RUN, sample_file, folder=tmp_path, PREFECT_API_URL="") as voc:
        services.wait_for(lambda: "temporary Prefect server" in voc.log.read_text(), 60, voc)
        services.wait_for(lambda: services._descendants(voc.process.pid), 60, voc)
        end(voc)


@pytest.mark.parametrize("waits_for", ["Slack", "dbt", "LaaS"])
def test_prefect_knows_the_run_as_crashed_and_its_lock_is_free(
    waits_for: str, sample_file: Path, tmp_path: Path, prefect_api: str
) -> None:
    with FakeSlack(channels={"C0VOC": {}}) as slack, FakeLaas() as laas:
        settings = {
            "PREFECT_API_URL": prefect_api,
            "SLACK_API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": slack.token,
            "VOC_SLACK_CHANNEL": "C0VOC",
            "LAAS_BASE_URL": laas.url,
            "LAAS_API_KEY": laas.api_key,
        }
        if waits_for == "Slack":
            slack.on(nth=1, do=hang(60))
        if waits_for == "LaaS":
            laas.on(nth=1, do=hang(60))
        with started(*RUN, sample_file, folder=tmp_path, **settings) as voc:
            services.wait_for(
                lambda: {
                    "Slack": slack.requests,
                    "dbt": "dbt: building" in voc.log.read_text(),
                    "LaaS": laas.requests,
                }[waits_for],
                120,
                voc,
            )
            end(voc)
        assert newest_state(prefect_api) == "CRASHED"
        with one_run_at_a_time(tmp_path / "home"):  # the lock is free
            pass


def test_other_commands_too(sample_file: Path, tmp_path: Path) -> None:
    weeks = ("--from", "2026-W45", "--to", "2026-W46")
    with started("backfill", *weeks, "--source", sample_file, folder=tmp_path) as voc:
        services.wait_for(lambda: "· dbt" in voc.log.read_text(), 120, voc)
        end(voc)


STUCK = """
import os, signal, time
from flows.cli import main as cli
def app(**_):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        time.sleep(50)
cli.app, cli.TERMINATED_SECONDS = app, 0.1
cli.main()
"""


def test_a_library_that_swallows_the_interrupt_delays_the_end_only() -> None:
    program = [sys.executable, "-c", STUCK, "--json"]
    ran = subprocess.run(program, cwd=PROJECT_ROOT, check=False, capture_output=True, timeout=60)
    assert ran.returncode == TERMINATED
    message = "ended by SIGTERM before it had finished"
    assert json.loads(ran.stdout)["error"] == {"code": TERMINATED, "message": message}

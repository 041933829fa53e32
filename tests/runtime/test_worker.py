"""`voc-worker` as a script or a container starts it: told to end, it ends before it is killed, and so do its runs."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import services

pytestmark = pytest.mark.slow

KILLED_AFTER = 10.0
"""Seconds that Cloud Run leaves."""


@pytest.fixture(scope="module")
def deployed(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    services.deploy(prefect_api, tmp_path_factory.mktemp("deployed"))
    return prefect_api


@contextlib.contextmanager
def worker(api: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[services.Service]:
    """It is started in the background of a script, where SIGINT is ignored."""
    monkeypatch.delenv("TESTS_NURSERY")  # a fork's runs would not be its children
    settings = {"PREFECT_API_URL": api, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        log = folder / "worker.log"
        service = services.start("-m", "flows.runtime.worker", log=log, environment=settings)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        services.wait_for(lambda: "started!" in log.read_text(), 120, service)
        yield service
    finally:
        service.kill()


def test_between_runs_it_ends_when_it_is_told_to(
    deployed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with worker(deployed, tmp_path, monkeypatch) as service:
        beside = services._descendants(service.process.pid)
        assert beside
        assert service.stop(signal.SIGTERM, KILLED_AFTER) == 0
    assert not any(Path(f"/proc/{each}").exists() for each in beside)


def test_a_run_beside_it_reports_that_it_was_ended(
    deployed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = services.HTTP.get(f"{deployed}/deployments/name/long_task/long-task").json()
    created = services.HTTP.post(
        f"{deployed}/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"steps": 600}},
    ).json()

    def run() -> Any:
        return services.HTTP.get(f"{deployed}/flow_runs/{created['id']}").json()

    with worker(deployed, tmp_path, monkeypatch) as service:
        services.wait_for(lambda: run()["state"]["type"] == "RUNNING", 120, service)
        assert service.stop(signal.SIGTERM, KILLED_AFTER) == 0
    assert run()["state"]["type"] == "CRASHED"

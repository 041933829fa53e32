"""prefect.yaml on a real server with a real worker: what `prefect deploy --all` leaves runs on Monday."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from flows.runtime.lock import one_run_at_a_time
from flows.slack.preview import preview
from tests import services
from tests.conftest import run_voc
from tests.flow import outbox

pytestmark = pytest.mark.slow

MONDAY_NINE_IN_SEOUL = "2026-11-16T00:00:00Z"


@pytest.fixture
def api(prefect_api: str, tmp_path: Path) -> str:
    """A server with what docs/operating.md tells people to set up."""
    services.deploy(prefect_api, tmp_path)
    return prefect_api


def test_a_worker_runs_the_weekly_deployment_and_answers_questions_meanwhile(
    api: str, sample_file: Path, tmp_path: Path
) -> None:
    weekly = services.HTTP.get(f"{api}/deployments/name/weekly_voc/weekly").json()
    (schedule,) = weekly["schedules"]
    assert schedule["schedule"]["cron"] == "0 9 * * 1"
    assert schedule["schedule"]["timezone"] == "Asia/Seoul"
    services.HTTP.post(f"{api}/deployments/{weekly['id']}/schedule", json={}).raise_for_status()
    scheduled = services.HTTP.post(
        f"{api}/flow_runs/filter",
        json={
            "deployments": {"id": {"any_": [weekly["id"]]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        },
    ).json()
    assert scheduled, "the schedule makes no runs"
    on_demand = services.HTTP.get(f"{api}/deployments/name/weekly_voc/on-demand").json()
    assert weekly["work_queue_name"] == on_demand["work_queue_name"] == "reports"
    queue = services.HTTP.get(f"{api}/work_pools/voc/queues/reports").json()
    assert queue["concurrency_limit"] == 1
    queue = services.HTTP.get(f"{api}/work_pools/voc/queues/questions").json()
    assert queue["concurrency_limit"] is None

    created = services.HTTP.post(
        f"{api}/deployments/{weekly['id']}/create_flow_run",
        json={
            "parameters": {"source": str(sample_file)},
            "state": {
                "type": "SCHEDULED",
                "state_details": {"scheduled_time": MONDAY_NINE_IN_SEOUL},
            },
        },
    )
    run = created.raise_for_status().json()
    # On the same clock as Seoul, and not the schedule's zone.
    with services.worker(api, tmp_path, {"VOC_TIMEZONE": "Asia/Tokyo"}):
        with one_run_at_a_time(tmp_path / "home"):  # so that the report takes until this ends
            services.wait_for(lambda: _run(api, run["id"])["state"]["type"] == "RUNNING", 60)
            assert _answer(api, "결제", tmp_path) == "아직 만들어진 리포트가 없습니다"
            assert _run(api, run["id"])["state"]["type"] == "RUNNING"
        finished = _wait(api, run["id"])
        assert finished["state"]["type"] == "COMPLETED", (tmp_path / "worker.log").read_text()
        assert _answer(api, "결제", tmp_path).endswith("기업 / 결제")

    messages = [m for m in outbox(tmp_path / "home") if _payload(m)["kind"] != "answer"]
    assert messages
    assert {_payload(message)["report_week"] for message in messages} == {"2026-W46"}
    other_zone = "the schedule of weekly is in Asia/Seoul and VOC_TIMEZONE is Asia/Tokyo."
    # A run's log is sent in the background.
    services.wait_for(lambda: "\ndbt: building the tables\n" in _log(api, run["id"]), 60)
    services.wait_for(lambda: f"\n{other_zone}" in _log(api, run["id"]), 60)

    doctor = {
        zone: run_voc("doctor", VOC_TIMEZONE=zone, PREFECT_API_URL=api, COLUMNS="300")
        for zone in ("Asia/Seoul", "Asia/Tokyo")
    }
    assert re.search(r"✓\s+Prefect .* answers +\n", doctor["Asia/Seoul"].out)
    assert re.search(rf"✗\s+Prefect .* answers; {other_zone}", doctor["Asia/Tokyo"].out)
    assert doctor["Asia/Tokyo"].code == 1


def _answer(api: str, question: str, folder: Path) -> str:
    """The first line and the name in the message that answers a question, as a run of its deployment posts it."""
    deployment = services.HTTP.get(f"{api}/deployments/name/voc_ask/questions").json()
    assert deployment["work_queue_name"] == "questions"
    asked = services.HTTP.post(
        f"{api}/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"question": question}, "state": {"type": "SCHEDULED"}},
    )
    run = asked.raise_for_status().json()
    assert _wait(api, run["id"])["state"]["type"] == "COMPLETED", (
        folder / "worker.log"
    ).read_text()
    (message,) = [m for m in outbox(folder / "home") if _payload(m)["run"] == run["id"]]
    return " · ".join(preview(message["blocks"]).split("\n")[:2]).split(". ")[0]


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = message["metadata"]["event_payload"]
    return payload


def _log(api: str, run_id: str) -> str:
    """The lines of a run's log, each after a line break."""
    wanted = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
    lines = services.HTTP.post(f"{api}/logs/filter", json=wanted).json()
    return "".join(f"\n{line['message']}" for line in lines) + "\n"


def _run(api: str, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = services.HTTP.get(f"{api}/flow_runs/{run_id}").json()
    return run


def _wait(api: str, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 200
    while True:
        run = _run(api, run_id)
        if run["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return run
        assert time.monotonic() < deadline, run["state"]
        time.sleep(1)

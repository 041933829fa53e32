"""deploy/automations.yaml on a run that its worker took and never started: the queue goes on, the asker is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import PROJECT_ROOT
from tests import services
from tests.bot.conftest import Bots, Prefect, bot_settings, people_of, wait_for, wait_for_reply
from tests.fakes.slack import FakeSlack

AUTOMATION = "a run that does not start has crashed"
WITHIN = 10  # seconds, the least that Prefect allows
NOTICED = 90


@pytest.fixture
def automation(prefect: Prefect) -> Iterator[dict[str, Any]]:
    """The automation, with less patience."""
    listed = yaml.safe_load((PROJECT_ROOT / "deploy" / "automations.yaml").read_text())
    (automation,) = [each for each in listed["automations"] if each["name"] == AUTOMATION]
    automation["trigger"]["within"] = WITHIN
    created = services.HTTP.post(f"{prefect.api}/automations/", json=automation)
    yield automation
    services.HTTP.delete(f"{prefect.api}/automations/{created.raise_for_status().json()['id']}")


@pytest.mark.usefixtures("automation")
def test_a_run_that_never_starts_ends_as_crashed_and_the_next_one_starts(
    prefect: Prefect, bots: Bots, slack: FakeSlack, tmp_path: Path
) -> None:
    of_the_worker = bot_settings(slack) | {"VOC_HOME": str(tmp_path / "home")}
    with bots() as bot:
        people = people_of(slack, bot)
        first = people.mention("2026-W46")
        wait_for(prefect.runs)
        (taken,) = prefect.runs()
        # Its process never becomes a run.
        url = f"{prefect.api}/flow_runs/{taken['id']}"
        stuck = {"job_variables": {"command": "sleep 600"}}
        services.HTTP.patch(url, json=stuck).raise_for_status()
        with services.worker(prefect.api, tmp_path, of_the_worker) as worker:
            wait_for(lambda: state(prefect, taken)["type"] == "PENDING", NOTICED)
            worker.kill()
        # Two more are taken: the one that does start is left alone.
        flow = {"flow_id": taken["flow_id"]}
        going, silent = (
            services.HTTP.post(f"{prefect.api}/flow_runs/", json=flow).json() for _ in range(2)
        )
        for run, *states in ((going, "PENDING", "RUNNING"), (silent, "PENDING")):
            for each in states:
                prefect.set_state(run, each)
        # With 다시 the bot does not refuse a week before the data, which a report on this server may have noted.
        next_one = people.mention("2020-W01 다시")
        with services.worker(prefect.api, tmp_path, of_the_worker):
            wait_for_reply(slack, first.ts, "❌ 실패 · 실행하던 프로세스가 중단되었습니다", NOTICED)
            assert state(prefect, taken)["type"] == "CRASHED"
            assert state(prefect, taken)["message"].startswith("Not started within 5 minutes.")
            wait_for_reply(slack, next_one.ts, "그 주의 리포트는 만들 수 없습니다", NOTICED)
    wait_for(lambda: state(prefect, silent)["type"] == "CRASHED", NOTICED)
    assert state(prefect, going)["type"] == "RUNNING"
    for run in (going, silent):
        services.HTTP.delete(f"{prefect.api}/flow_runs/{run['id']}")


def state(prefect: Prefect, run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = services.HTTP.get(f"{prefect.api}/flow_runs/{run['id']}").json()
    return found["state"]  # type: ignore[no-any-return]

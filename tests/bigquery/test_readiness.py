"""A Monday run looks how far the source reaches before it counts anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalogue.ending import WAITING
from flows.warehouse.readiness import WEEKDAY_COUNTS, read_readiness
from tests import services
from tests.bigquery.conftest import SOURCE_PROJECT, TARGET_PROJECT
from tests.conftest import run_voc
from tests.fakes.bigquery import FakeBigQuery
from tests.parts import bigquery_of

MONDAY = date(2026, 11, 16)
SUNDAY_ENDS = datetime(2026, 11, 15, 15, tzinfo=UTC)  # midnight in Seoul
SUNDAY_BEGINS = SUNDAY_ENDS - timedelta(days=1)


def ticket(at: datetime) -> dict[str, Any]:
    texts = dict.fromkeys(("category2", "category3", "title", "detail", "keywords"), "x")
    return {
        "id": at.isoformat(),
        "event_create_time": at,
        "category1": "유저",
        "overall_emotion": "부정",
        **texts,
    }


@pytest.fixture
def reaching(bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch, request: Any) -> Any:
    """Make a source with tickets at these moments."""

    def load(*times: datetime) -> None:
        table = f"{SOURCE_PROJECT}.wanted_ml.readiness_{abs(hash(request.node.name))}"
        monkeypatch.setenv("VOC_SOURCE_TABLE", table)
        bq.load(table, [ticket(at) for at in times])

    return load


W46 = [date(2026, 11, 9) + timedelta(days=n) for n in range(7)]
EIGHT_WEEKS_BEFORE = [W46[0] - timedelta(days=n) for n in range(1, 57)]


def noon(day: date) -> datetime:
    """Noon of a day in Seoul."""
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("newest", "last_day", "missing"),
    [
        (SUNDAY_BEGINS - timedelta(seconds=1), W46[5], W46[6:]),
        (SUNDAY_BEGINS, W46[6], []),
        (SUNDAY_ENDS - timedelta(seconds=1), W46[6], []),
        (SUNDAY_ENDS, MONDAY, []),  # the source has gone on without a ticket on Sunday
        (SUNDAY_BEGINS - timedelta(days=30), None, W46),
    ],
)
def test_the_source_is_ready_when_it_has_every_day_of_the_week(
    reaching: Any, newest: datetime, last_day: date | None, missing: list[date]
) -> None:
    days = map(noon, EIGHT_WEEKS_BEFORE + W46[:6])
    reaching(newest, *(moment for moment in days if moment < newest))
    found = read_readiness(bigquery_of(), MONDAY, "Asia/Seoul")
    assert (found.last_day, found.is_ready) == (last_day, not missing)
    assert found.missing_days == tuple(missing)
    weeks = found.weeks
    assert (weeks.comparison.label, weeks.base.label) == ("2026-W46", "2026-W45")
    assert (weeks.comparison.start, weeks.comparison.end) == (date(2026, 11, 9), date(2026, 11, 15))
    assert (weeks.base.start, weeks.base.end) == (date(2026, 11, 2), date(2026, 11, 8))


@pytest.mark.parametrize(
    ("later", "is_ready"),
    [([], False), ([MONDAY], False), ([MONDAY, MONDAY + timedelta(days=1)], True)],
)
def test_a_wednesday_is_missed_though_sunday_is_there(
    reaching: Any, later: list[date], is_ready: bool
) -> None:
    """Until the day after the week is over too: then nobody fills the gap any more, and the report tells of it."""
    reaching(*map(noon, [*EIGHT_WEEKS_BEFORE, *W46[:2], *W46[3:], *later]))
    found = read_readiness(bigquery_of(), MONDAY, "Asia/Seoul")
    assert found.is_ready == is_ready
    assert found.missing_days == (() if is_ready else (W46[2],))


@pytest.mark.parametrize(("sundays", "is_ready"), [(0, True), (5, True), (6, False)])
@pytest.mark.parametrize("is_counted", [False, True])
def test_a_day_that_usually_has_no_tickets_is_not_waited_for(
    reaching: Any,
    bq: FakeBigQuery,
    monkeypatch: pytest.MonkeyPatch,
    sundays: int,
    is_ready: bool,
    is_counted: bool,
) -> None:
    """Usual is three quarters of eight weeks, in the source before the first run, as counted after it."""
    before = [
        day
        for day in EIGHT_WEEKS_BEFORE
        if day.weekday() < 6 or day >= W46[0] - timedelta(7 * sundays)
    ]
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", f"readiness_{sundays}_{is_counted}".lower())
    if is_counted:
        count_days(bq, f"readiness_{sundays}_true", before)
    reaching(*map(noon, W46[:6] if is_counted else [*before, *W46[:6]]))
    found = read_readiness(bigquery_of(), MONDAY, "Asia/Seoul")
    assert (found.is_ready, found.missing_days) == (is_ready, () if is_ready else (W46[6],))
    assert len([job for job in bq.jobs if "tickets" in job.sql]) == 1


def count_days(bq: FakeBigQuery, dataset: str, days: list[date]) -> None:
    """The models' counts of some days, a ticket each."""
    counts = ", ".join(
        f"countif(mod(extract(dayofweek from day) + 5, 7) = {n}) as {name}"
        for n, name in enumerate(WEEKDAY_COUNTS)
    )
    listed = ", ".join(f"date '{day}'" for day in days)
    with bq.client(TARGET_PROJECT) as client:
        client.create_dataset(dataset, exists_ok=True)
        client.query_and_wait(
            f"create or replace table {dataset}.fct_voc_weekly_counts as "
            f"select date_trunc(day, isoweek) as week_start, {counts} from unnest([{listed}]) as day group by 1"
        )


@pytest.mark.parametrize("as_of", [date(2026, 11, 17), date(2026, 11, 22)])
def test_any_day_of_the_week_after_asks_for_the_same_week(reaching: Any, as_of: date) -> None:
    reaching(*map(noon, W46))
    found = read_readiness(bigquery_of(), as_of, "Asia/Seoul")
    assert (found.weeks.comparison.label, found.is_ready) == ("2026-W46", True)


def test_a_report_on_late_data_is_not_posted(reaching: Any, bq: FakeBigQuery) -> None:
    reaching(*map(noon, W46[:6]))
    ran = run_voc("run", "--as-of", str(MONDAY), "--json")
    assert ran.code == 3, ran.err
    assert ran.json["outcome"] == "not_ready"
    assert ran.json["report_week"]["label"] == "2026-W46"
    assert ran.json["missing_days"] == ["2026-11-15"]
    assert ran.json["messages"] == []


def test_a_run_that_waits_for_data_holds_no_slot_and_comes_back_by_itself(
    reaching: Any, prefect_api: str, tmp_path: Path
) -> None:
    reaching(*map(noon, W46[:6]))
    api = Api(prefect_api)
    services.deploy(prefect_api, tmp_path)
    with services.worker(prefect_api, tmp_path):
        first = api.start()
        assert api.ended(first)["state"]["message"] == "2026-W46 not_ready"
        (waiting,) = api.waiting()
        wait_until = datetime.fromisoformat(waiting["parameters"]["wait_until"])
        begun = datetime.fromisoformat(api.read(first)["start_time"])
        assert timedelta(0) <= wait_until - begun - timedelta(minutes=180) < timedelta(minutes=5)
        assert waiting["parameters"]["as_of"] == str(MONDAY)
        assert waiting["work_queue_name"] == "reports"
        said = "the source has no tickets of 2026-11-15 yet: looking again at"
        # Prefect sends logs in the background.
        services.wait_for(lambda: any(line.startswith(said) for line in api.log(first)), 60)

        # The queue has one slot, and its wait is over.
        over = api.start(wait_until="2026-11-16T03:00:00Z")
        assert not api.notes(tmp_path)
        assert api.ended(over)["state"]["message"] == "2026-W46 not_ready"
        assert len(api.notes(tmp_path)) == 1
        assert [run["id"] for run in api.waiting()] == [waiting["id"]]
        assert api.read(waiting["id"])["state"]["type"] == "SCHEDULED"

        # As after a crash in between: the same run again.
        api.run_now(first)
        api.ended(first)
        assert [run["id"] for run in api.waiting()] == [waiting["id"]]

        api.run_now(waiting["id"])
        api.ended(waiting["id"])
        (next_one,) = api.waiting()
        assert next_one["id"] != waiting["id"]
        assert next_one["parameters"] == waiting["parameters"]


@dataclass
class Api:
    """The deployment `weekly` on a server."""

    url: str

    def start(self, **parameters: str) -> str:
        weekly = services.HTTP.get(f"{self.url}/deployments/name/weekly_voc/weekly").json()
        asked = {"as_of": str(MONDAY), **parameters}
        created = services.HTTP.post(
            f"{self.url}/deployments/{weekly['id']}/create_flow_run", json={"parameters": asked}
        )
        return str(created.raise_for_status().json()["id"])

    def run_now(self, run_id: str) -> None:
        state = {"state": {"type": "SCHEDULED"}, "force": True}
        services.HTTP.post(
            f"{self.url}/flow_runs/{run_id}/set_state", json=state
        ).raise_for_status()

    def ended(self, run_id: str) -> dict[str, Any]:
        services.wait_for(lambda: self.read(run_id)["state"]["type"] in FINAL, 120)
        return self.read(run_id)

    def read(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = services.HTTP.get(f"{self.url}/flow_runs/{run_id}").json()
        return found

    def waiting(self) -> list[dict[str, Any]]:
        """The runs that are due later because an earlier one had to wait."""
        wanted = {"tags": {"all_": [WAITING]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
        found: list[dict[str, Any]] = services.HTTP.post(
            f"{self.url}/flow_runs/filter", json={"flow_runs": wanted}
        ).json()
        return found

    def log(self, run_id: str) -> list[str]:
        wanted = {"logs": {"flow_run_id": {"any_": [run_id]}}}
        lines = services.HTTP.post(f"{self.url}/logs/filter", json=wanted).json()
        return [line["message"] for line in lines]

    def notes(self, folder: Path) -> list[Path]:
        return list((folder / "home" / "outbox").glob("*.json"))


FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

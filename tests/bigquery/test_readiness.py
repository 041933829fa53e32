"""A Monday run looks how far the source reaches before it counts anything."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from flows import tasks
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.readiness import WEEKDAY_COUNTS, Readiness, read_readiness
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


async def wait_until_ready(*, minutes: float) -> Readiness:
    bigquery = cast(BigQuery, None)  # the check that asks it is replaced
    return await tasks.wait_until_ready(bigquery, MONDAY, "Asia/Seoul", minutes=minutes)


def test_a_patient_run_waits_until_the_data_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [False, False, True]

    async def check(*_: object) -> Readiness:
        return Readiness(weeks=None, last_day=None, is_ready=answers.pop(0))  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "check_readiness", check)
    monkeypatch.setattr(tasks, "READINESS_POLL_SECONDS", 0.01)
    assert asyncio.run(wait_until_ready(minutes=180)).is_ready
    assert not answers


@pytest.mark.parametrize("minutes", [0.001, 0])
def test_nobody_waits_for_longer_than_asked(
    monkeypatch: pytest.MonkeyPatch, minutes: float
) -> None:
    late = Readiness(weeks=None, last_day=None, is_ready=False)  # type: ignore[arg-type]

    async def check(*_: object) -> Readiness:
        return late

    monkeypatch.setattr(tasks, "check_readiness", check)
    monkeypatch.setattr(tasks, "READINESS_POLL_SECONDS", 0.01)
    assert asyncio.run(wait_until_ready(minutes=minutes)) is late

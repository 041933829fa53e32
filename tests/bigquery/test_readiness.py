"""A Monday run looks how far the source reaches before it counts anything."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from flows import tasks
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.readiness import Readiness, read_readiness
from tests.bigquery.conftest import SOURCE_PROJECT
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
    """Make a source whose newest ticket is from a moment."""

    def load(*times: datetime) -> None:
        table = f"{SOURCE_PROJECT}.wanted_ml.readiness_{abs(hash(request.node.name))}"
        monkeypatch.setenv("VOC_SOURCE_TABLE", table)
        bq.load(table, [ticket(at) for at in times])

    return load


@pytest.mark.parametrize(
    ("newest", "last_day", "is_ready"),
    [
        (SUNDAY_BEGINS - timedelta(seconds=1), date(2026, 11, 14), False),
        (SUNDAY_BEGINS, date(2026, 11, 15), True),
        (SUNDAY_ENDS - timedelta(seconds=1), date(2026, 11, 15), True),
        (SUNDAY_ENDS, date(2026, 11, 16), True),
        (SUNDAY_BEGINS - timedelta(days=30), None, False),
    ],
)
def test_the_source_is_ready_when_it_reaches_the_last_day_of_the_week(
    reaching: Any, newest: datetime, last_day: date | None, is_ready: bool
) -> None:
    reaching(newest, SUNDAY_BEGINS - timedelta(days=40))
    found = read_readiness(bigquery_of(), MONDAY, "Asia/Seoul")
    assert (found.last_day, found.is_ready) == (last_day, is_ready)
    weeks = found.weeks
    assert (weeks.comparison.label, weeks.base.label) == ("2026-W46", "2026-W45")
    assert (weeks.comparison.start, weeks.comparison.end) == (date(2026, 11, 9), date(2026, 11, 15))
    assert (weeks.base.start, weeks.base.end) == (date(2026, 11, 2), date(2026, 11, 8))


@pytest.mark.parametrize("as_of", [date(2026, 11, 17), date(2026, 11, 22)])
def test_any_day_of_the_week_after_asks_for_the_same_week(reaching: Any, as_of: date) -> None:
    reaching(SUNDAY_BEGINS)
    found = read_readiness(bigquery_of(), as_of, "Asia/Seoul")
    assert (found.weeks.comparison.label, found.is_ready) == ("2026-W46", True)


def test_a_report_on_late_data_is_not_posted(reaching: Any, bq: FakeBigQuery) -> None:
    reaching(SUNDAY_BEGINS - timedelta(seconds=1))
    ran = run_voc("run", "--as-of", str(MONDAY), "--json")
    assert ran.code == 3, ran.err
    assert ran.json["outcome"] == "not_ready"
    assert ran.json["report_week"]["label"] == "2026-W46"
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

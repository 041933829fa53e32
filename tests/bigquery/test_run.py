"""The product on BigQuery's API, from the source table to the messages, week after week.

One dataset, whose tables each step builds on; after every step they are what the DuckDB target makes of the same
tickets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.runtime.settings import load_settings
from flows.source.made_up.tickets import write_sample
from flows.source.thresholds import SEED
from flows.warehouse.dbt import build_models
from tests.bigquery.compiled import Compiled
from tests.bigquery.conftest import SOURCE_TABLE, TARGET_PROJECT, variables
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.scans import Scan, weekly_ratio, with_values
from tests.bigquery.test_cost import freshness_query, scans_of
from tests.bigquery.twin import (
    MARTS,
    DuckDBTwin,
    Row,
    assert_same_rows,
    read_parquet,
)
from tests.conftest import Ran, run_voc
from tests.fakes.bigquery import SOURCE_SCHEMA, FakeBigQuery
from tests.parts import build_of, workspace_of

W46, W47 = date(2026, 11, 16), date(2026, 11, 23)  # the Mondays that report these weeks
# Together they are the limit, 36: a job more needs one less elsewhere. The words on the rise took the last one: they are of
# all tickets, not of a flagged category, so they are no rows of the keywords' mart.
MONDAY_DBT_JOBS, MONDAY_READS = 26, 10
COLUMNS = {field.name: field.field_type for field in SOURCE_SCHEMA}


@dataclass
class Story:
    """An endpoint with the product's dataset, and its twin on DuckDB."""

    bigquery: FakeBigQuery
    twin: DuckDBTwin
    environment: dict[str, str]

    def load(self, tickets: list[Row]) -> None:
        self.bigquery.load(SOURCE_TABLE, tickets)
        self.twin.add(tickets)

    def voc(self, *arguments: str) -> Ran:
        return run_voc(*arguments, timeout=240, **self.environment)

    def assert_same_marts(self) -> None:
        expected = self.twin.marts()
        for mart in MARTS:
            found = self.bigquery.rows(f"select * from voc.{mart}", TARGET_PROJECT)
            assert_same_rows(found, expected[mart], mart)

    def totals(self) -> dict[date, int]:
        sql = (
            "select week_start, sum(total_count) as total from voc.fct_voc_weekly_counts group by 1"
        )
        return {row["week_start"]: row["total"] for row in self.bigquery.rows(sql, TARGET_PROJECT)}


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Callable[[date, date], list[Row]]:
    """The sample's tickets of the weeks from one Monday to before another."""
    path = tmp_path_factory.mktemp("sample") / "tickets.parquet"
    write_sample(
        path, weeks=11, tickets_per_week=600, until=date(2026, 11, 22), seed=7, has_chance=False
    )
    rows = read_parquet(path)

    def between(first: date, end: date) -> list[Row]:
        start, stop = (
            datetime(d.year, d.month, d.day, tzinfo=UTC) - timedelta(hours=9) for d in (first, end)
        )
        return [row for row in rows if start <= row["event_create_time"] < stop]

    return between


@pytest.fixture(scope="module")
def story(
    emulator: str,
    prefect_api: str,
    tmp_path_factory: pytest.TempPathFactory,
    tickets: Callable[[date, date], list[Row]],
) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    with FakeBigQuery(emulator) as bigquery:
        environment = variables(bigquery, folder) | {
            "VOC_HOME": str(folder / "home"),
            "PREFECT_API_URL": prefect_api,
        }
        story = Story(bigquery, DuckDBTwin(folder / "twin", COLUMNS), environment)
        story.load(tickets(date(2026, 9, 7), W46))
        yield story


@pytest.fixture(scope="module")
def first_run(story: Story) -> Ran:
    """Counts all of history and reports W46."""
    ran = story.voc("run", "--week", "2026-W46", "--json")
    story.twin.build(W46)
    return ran


@pytest.fixture(scope="module")
def monday_run(
    story: Story, first_run: Ran, tickets: Callable[[date, date], list[Row]]
) -> tuple[Ran, list[Any]]:
    """Counts the new week and the look-back, with tickets that came late; gives its jobs too."""
    late = tickets(date(2026, 9, 7), date(2026, 9, 14))[:5] + tickets(date(2026, 11, 2), W46)[:5]
    story.load([row | {"id": f"late-{row['id']}"} for row in late])
    story.load(tickets(W46, W47))
    before = len(story.bigquery.jobs)
    ran = story.voc("run", "--week", "2026-W47", "--json")
    story.twin.build(W47)
    return ran, story.bigquery.jobs[before:]


def test_the_first_run_counts_all_of_history(story: Story, first_run: Ran) -> None:
    assert first_run.code == 0, first_run.err
    assert first_run.json["outcome"] == "quiet"  # the sample's surge is in its last week
    assert first_run.json["report_week"]["label"] == "2026-W46"
    assert len(story.totals()) == 10
    story.assert_same_marts()


def test_a_monday_run_adds_its_week_and_counts_late_tickets_of_any_week(
    story: Story, monday_run: tuple[Ran, list[Any]], tickets: Callable[[date, date], list[Row]]
) -> None:
    ran, _ = monday_run
    assert ran.code == 0, ran.err
    assert ran.json["outcome"] == "posted"
    assert ran.json["report_week"]["label"] == "2026-W47"
    assert len(story.totals()) == 11
    first_week = date(2026, 9, 7)
    on_time = {row["id"] for row in tickets(first_week, date(2026, 9, 14))}
    assert story.totals()[first_week] == len(on_time) + 5
    story.assert_same_marts()


def test_a_backtest_reads_the_same_and_writes_nothing(
    story: Story, monday_run: tuple[Ran, list[Any]]
) -> None:
    before = len(story.bigquery.jobs)
    ran = story.voc("backtest", "--thresholds", str(SEED), "--weeks", "4", "--json")
    assert ran.code == 0, ran.err
    assert [week["week"]["label"] for week in ran.json["weeks"]] == [
        f"2026-W{number}" for number in (44, 45, 46, 47)
    ]
    total = ran.json["sum"]
    assert (total["gained"], total["lost"]) == (0, 0)
    assert total["kept"] >= monday_run[0].json["alarms"] > 0
    assert total["alarms_by_chance_candidate"] == pytest.approx(total["alarms_by_chance"])
    asked = [job.sql.lstrip().lower() for job in story.bigquery.jobs[before:]]
    assert all(sql.startswith(("select", "with", "--", "/*")) for sql in asked), asked
    story.assert_same_marts()


def test_jobs_are_labelled_bounded_in_cost_and_in_one_place(
    monday_run: tuple[Ran, list[Any]],
) -> None:
    _, jobs = monday_run
    (flow_run_id,) = {job.labels["flow_run_id"] for job in jobs}
    assert len(flow_run_id) == 36
    assert {job.labels["app"] for job in jobs} == {"voc-analyst"}
    assert {"fct_voc_weekly_status", "assert_counts_add_up_to_source"} <= {
        job.labels.get("node") for job in jobs
    }
    assert {job.maximum_bytes_billed for job in jobs} == {20_000_000_000}
    assert {job.project for job in jobs} == {TARGET_PROJECT}
    assert {job.location for job in jobs} == {"asia-northeast3"}


def test_a_monday_run_has_few_jobs(monday_run: tuple[Ran, list[Any]]) -> None:
    """Each takes a second or two, and BigQuery bills 10 MB at least."""
    _, jobs = monday_run
    nodes = Counter(job.labels.get("node", "a read") for job in jobs)
    assert len(jobs) <= 36, nodes
    reads = nodes.pop("a read")
    assert reads <= MONDAY_READS, [job.sql for job in jobs if "node" not in job.labels]
    assert nodes.total() <= MONDAY_DBT_JOBS, nodes


def test_a_monday_run_reads_little_more_than_it_must(
    compiled: Compiled, googlesql: GoogleSql, monday_run: tuple[Ran, list[Any]]
) -> None:
    """All jobs that the endpoint saw, and the query of `dbt source freshness` besides."""
    _, jobs = monday_run
    now = datetime(2026, 11, 23, tzinfo=UTC)
    scans = scans_of(compiled, googlesql).of_jobs(map(with_values, jobs))
    assert all(scan.start and scan.end for scan in scans)
    (freshness,) = scans_of(compiled, googlesql).of_jobs([freshness_query(compiled)])
    days = freshness.partitions(datetime.now(UTC))
    same = Scan(freshness.columns, ((now - timedelta(days=days - 1), now),))
    assert weekly_ratio([*scans, same], now) <= 1.6


def test_the_page_has_the_trend_and_the_list_has_every_week(
    story: Story, monday_run: tuple[Ran, list[Any]]
) -> None:
    ran, _ = monday_run
    reports = Path(story.environment["VOC_HOME"]) / "reports"
    page = (reports / "2026-W47.html").read_text()
    rows = re.findall(r'<th scope="row">2026-W\d\d</th><td>([\d,]+)</td>', page)
    totals = [f"{total:,}" for _, total in sorted(story.totals().items(), reverse=True)]
    assert rows[: len(totals)] == totals
    index = (reports / "index.html").read_text()
    assert re.findall(r'href="(2026-W\d\d\.html)"', index) == ["2026-W47.html", "2026-W46.html"]
    assert ran.err.count("page") == 0


def test_reads_have_named_parameters(monday_run: tuple[Ran, list[Any]]) -> None:
    _, jobs = monday_run
    reads = [job for job in jobs if "node" not in job.labels]
    assert any(job.parameters == {"week_start": "2026-11-16"} for job in reads)
    assert any(job.parameters == {"as_of": "2026-11-23"} for job in reads)
    assert not any("2026-11" in job.sql for job in reads)


def test_the_run_says_what_it_billed(
    story: Story, monday_run: tuple[Ran, list[Any]], prefect_api: str
) -> None:
    """A line on the terminal; one a job, with its name, in the log of the flow run."""
    import httpx

    ran, jobs = monday_run
    built = [job for job in jobs if "node" in job.labels]
    billed = len(built) * 10_485_760 / 1e6
    assert f"BigQuery billed {billed:.1f} MB in {len(built)} jobs" in ran.err
    log = httpx.post(
        f"{prefect_api}/logs/filter",
        json={"logs": {"flow_run_id": {"any_": [jobs[0].labels["flow_run_id"]]}}, "limit": 200},
    ).json()
    lines = [entry["message"] for entry in log]
    assert "BigQuery: fct_voc_weekly_counts billed 10.5 MB" in lines
    assert "BigQuery: read billed 10.5 MB" in lines


def test_status_reads_the_marts(story: Story, monday_run: tuple[Ran, list[Any]]) -> None:
    latest, older = (
        story.voc("status", "--json"),
        story.voc("status", "--week", "2026-W46", "--json"),
    )
    assert latest.code == older.code == 0, latest.err + older.err
    statuses = {
        week: sum(row["week_start"] == week for row in story.twin.marts()["fct_voc_weekly_status"])
        for week in (date(2026, 11, 16), date(2026, 11, 9))
    }
    assert [len(latest.json["rows"]), len(older.json["rows"])] == [*statuses.values()]


def test_history_adds_up_what_is_below_a_level(
    story: Story, monday_run: tuple[Ran, list[Any]]
) -> None:
    ran = story.voc("history", "--category", "유저", "--weeks", "3", "--json")
    assert ran.code == 0, ran.err
    counts = [
        row for row in story.twin.marts()["fct_voc_weekly_counts"] if row["category1"] == "유저"
    ]
    expected = {
        week: sum(row["total_count"] for row in counts if row["week_start"] == week)
        for week in (date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16))
    }
    assert {
        date.fromisoformat(week["week_start"]): week["total_count"] for week in ran.json["weeks"]
    } == expected
    assert ran.json["weeks"][-1]["status"] == "CRITICAL"


def test_doctor_finds_everything_in_place(story: Story, monday_run: tuple[Ran, list[Any]]) -> None:
    ran = story.voc("doctor")
    assert "✗ source" in ran.out or ran.code == 0, ran.out  # the sample is of November 2026
    found = " ".join(ran.out.split())
    assert f"✓ BigQuery jobs jobs run in {TARGET_PROJECT} (asia-northeast3)" in found
    assert f"✓ dataset {TARGET_PROJECT}.voc can be written to" in found
    assert "✓ dbt target bigquery" in found
    left = story.bigquery.rows(
        "select table_name from voc.INFORMATION_SCHEMA.TABLES", TARGET_PROJECT
    )
    assert not [row for row in left if "doctor" in row["table_name"]]


def test_a_backfill_counts_past_weeks_again_and_posts_nothing_and_a_second_one_changes_nothing(
    story: Story, monday_run: tuple[Ran, list[Any]]
) -> None:
    def outbox() -> dict[str, bytes]:
        files = (Path(story.environment["VOC_HOME"]) / "outbox").rglob("*.*")
        return {path.name: path.read_bytes() for path in files}

    def everything() -> dict[str, list[Row]]:
        names = [*MARTS, "voc_weekly_status_snapshot"]
        return {
            name: story.bigquery.rows(f"select * from voc.{name}", TARGET_PROJECT) for name in names
        }

    posted = outbox()
    assert posted
    counted = story.totals()
    arguments = ("backfill", "--from", "2026-W37", "--to", "2026-W46")
    ran = story.voc(*arguments)
    assert ran.code == 0, ran.err
    assert ran.out == (
        "Counted 2026-W37 to 2026-W46 again; nothing was posted. See voc status --week 2026-W46.\n"
    )
    assert "· dbt 1 of " in ran.err
    assert outbox() == posted
    story.twin.backfill(date(2026, 9, 14), W46)
    story.assert_same_marts()
    assert story.totals() == counted
    newest = "select week_start from voc.dim_voc_weeks where is_report_week"
    assert story.bigquery.rows(newest, TARGET_PROJECT) == [{"week_start": date(2026, 11, 16)}]
    before = everything()
    assert story.voc(*arguments).code == 0
    for name, rows in everything().items():
        assert_same_rows(rows, before[name], name)


# dbt-bigquery 1.12 asks Google's client for a table's partitioning by an old name.
@pytest.mark.filterwarnings("ignore:.*time_partitioning.type_:PendingDeprecationWarning")
def test_a_full_refresh_counts_everything_again(
    story: Story, monday_run: tuple[Ran, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in story.environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    build_models(build_of(settings, workspace_of(settings, None), W47, full_refresh=True))
    story.twin.build(W47, full_refresh=True)
    story.assert_same_marts()

"""Which weeks a run on BigQuery counts again: those whose partitions have changed, and no others.

One dataset, whose tables each step builds on; after every step they are what the DuckDB target makes of the same
tickets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from flows.runtime.settings import load_settings
from flows.warehouse.dbt import build_models
from tests.bigquery.conftest import SOURCE_PROJECT, TARGET_PROJECT, variables
from tests.bigquery.test_run import COLUMNS
from tests.bigquery.twin import MARTS, DuckDBTwin, Row, assert_same_rows
from tests.fakes.bigquery import FakeBigQuery
from tests.parts import build_of, workspace_of

# dbt-bigquery 1.12 asks Google's client for a table's partitioning by an old name.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*time_partitioning.type_:PendingDeprecationWarning"
)

AS_OF = date(2026, 11, 16)
WEEKS = [date(2026, 8, 31) + timedelta(weeks=n) for n in range(11)]
LOOK_BACK = set(WEEKS[-3:])
SOURCE, TWIN_SOURCE = f"{SOURCE_PROJECT}.recounts.tickets", "source.tickets"


def tickets(week: date, total: int, name: str = "t") -> list[Row]:
    """Tickets of a week, spread over its days at noon in Seoul, every third one negative."""
    return [
        {
            "id": f"{name}-{week}-{n}",
            "event_create_time": datetime(week.year, week.month, week.day, 3, tzinfo=UTC)
            + timedelta(days=n % 7),
            "category1": "유저" if n % 2 else "기업",
            "overall_emotion": "중립" if n % 3 else "부정",
            "inbound_outbound": "inbound",
            "title": "제목",
        }
        for n in range(total)
    ]


@dataclass
class Lab:
    """A source of the test's own on both engines, and the models made of it."""

    bigquery: FakeBigQuery
    twin: DuckDBTwin
    environment: dict[str, str]
    is_counted: bool = False

    def load(self, rows: list[Row]) -> None:
        self.bigquery.load(SOURCE, rows)
        self.twin.add(rows)

    def change(self, sql: str) -> None:
        """Run a statement on {source}, on both engines."""
        with self.bigquery.client(SOURCE_PROJECT) as client:
            client.query_and_wait(sql.format(source=f"`{SOURCE}`"))
        self.twin.execute(sql.format(source=TWIN_SOURCE))

    def run(self, *, full_refresh: bool = False) -> set[date]:
        """Build on both engines, compare the marts, and return the weeks that BigQuery counted."""
        before = datetime.now(UTC)
        settings = load_settings()
        workspace = workspace_of(settings, None)
        build_models(build_of(settings, workspace, AS_OF, full_refresh=full_refresh))
        self.twin.build(AS_OF, full_refresh=full_refresh)
        expected = self.twin.marts()
        for mart in MARTS:
            assert_same_rows(self.rows(mart), expected[mart], mart)
        return {
            row["week_start"]
            for row in self.rows("int_weeks_counted")
            if row["counted_at"] >= before
        }

    def rows(self, table: str) -> list[Row]:
        return self.bigquery.rows(f"select * from recounts.{table}", TARGET_PROJECT)


@pytest.fixture(scope="module")
def story(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("recounts")
    with FakeBigQuery(emulator) as bigquery:
        environment = variables(bigquery, folder) | {
            "VOC_HOME": str(folder / "home"),
            "VOC_SOURCE_TABLE": SOURCE,
            "VOC_BIGQUERY_DATASET": "recounts",
        }
        lab = Lab(bigquery, DuckDBTwin(folder / "twin", COLUMNS), environment)
        by_week = (tickets(week, 28 + 7 * (place % 3)) for place, week in enumerate(WEEKS))
        lab.load([ticket for of_week in by_week for ticket in of_week])
        yield lab


@pytest.fixture
def lab(story: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The models after a first run; each test begins where the one before ended."""
    for name, value in story.environment.items():
        monkeypatch.setenv(name, value)
    if not story.is_counted:
        assert story.run() >= set(WEEKS)
        story.is_counted = True
    return story


def test_an_unchanged_source_is_counted_again_in_the_look_back_only(lab: Lab) -> None:
    assert lab.run() == LOOK_BACK


def test_weeks_whose_partitions_have_changed_are_counted_again_and_no_others(lab: Lab) -> None:
    """Late tickets, a deleted partition, and a ticket of another category: as many rows as before."""
    lab.load(
        [row for row in tickets(WEEKS[0], 30, "late") if row["event_create_time"].weekday() == 2]
    )
    lab.change(
        f"delete from {{source}} where event_create_time >= timestamp '{WEEKS[3] + timedelta(2)} 00:00:00+00' "
        f"and event_create_time < timestamp '{WEEKS[3] + timedelta(3)} 00:00:00+00'"
    )
    lab.change(
        f"update {{source}} set category1 = '재분류' where id = 't-{WEEKS[5]}-2' "
        "and event_create_time >= timestamp '2026-01-01 00:00:00+00'"
    )
    assert lab.run() == {WEEKS[0], WEEKS[3], WEEKS[5]} | LOOK_BACK
    found = {
        name: lab.rows(name)
        for name in ("fct_voc_weekly_status", "fct_voc_weekly_counts", "fct_voc_weekly_alarms")
    }
    assert any(row["category1"] == "재분류" for row in found["fct_voc_weekly_status"])
    assert lab.run(full_refresh=True) >= set(WEEKS)
    for name, rows in found.items():
        assert_same_rows(lab.rows(name), rows, name)


def test_another_version_counts_all_weeks_again_though_it_brought_columns(lab: Lab) -> None:
    """The tables as version 0.1.0 left them: fewer columns, and nothing of what was counted."""
    old = {
        "fct_voc_weekly_counts": "week_start, category1, category2, category3, total_count, negative_count",
        "fct_voc_weekly_status": "week_start, category1, category2, category3, status, status_rank",
    }
    with lab.bigquery.client(TARGET_PROJECT) as client:
        for name, columns in old.items():
            client.query_and_wait(
                f"create table recounts.old as select {columns} from recounts.{name}"
            )
            client.delete_table(f"{TARGET_PROJECT}.recounts.{name}")
            client.query_and_wait(f"create table recounts.{name} as select * from recounts.old")
            client.delete_table(f"{TARGET_PROJECT}.recounts.old")
        for name in ("int_weeks_counted", "stg_zendesk__weeks"):
            client.delete_table(f"{TARGET_PROJECT}.recounts.{name}")
    assert lab.run() >= set(WEEKS)
    assert lab.run() == LOOK_BACK

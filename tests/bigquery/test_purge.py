"""`voc purge` removes the marts' words on BigQuery, and says that the source is not its own."""

from __future__ import annotations

from datetime import date

import pytest

from tests.bigquery.conftest import SOURCE_TABLE, TARGET_PROJECT
from tests.conftest import Ran, run_voc
from tests.fakes.bigquery import FakeBigQuery

DATASET = "purged"
COLUMNS = "struct<week_start date, week_role string, ticket_id string, title string, detail string>"
TEXTS = f"""
    select * from unnest(array<{COLUMNS}>[
        (date '2026-10-26', 'comparison', '1', 't', 'd'), (date '2026-11-02', 'base', '2', 't', 'd'),
        (date '2026-11-02', 'comparison', '3', 't', 'd'), (date '2026-11-09', 'base', '3', 't', 'd'),
        (date '2026-11-09', 'comparison', '4', 't', null)
    ])
"""
TABLES = {
    "fct_voc_weekly_samples": TEXTS,
    "int_flagged_tickets_masked": f"{TEXTS} where week_start = date '2026-11-09'",
    "fct_voc_weekly_keywords": """
        select * from unnest(array<struct<week_start date, keyword string, base_count int64, comparison_count int64>>[
            (date '2026-10-26', 'a', 0, 9), (date '2026-11-09', 'b', 0, 1), (date '2026-11-09', 'c', 1, 9)
        ])
    """,
    "fct_voc_rising_words": """
        select * from unnest(array<struct<week_start date, word string, base_count int64, comparison_count int64>>[
            (date '2026-10-26', 'a', 0, 9), (date '2026-11-09', 'b', 0, 9)
        ])
    """,
}


@pytest.fixture
def tables(bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch) -> FakeBigQuery:
    """The marts with words, of three weeks."""
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", DATASET)
    bq.load(f"{TARGET_PROJECT}.{DATASET}.anything", [])
    for name, rows in TABLES.items():
        bq.rows(f"create or replace table {DATASET}.{name} as {rows}", TARGET_PROJECT)
    return bq


def counts(ran: Ran) -> dict[str, int]:
    assert ran.code == 0, ran.err
    return {place["where"]: place["count"] for place in ran.json["removed"] if place["count"]}


def left(tables: FakeBigQuery, name: str, column: str) -> list[str]:
    rows = tables.rows(f"select {column} from {DATASET}.{name} order by 1", TARGET_PROJECT)
    return [row[column] for row in rows]


def test_words_of_old_weeks_are_deleted_by_parameters(tables: FakeBigQuery) -> None:
    ran = run_voc("purge", "--before", "2026-11-02", "--json")
    assert counts(ran) == {
        "fct_voc_weekly_samples": 2,
        "fct_voc_weekly_keywords": 1,
        "fct_voc_rising_words": 1,
    }
    assert left(tables, "fct_voc_weekly_samples", "ticket_id") == ["3", "3", "4"]
    assert left(tables, "fct_voc_weekly_keywords", "keyword") == ["b", "c"]
    assert left(tables, "fct_voc_rising_words", "word") == ["b"]
    assert any(SOURCE_TABLE in line for line in ran.json["out_of_reach"])
    deletes = [job for job in tables.jobs if job.sql.startswith("delete")]
    assert len(deletes) == 3
    assert all(job.labels["app"] == "voc-analyst" for job in deletes)
    assert {job.parameters["before"] for job in deletes} == {str(date(2026, 11, 2))}
    assert counts(run_voc("purge", "--before", "2026-11-02", "--json")) == {}


def test_a_ticket_s_rows_are_deleted(tables: FakeBigQuery) -> None:
    asked = ("purge", "--ticket", "4", "--json")
    expected = {
        "fct_voc_weekly_samples": 1,
        "fct_voc_weekly_keywords": 1,
        "int_flagged_tickets_masked": 1,
    }
    assert counts(run_voc(*asked, "--dry-run")) == expected
    assert counts(run_voc(*asked)) == expected
    assert left(tables, "fct_voc_weekly_samples", "ticket_id") == ["1", "2", "3", "3"]
    assert left(tables, "fct_voc_weekly_keywords", "keyword") == ["a", "c"]
    assert left(tables, "fct_voc_rising_words", "word") == ["a", "b"]  # of six tickets at least
    assert counts(run_voc(*asked)) == {}


def test_a_dataset_without_marts_has_nothing_to_remove(
    bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "not_there_yet")
    assert counts(run_voc("purge", "--ticket", "4", "--json")) == {}

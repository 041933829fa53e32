"""What BigQuery would bill, read from the compiled SQL: constant bounds, and no column too many."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.warehouse.bigquery.connection import SOURCE_COLUMNS
from tests.bigquery.compiled import Compiled, relation
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.scans import COUNT_COLUMNS, TEXT_COLUMNS, Scan, Scans

# Nodes that scan the source, by themselves or through a view, and what they may read of it.
MAY_READ = {
    "stg_zendesk__tickets": COUNT_COLUMNS,
    "fct_voc_weekly_counts": COUNT_COLUMNS,
    "assert_counts_add_up_to_source": {"event_create_time"},
    "stg_zendesk__ticket_texts": COUNT_COLUMNS | TEXT_COLUMNS,
    "int_flagged_tickets_masked": (COUNT_COLUMNS | TEXT_COLUMNS) - {"inbound_outbound"},
}


@pytest.fixture
def scans(compiled: Compiled, googlesql: GoogleSql) -> Scans:
    return scans_of(compiled, googlesql)


def scans_of(compiled: Compiled, engine: GoogleSql) -> Scans:
    return Scans(relation(compiled.source), compiled.source_columns, engine.value)


def freshness_query(compiled: Compiled) -> str:
    """What `dbt source freshness` asks."""
    source = compiled.source
    return (
        f"select max({source['loaded_at_field']}) from `{relation(source)}` "
        f"where {source['freshness']['filter']}"
    )


def test_every_scan_is_bounded_and_reads_only_what_it_needs(
    compiled: Compiled, scans: Scans
) -> None:
    found = {}
    for node in compiled.nodes("model", "test", "snapshot"):
        sql = node["compiled_code"]
        if of_node := scans.of_jobs([sql]):
            (found[node["name"]],) = of_node
        if node["config"]["materialized"] == "view":
            scans.of_jobs([f"create view `{relation(node)}` as {sql}"])
    assert {name: scan.columns for name, scan in found.items()} == MAY_READ
    assert all(scan.start and scan.end for scan in found.values())


def test_texts_are_read_of_two_weeks_only(compiled: Compiled, scans: Scans) -> None:
    (node,) = (n for n in compiled.nodes("model") if n["name"] == "stg_zendesk__ticket_texts")
    (scan,) = scans.of_jobs([node["compiled_code"]])
    # Two weeks of Seoul, whose midnight is at 15:00 UTC.
    assert (scan.start, scan.end) == (
        datetime(2026, 11, 1, 15, tzinfo=UTC),
        datetime(2026, 11, 15, 15, tzinfo=UTC),
    )


def test_freshness_is_bounded_too(compiled: Compiled, scans: Scans) -> None:
    (scan,) = scans.of_jobs([freshness_query(compiled)])
    assert scan.columns == {"event_create_time"}
    assert scan.start is not None
    assert scan.partitions(datetime.now(UTC)) <= 10


@pytest.mark.parametrize(
    "where",
    [
        "",
        "where date(event_create_time) >= date '2026-11-02'",
        "where event_create_time >= (select max(event_create_time) from `p.d.other`)",
        "where event_create_time >= timestamp(category1)",
        "where event_create_time >= timestamp '2026-11-02' or category1 = 'a'",
        "where (event_create_time >= timestamp '2026-11-02' or event_create_time < timestamp '2026-11-01')",
    ],
)
def test_a_bound_that_does_not_prune_is_none(googlesql: GoogleSql, where: str) -> None:
    scan = only_scan(googlesql, f"select id from `p.d.t` {where}")
    assert scan.start is None


def test_columns_are_those_that_reach_the_result(googlesql: GoogleSql) -> None:
    scan = only_scan(
        googlesql,
        "with everything as (select * from `p.d.t` where event_create_time >= timestamp '2026-11-02'), "
        "labelled as (select id, upper(title) as title, detail from everything) "
        "select id, count(*) from labelled where title != '' group by id",
    )
    assert scan.columns == {"id", "title", "event_create_time"}
    assert scan.start == datetime(2026, 11, 2, tzinfo=UTC)


def test_partitions_are_days_of_utc(googlesql: GoogleSql) -> None:
    bounds = (
        "event_create_time >= timestamp '2026-11-01 15:00:00' "
        "and event_create_time < timestamp '2026-11-15 15:00:00'"
    )
    scan = only_scan(googlesql, f"select id from `p.d.t` where {bounds}")
    assert scan.partitions(datetime.now(UTC)) == 15
    assert scan.cost(datetime.now(UTC)) == 30


def test_one_of_several_ranges_is_a_bound(googlesql: GoogleSql) -> None:
    """As in a run that counts weeks further back again; days that two ranges share are read once."""
    days = (
        ("2026-03-02", "2026-03-09"),
        ("2026-11-02", "2026-11-16"),
        ("2026-11-09", "2026-11-16"),
    )
    ranges = [
        f"(event_create_time >= timestamp '{first}' and event_create_time < timestamp '{end}')"
        for first, end in days
    ]
    scan = only_scan(googlesql, f"select id from `p.d.t` where {' or '.join(ranges)}")
    assert (scan.start, scan.end) == (
        datetime(2026, 3, 2, tzinfo=UTC),
        datetime(2026, 11, 16, tzinfo=UTC),
    )
    assert scan.partitions(datetime.now(UTC)) == 7 + 14


@pytest.mark.parametrize(
    "sql",
    [
        "select o.id from `p.d.other` as o join `p.d.t` as t on o.id = t.id",
        "grant `roles/bigquery.dataViewer` on table `p.d.t` to 'user:a@b.c'",
    ],
)
def test_a_scan_that_cannot_be_read_is_not_overlooked(googlesql: GoogleSql, sql: str) -> None:
    with pytest.raises(ValueError, match="cannot tell"):
        only_scan(googlesql, sql)


def test_the_check_ahead_of_a_run_knows_the_columns_that_the_models_read(
    compiled: Compiled,
) -> None:
    declared = {name: kind.upper() for name, kind in compiled.source_columns.items()}
    assert {name: declared[name] for name in COUNT_COLUMNS | TEXT_COLUMNS} == SOURCE_COLUMNS


def only_scan(engine: GoogleSql, sql: str) -> Scan:
    columns = ("id", "event_create_time", "title", "detail", "category1")
    (scan,) = Scans("p.d.t", columns, engine.value).of_jobs([sql])
    return scan

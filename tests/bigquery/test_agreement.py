"""GoogleSQL executes what dbt compiles for BigQuery, and agrees with DuckDB and with plain Python."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from zetasql.core.exceptions import ServerError  # type: ignore[import-untyped]

from flows.source.made_up.tickets import write_sample
from tests.bigquery import googlesql as googlesql_module
from tests.bigquery import nasty
from tests.bigquery.compiled import Compiled, execute, relation
from tests.bigquery.googlesql import GoogleSql, Row
from tests.bigquery.nasty import SEED_ROWS, nasty_tickets
from tests.bigquery.twin import COMPARED, DuckDBTwin, assert_same_rows, comparable, read_parquet
from tests.conftest import AS_OF
from tests.mutation import mutator
from tests.mutation.mutator import operator_mutants
from tests.warehouse.worlds import World
from tests.warehouse.worlds import expected as expected_statuses

# Changes that no ticket can tell apart: with a base or comparison total of 0 the other one is above 0 (a pair with
# neither has no row), and then the rest of the condition is false anyway. On a first run all weeks are judged: the bounds
# are wide, and nothing is near them.
EQUIVALENT = [
    "base_total [> → >=] 0",
    "comparison_total [> → >=] 0",
    "where week_start between date '1970-01-05' - 49 and date '9999-12-27' [- → +] 0",
    "where week_start between date '1970-01-05' [- → +] 49 and date '9999-12-27' - 0",
]


def test_googlesql_and_duckdb_agree_on_the_sample(
    compiled: Compiled, googlesql: GoogleSql, cache: Path, tmp_path: Path
) -> None:
    """Ten weeks of as few tickets as have every status."""
    sample = tmp_path / "tickets.parquet"
    write_sample(
        sample, weeks=10, tickets_per_week=600, until=date(2026, 11, 15), seed=7, has_chance=False
    )
    found = cached(
        cache,
        compiled.folder.name,
        sample.read_bytes(),
        make=lambda: execute(compiled, googlesql, read_parquet(sample)),
    )
    twin = DuckDBTwin(tmp_path / "twin", compiled.source_columns)
    twin.add_file(sample)
    twin.build(AS_OF)
    assert_agreement(compiled, found, twin.marts())


def test_googlesql_and_duckdb_agree_on_nasty_tickets(
    compiled: Compiled, googlesql: GoogleSql, tmp_path: Path
) -> None:
    found = execute(compiled, googlesql, nasty_tickets(), SEED_ROWS)
    twin = DuckDBTwin(tmp_path / "twin", compiled.source_columns)
    twin.add(nasty_tickets())
    twin.build(AS_OF)
    twin.override(SEED_ROWS)
    twin.build(AS_OF, select="int_status_thresholds+ int_category_owners")
    assert_agreement(compiled, found, twin.marts())


def test_googlesql_counts_a_random_world_as_plain_python_does(
    compiled: Compiled, googlesql: GoogleSql
) -> None:
    """Repeats, late arrivals, deletions, renames, spellings and overrides, by a reference that knows no SQL."""
    world = World(0)
    assert (world.zone, world.mondays[0]) == ("Asia/Seoul", AS_OF)
    world.next_monday(AS_OF)
    world.override()
    names = ("min_total", "min_increase_pct", "min_negative_ratio_increase_pp", "min_decrease_pct")
    overrides: list[dict[str, object]] = [
        {"status": rule.status}
        | dict(zip(("category1", "category2", "category3"), rule.levels, strict=True))
        | dict(zip(names, rule[2:], strict=True))
        for rule in world.rules
    ]
    tickets = [dict.fromkeys(compiled.source_columns) | asdict(row) for row in world.rows]
    found = {
        (row["week_start"], (row["category1"], row["category2"], row["category3"])): row
        for row in execute(compiled, googlesql, tickets, {"status_thresholds": overrides})[
            "fct_voc_weekly_status"
        ]
    }
    expected = expected_statuses(world.rows, world.zone, world.rules, AS_OF)
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert {name: found[key][name] for name in values} == values, key


@pytest.mark.nightly
def test_a_changed_operator_in_the_status_sql_is_noticed(
    compiled: Compiled, googlesql: GoogleSql, cache: Path
) -> None:
    """So the agreement above is no accident: on the nasty tickets no other operator gives the same rows."""
    code = [Path(module.__file__ or "").read_bytes() for module in (nasty, mutator)]
    survivors = cached(
        cache, compiled.folder.name, *code, make=lambda: _survivors(compiled, googlesql)
    )
    assert survivors == EQUIVALENT


def _survivors(compiled: Compiled, googlesql: GoogleSql) -> list[str]:
    """The changes after which the statuses are the same as before."""
    unchanged = execute(compiled, googlesql, nasty_tickets(), SEED_ROWS)
    judged, status = (
        next(node for node in compiled.nodes("model") if node["name"] == name)
        for name in ("int_category_weeks_judged", "fct_voc_weekly_status")
    )
    types = googlesql.columns(judged["compiled_code"])
    expected = comparable(unchanged[status["name"]])

    def statuses(judged_sql: str, status_sql: str) -> list[Row] | None:
        try:
            googlesql.table(relation(judged), types, googlesql.rows(judged_sql))
            return comparable(googlesql.rows(status_sql))
        except ServerError:  # GoogleSQL refuses the changed query: noticed too
            return None

    originals = judged["compiled_code"], status["compiled_code"]
    changed = [
        *((mutant.place, mutant.sql, originals[1]) for mutant in operator_mutants(originals[0])),
        *((mutant.place, originals[0], mutant.sql) for mutant in operator_mutants(originals[1])),
    ]
    assert len(changed) > 70
    return sorted(place for place, *queries in changed if statuses(*queries) == expected)


def assert_agreement(
    compiled: Compiled, found: dict[str, list[Row]], expected: dict[str, list[Row]]
) -> None:
    """Every table that is read has the same rows, every status occurs, and no data test fails."""
    for name in COMPARED:
        assert_same_rows(found[name], expected[name], name)
    statuses = {row["status"] for row in found["fct_voc_weekly_status"]}
    assert statuses == {"CRITICAL", "MONITOR", "IMPROVED", "STABLE"}
    assert found["fct_voc_weekly_samples"]
    assert [node["name"] for node in compiled.nodes("test") if found[node["name"]]] == []


def cached(cache: Path, *inputs: bytes | str, make: Callable[[], Any]) -> Any:
    """What was made the last time from the same inputs: the reference executor takes its time."""
    digest = hashlib.sha256(
        version("zetasql").encode() + Path(googlesql_module.__file__).read_bytes()
    )
    for value in inputs:
        digest.update(value if isinstance(value, bytes) else value.encode())
    kept = cache / f"{digest.hexdigest()[:12]}.pickle"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(make()))
    return pickle.loads(kept.read_bytes())

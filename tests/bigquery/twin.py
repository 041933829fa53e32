"""The DuckDB target on the same tickets: what BigQuery's tables are compared with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.runtime.settings import load_settings
from flows.runtime.workspace import Workspace
from flows.warehouse.dbt import backfill_models, build_models
from tests.parts import build_of

Row = dict[str, Any]
MARTS = (
    "fct_voc_weekly_counts",
    "dim_voc_weeks",
    "fct_voc_weekly_status",
    "fct_voc_weekly_drivers",
    "fct_voc_weekly_alarms",
    "fct_voc_weekly_samples",
    "fct_voc_weekly_keywords",
    "fct_voc_rising_words",
    "fct_voc_source_doubts",
    "dim_voc_thresholds",
    "voc_weekly_status_flat",
)


COMPARED = (*MARTS, "int_category_owners")
"""What both engines have the same rows of: the marts, and what a run reads besides."""

OF_RUN = {"flow_run_id", "judged_at"}
# What the evidence adds up of logarithms, of which each engine has its own.
SUMS_OF_FRACTIONS = {
    *(f"{kind}_{change}" for kind in "pq" for change in ("increase", "decrease", "negative")),
    *("chance_of_alarm", "alarms_by_chance", "negative_share_expected", "excess_share"),
}


class DuckDBTwin:
    """A source table that a test may add to between runs, and its warehouse."""

    def __init__(self, folder: Path, columns: Mapping[str, str]) -> None:
        folder.mkdir()
        self._columns = list(columns)
        self._workspace = Workspace(folder, folder / "warehouse.duckdb")
        kinds = {"STRING": "varchar", "TIMESTAMP": "timestamptz"}
        typed = ", ".join(f"{name} {kinds[kind.upper()]}" for name, kind in columns.items())
        self.execute("create schema source")
        self.execute(f"create table source.tickets ({typed})")

    def add(self, tickets: Iterable[Mapping[str, Any]]) -> None:
        values = [[ticket.get(name) for name in self._columns] for ticket in tickets]
        with duckdb.connect(str(self._workspace.duckdb_path)) as connection:
            marks = ", ".join("?" * len(self._columns))
            connection.executemany(f"insert into source.tickets values ({marks})", values)

    def add_file(self, path: Path) -> None:
        """The same from a Parquet file, which is faster."""
        self.execute(f"insert into source.tickets by name from read_parquet('{path}')")

    def override(self, seed_rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        """Add rows to the tables of seeds; they hold until those are built again."""
        for seed, rows in seed_rows.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                self.execute(
                    f"insert into {seed} ({', '.join(row)}) values ({marks})", *row.values()
                )

    def build(self, as_of: date, *, select: str | None = None, **options: Any) -> None:
        build = build_of(load_settings("duckdb"), self._workspace, as_of, **options)
        build_models(replace(build, has_owners=True), select)

    def backfill(self, first: date, last: date) -> None:
        backfill_models(
            build_of(load_settings("duckdb"), self._workspace, last, backfill_from=first)
        )

    def marts(self) -> dict[str, list[Row]]:
        return {name: self.execute(f"from {name}") for name in COMPARED}

    def execute(self, sql: str, *parameters: Any) -> list[Row]:
        with duckdb.connect(str(self._workspace.duckdb_path)) as connection:
            return rows_of(connection.execute(sql, parameters))


def read_parquet(path: Path) -> list[Row]:
    with duckdb.connect() as connection:
        return rows_of(connection.execute("from read_parquet($1)", [str(path)]))


def rows_of(result: duckdb.DuckDBPyConnection) -> list[Row]:
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def comparable(rows: Iterable[Row]) -> list[Row]:
    """Rows in an order of their own, with values that are the same whichever engine they come from."""

    def plain(value: Any) -> Any:
        return value.astimezone(UTC) if isinstance(value, datetime) else value

    plain_rows = ({name: plain(value) for name, value in row.items()} for row in rows)
    return sorted(plain_rows, key=lambda row: repr(sorted(row.items())))


def assert_same_rows(found: Iterable[Row], expected: Iterable[Row], name: str) -> None:
    """The same rows but for the run that wrote them; sums of fractions to 1e-9 of themselves."""
    one, other = sorted(map(_parted, found), key=repr), sorted(map(_parted, expected), key=repr)
    assert [exact for exact, _ in one] == [exact for exact, _ in other], name
    for (row, sums), (_, others) in zip(one, other, strict=True):
        for column, value in sums.items():
            same = math.isclose(value, others[column], rel_tol=1e-9, abs_tol=1e-12)
            assert same, (name, row, column, value, others[column])


def _parted(row: Row) -> tuple[Row, dict[str, float]]:
    """What must be equal of a row, and its sums of fractions."""
    (kept,) = comparable([{name: row[name] for name in sorted(row.keys() - OF_RUN)}])
    sums = {
        name: value
        for name, value in kept.items()
        if name in SUMS_OF_FRACTIONS and value is not None
    }
    return kept | dict.fromkeys(sums, "a fraction"), sums

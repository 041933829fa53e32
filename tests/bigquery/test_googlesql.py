"""GoogleSQL checks and executes what dbt compiles for BigQuery, and agrees with DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.settings import load_settings
from flows.source_file import open_source
from flows.transform import Build, build_models
from tests.bigquery.compiled import Compiled, declared_types, execute, relation
from tests.bigquery.googlesql import GoogleSql, Row
from tests.bigquery.nasty import nasty_tickets
from tests.conftest import AS_OF

MARTS = (
    "fct_voc_weekly_counts",
    "dim_voc_weeks",
    "fct_voc_weekly_status",
    "fct_voc_weekly_samples",
    "fct_voc_weekly_keywords",
)


def comparable(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows in an order of their own, with values that are the same whichever engine they come from."""

    def plain(value: Any) -> Any:
        return value.astimezone(UTC) if isinstance(value, datetime) else value

    plain_rows = ({name: plain(value) for name, value in row.items()} for row in rows)
    return sorted(plain_rows, key=lambda row: repr(sorted(row.items())))


def write_parquet(path: Path, tickets: list[Row], columns: Iterable[str]) -> Path:
    """The tickets as a file for the DuckDB target."""
    kinds = {name: "timestamptz" if name == "event_create_time" else "varchar" for name in columns}
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({', '.join(f'{n} {k}' for n, k in kinds.items())})")
        values = [[row.get(name) for name in kinds] for row in tickets]
        connection.executemany(f"insert into t values ({', '.join('?' * len(kinds))})", values)
        connection.execute(f"copy t to '{path}' (format parquet)")
    return path


def marts_on_duckdb(source: Path, as_of: date, names: Iterable[str] = MARTS) -> dict[str, list[Row]]:
    """The marts that the DuckDB target builds."""
    settings = load_settings("duckdb")
    file = open_source(settings, source, as_of)
    build_models(Build(settings, file.workspace, as_of))
    found = {}
    with duckdb.connect(str(file.workspace.duckdb_path)) as connection:
        for name in names:
            result = connection.execute(f"from {name}")
            columns = [column[0] for column in result.description or ()]
            found[name] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    return found


def read_sample(path: Path) -> list[Row]:
    with duckdb.connect() as connection:
        result = connection.execute("from read_parquet($1)", [str(path)])
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_every_model_test_and_unit_test_is_googlesql(
    compiled: Compiled, googlesql: GoogleSql
) -> None:
    """Types are checked, and those of a contract are what the analyzer infers."""
    googlesql.table(relation(compiled.source), compiled.source_columns)
    checked = []
    for node in compiled.nodes("seed", "model", "test", "snapshot"):
        if node["resource_type"] == "seed":
            types = {name: kind.upper() for name, kind in node["config"]["column_types"].items()}
        else:
            types = googlesql.columns(node["compiled_code"])
            checked.append(node["name"])
        if declared := declared_types(node):
            assert types == declared, node["name"]
        if node["resource_type"] in ("seed", "model"):
            googlesql.table(relation(node), types)
    assert len(checked) == len(compiled.nodes("model", "test", "snapshot")) > 20
    for sql in compiled.unit_tests.values():
        googlesql.columns(sql)


def test_every_unit_test_holds_in_googlesql(compiled: Compiled, googlesql: GoogleSql) -> None:
    declared = {test["name"] for test in compiled.manifest["unit_tests"].values()}
    assert set(compiled.unit_tests) == declared
    for name, sql in compiled.unit_tests.items():
        rows = googlesql.rows(sql)
        sides: dict[str, list[Row]] = {"actual": [], "expected": []}
        for row in rows:
            sides[row.pop("actual_or_expected")].append(row)
        assert comparable(sides["actual"]) == comparable(sides["expected"]), name


@pytest.mark.parametrize("tickets", ["sample", "nasty"])
def test_googlesql_and_duckdb_agree_row_for_row(
    compiled: Compiled,
    googlesql: GoogleSql,
    tickets: str,
    sample_file: Path,
    tmp_path: Path,
) -> None:
    rows = nasty_tickets() if tickets == "nasty" else read_sample(sample_file)
    source = write_parquet(tmp_path / "tickets.parquet", rows, compiled.source_columns)
    expected = marts_on_duckdb(source, AS_OF)
    found = execute(compiled, googlesql, rows)
    for mart in MARTS:
        assert comparable(found[mart]) == comparable(expected[mart]), mart
    assert {row["status"] for row in found["fct_voc_weekly_status"]} == {
        "CRITICAL",
        "MONITOR",
        "IMPROVED",
        "STABLE",
    }
    assert found["fct_voc_weekly_samples"]
    failed = [node["name"] for node in compiled.nodes("test") if found[node["name"]]]
    assert failed == []

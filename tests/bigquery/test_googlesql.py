"""GoogleSQL checks and executes what dbt compiles for BigQuery, and agrees with DuckDB."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from zetasql.core.exceptions import ServerError

from flows.settings import load_settings
from flows.source_file import open_source
from flows.transform import Build, build_models
from tests.bigquery.compiled import Compiled, declared_types, execute, relation
from tests.bigquery.googlesql import GoogleSql, Row
from tests.bigquery.mutants import mutants
from tests.bigquery.nasty import OVERRIDES, nasty_tickets
from tests.conftest import AS_OF

MARTS = (
    "fct_voc_weekly_counts",
    "dim_voc_weeks",
    "fct_voc_weekly_status",
    "fct_voc_weekly_samples",
    "fct_voc_weekly_keywords",
)


# Changes that no ticket can tell apart: with a base or comparison total of 0 the other one is above 0 (a pair with
# neither has no row), and then the rest of the condition is false anyway.
EQUIVALENT = {"comparison_total [> → >=] 0", "base_total [> → >=] 0"}


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


def marts_on_duckdb(source: Path, overrides: Iterable[Row] = ()) -> dict[str, list[Row]]:
    """The marts that the DuckDB target builds."""
    settings = load_settings("duckdb")
    file = open_source(settings, source, AS_OF)
    build = Build(settings, file.workspace, AS_OF)
    build_models(build)
    with duckdb.connect(str(file.workspace.duckdb_path)) as connection:
        for row in overrides:
            connection.execute(
                f"insert into status_thresholds ({', '.join(row)}) "
                f"values ({', '.join('?' * len(row))})",
                [*row.values()],
            )
    if overrides:
        build_models(build, select="int_category_weeks_judged+")
    with duckdb.connect(str(file.workspace.duckdb_path)) as connection:
        return {name: _rows(connection.execute(f"from {name}")) for name in MARTS}


def read_parquet(path: Path) -> list[Row]:
    with duckdb.connect() as connection:
        return _rows(connection.execute("from read_parquet($1)", [str(path)]))


def _rows(result: duckdb.DuckDBPyConnection) -> list[Row]:
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


def test_googlesql_and_duckdb_agree_on_the_sample(
    compiled: Compiled, googlesql: GoogleSql, sample_file: Path, cache: Path
) -> None:
    found = cached(cache, compiled, sample_file, lambda rows: execute(compiled, googlesql, rows))
    assert_agreement(compiled, found, marts_on_duckdb(sample_file))


def test_googlesql_and_duckdb_agree_on_nasty_tickets(
    compiled: Compiled, googlesql: GoogleSql, tmp_path: Path
) -> None:
    source = write_parquet(tmp_path / "nasty.parquet", nasty_tickets(), compiled.source_columns)
    found = execute(compiled, googlesql, nasty_tickets(), OVERRIDES)
    assert_agreement(compiled, found, marts_on_duckdb(source, OVERRIDES))


def test_a_changed_operator_in_the_status_sql_is_noticed(
    compiled: Compiled, googlesql: GoogleSql
) -> None:
    """So the agreement above is no accident: on the nasty tickets no other operator gives the same rows."""
    unchanged = execute(compiled, googlesql, nasty_tickets(), OVERRIDES)
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
        *((mutant.place, mutant.sql, originals[1]) for mutant in mutants(originals[0])),
        *((mutant.place, originals[0], mutant.sql) for mutant in mutants(originals[1])),
    ]
    assert len(changed) > 70
    survivors = {place for place, *queries in changed if statuses(*queries) == expected}
    assert survivors == EQUIVALENT


def assert_agreement(
    compiled: Compiled, found: dict[str, list[Row]], expected: dict[str, list[Row]]
) -> None:
    """Every mart has the same rows, every status occurs, and no data test fails."""
    for mart in MARTS:
        assert comparable(found[mart]) == comparable(expected[mart]), mart
    statuses = {row["status"] for row in found["fct_voc_weekly_status"]}
    assert statuses == {"CRITICAL", "MONITOR", "IMPROVED", "STABLE"}
    assert found["fct_voc_weekly_samples"]
    assert [node["name"] for node in compiled.nodes("test") if found[node["name"]]] == []


def cached(
    cache: Path,
    compiled: Compiled,
    source: Path,
    execute_on: Callable[[list[Row]], dict[str, list[Row]]],
) -> dict[str, list[Row]]:
    """What was found the last time for the same project and tickets: the reference executor takes its time."""
    digest = hashlib.sha256(compiled.folder.name.encode() + source.read_bytes()).hexdigest()[:12]
    kept = cache / f"rows-{digest}.pickle"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(execute_on(read_parquet(source))))
    found: dict[str, list[Row]] = pickle.loads(kept.read_bytes())
    return found

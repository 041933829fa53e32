"""GoogleSQL checks what dbt compiles for BigQuery, and executes its unit tests."""

from __future__ import annotations

from tests.bigquery.compiled import Compiled, declared_types, relation, seed_types
from tests.bigquery.googlesql import GoogleSql, Row
from tests.bigquery.twin import comparable


def test_every_model_and_test_is_googlesql(compiled: Compiled, googlesql: GoogleSql) -> None:
    """Types are checked, and those of a contract are what the analyzer infers."""
    googlesql.table(relation(compiled.source), compiled.source_columns)
    checked = []
    for node in compiled.nodes("seed", "model", "test", "snapshot"):
        if node["resource_type"] == "seed":
            types = seed_types(node)
        else:
            types = googlesql.columns(node["compiled_code"])
            checked.append(node["name"])
        if declared := declared_types(node):
            assert types == declared, node["name"]
        if node["resource_type"] in ("seed", "model"):
            googlesql.table(relation(node), types)
    assert len(checked) == len(compiled.nodes("model", "test", "snapshot")) > 20


def test_every_unit_test_holds_in_googlesql(compiled: Compiled, googlesql: GoogleSql) -> None:
    declared = {test["name"] for test in compiled.manifest["unit_tests"].values()}
    assert set(compiled.unit_tests) == declared
    for name, sql in compiled.unit_tests.items():
        rows = googlesql.rows(sql)
        sides: dict[str, list[Row]] = {"actual": [], "expected": []}
        for row in rows:
            sides[row.pop("actual_or_expected")].append(row)
        assert comparable(sides["actual"]) == comparable(sides["expected"]), name

"""Who reads the marts on BigQuery: the analysts' queries and the metrics, executed by GoogleSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from metricflow.protocols.sql_client import SqlEngine

from tests.analysts import markdown, questions
from tests.bigquery.compiled import Compiled, Node, declared_types, relation, seed_types
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.twin import comparable
from tests.semantic_layer import CATEGORY, IN_THE_MART, WEEK, SemanticLayer
from tests.tables import rows_in

PERIODS = {"dbt_valid_from": "TIMESTAMP", "dbt_valid_to": "TIMESTAMP"}


@pytest.fixture
def marts(compiled: Compiled, googlesql: GoogleSql, sample_warehouse: Path) -> GoogleSql:
    """BigQuery's columns and the sample's rows, under the name alone (the default dataset's) and the whole name."""
    nodes: dict[str, Node] = {
        node["name"]: node for node in compiled.nodes("seed", "model", "snapshot")
    }
    for name, node in nodes.items():
        if name.startswith(("stg_", "int_")):
            continue
        match node["resource_type"]:
            case "seed":
                columns = seed_types(node)
            case "snapshot":
                columns = declared_types(nodes["fct_voc_weekly_status"]) | PERIODS
            case _:
                columns = declared_types(node)
        rows = rows_in(sample_warehouse, f"from {name}")
        for table in (name, relation(node)):
            googlesql.table(table, columns, rows)
    return googlesql


def test_every_question_has_the_answer_that_is_printed(marts: GoogleSql) -> None:
    for question in questions():
        assert markdown(marts.rows(question.sql)) == question.answer, question.title


def test_the_metrics_are_the_mart_s_columns(compiled: Compiled, marts: GoogleSql) -> None:
    layer = SemanticLayer(compiled.folder / "semantic_manifest.json", SqlEngine.BIGQUERY)
    # MetricFlow truncates the date to a time.
    asked = marts.rows(
        f"select * replace (date({WEEK}) as {WEEK}) from ({layer.sql(layer.metrics, (WEEK, *CATEGORY))})"
    )
    keys = zip(
        (WEEK, *CATEGORY), ("week_start", "category1", "category2", "category3"), strict=True
    )
    columns = [f"{sql} as {name}" for name, sql in (*keys, *IN_THE_MART.items())]
    mart = marts.rows(f"select {', '.join(columns)} from fct_voc_weekly_status")
    assert len(mart) > 100
    assert comparable(asked) == comparable(mart)

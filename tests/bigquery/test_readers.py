"""Who reads the marts on BigQuery: the analysts' queries and the metrics, executed by GoogleSQL."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from metricflow.protocols.sql_client import SqlEngine

from catalogue import Texts
from flows.analysis.rule_based import rule_based_analysis
from flows.privacy.masker import Masker
from flows.questions.answers import Sources, answer_to
from flows.report.values import Analysis, Change, WeeklyReport
from flows.warehouse.connection import DuckDBWarehouse, Row, Warehouse
from tests.analysts import markdown, questions
from tests.bigquery.compiled import Compiled, Node, declared_types, relation, seed_types
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.scans import with_values
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


MASKED_TICKETS = {
    **dict.fromkeys(("category1", "category2", "category3", "ticket_id"), "STRING"),
    **dict.fromkeys(("week_role", "title", "detail", "keywords"), "STRING"),
    **{"week_start": "DATE", "ticket_date": "DATE"},
    **dict.fromkeys(("is_negative", "is_flagged"), "BOOL"),
    "ticket_created_at": "TIMESTAMP",
}


class Reader:
    """The marts as a run on BigQuery reads them."""

    def __init__(self, marts: GoogleSql) -> None:
        self._marts = marts

    def internal(self, table: str) -> str:
        return table

    def has(self, table: str) -> bool:
        return True

    def delete(self, table: str, where: str, **parameters: date | str) -> None:
        raise NotImplementedError

    def rows(self, sql: str, **parameters: date | str) -> list[Row]:
        job = SimpleNamespace(sql=sql, parameters={n: str(v) for n, v in parameters.items()})
        return self._marts.rows(with_values(job))


def test_every_question_has_the_same_answer_on_both_engines(
    marts: GoogleSql, sample_warehouse: Path
) -> None:
    table = "int_flagged_tickets_masked"
    columns = ", ".join(MASKED_TICKETS)
    marts.table(table, MASKED_TICKETS, rows_in(sample_warehouse, f"select {columns} from {table}"))

    async def explain(change: Change, report: WeeklyReport) -> Analysis:
        return rule_based_analysis(report.material_for(change), Texts("ko"))

    def answer(question: str, warehouse: Warehouse) -> object:
        masker, today = Masker.of_project(), date(2026, 11, 18)
        sources = Sources(lambda: warehouse, lambda week: (), masker, Texts("ko"), today)
        return asyncio.run(answer_to(question, sources, explain)).as_json()

    for question in (
        "유저 / 이력서",
        "업로드 왜?",
        "심각만",
        "4주 추이 결제",
        "W40 W46 비교",
        "알림톡 예시",
    ):
        on_duckdb = answer(question, DuckDBWarehouse(sample_warehouse))
        assert nearly(answer(question, Reader(marts))) == nearly(on_duckdb), question


def nearly(value: Any) -> Any:
    """With numbers rounded: the engines add up in other orders."""
    match value:
        case float():
            return float(f"{value:.9g}")
        case dict():
            return {name: nearly(each) for name, each in value.items()}
        case list() | tuple():
            return list(map(nearly, value))
    return value

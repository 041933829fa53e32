"""MetricFlow, the engine of dbt's semantic layer: a BI tool's question in, the warehouse's SQL out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.big_query import BigQuerySqlPlanRenderer
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

CATEGORY = tuple(f"category_week__category{level}" for level in (1, 2, 3))
WEEK = "metric_time__week"

# What each metric is for one week and category, in columns of fct_voc_weekly_status.
IN_THE_MART = {
    "total_count": "comparison_total",
    "base_total": "base_total",
    "total_change": "comparison_total - base_total",
    "total_change_pct": "total_change_pct",
    "negative_count": "comparison_negative",
    "base_negative": "base_negative",
    "negative_change": "comparison_negative - base_negative",
    "negative_change_pct": "100 * (comparison_negative - base_negative) / nullif(base_negative, 0)",
    "negative_ratio": "comparison_negative_ratio",
    "base_negative_ratio": "base_negative_ratio",
    "negative_ratio_change_pp": "negative_ratio_change_pp",
    "alarms": "case when status in ('CRITICAL', 'MONITOR') then 1 else 0 end",
    "strong_alarms": (
        "case when status in ('CRITICAL', 'MONITOR') and evidence = 'strong' then 1 else 0 end"
    ),
    "alarms_by_chance": "chance_of_alarm",
}

_RENDERERS = {
    SqlEngine.DUCKDB: DuckDbSqlPlanRenderer,
    SqlEngine.BIGQUERY: BigQuerySqlPlanRenderer,
}


class SemanticLayer:
    """What dbt wrote into semantic_manifest.json, for one kind of warehouse."""

    def __init__(self, semantic_manifest: Path, engine: SqlEngine) -> None:
        manifest = parse_manifest_from_dbt_generated_manifest(semantic_manifest.read_text())
        self.metrics = [metric.name for metric in manifest.metrics]
        # It only writes SQL here, so the dialect is all that it needs of a connection.
        dialect = SimpleNamespace(sql_engine_type=engine, sql_plan_renderer=_RENDERERS[engine]())
        self._engine = MetricFlowEngine(SemanticManifestLookup(manifest), dialect)

    def sql(self, metrics: Sequence[str], by: Sequence[str] = (), where: Sequence[str] = ()) -> str:
        """The query for these metrics; `where` are conditions such as `{{ Dimension('…') }} = '…'`."""
        request = MetricFlowQueryRequest.create(
            metric_names=metrics, group_by_names=by, where_constraints=where
        )
        sql: str = self._engine.explain(request).sql_statement.sql
        return sql

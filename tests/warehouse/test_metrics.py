"""The metrics, asked for as a BI tool does, give the numbers of the marts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from metricflow.protocols.sql_client import SqlEngine

from flows.warehouse.dbt import Build
from tests.semantic_layer import CATEGORY, IN_THE_MART, WEEK, SemanticLayer
from tests.tables import rows_in

Row = dict[str, Any]
Key = tuple[Any, ...]
# Of judgements, not of counts: for more than one category their sums.
ALARMS = ("alarms", "strong_alarms", "alarms_by_chance")


class Bi:
    """A BI tool on the sample's warehouse."""

    def __init__(self, build: Build, warehouse: Path) -> None:
        manifest = build.workspace.target_path / "semantic_manifest.json"
        self.layer = SemanticLayer(manifest, SqlEngine.DUCKDB)
        self._warehouse = warehouse

    def rows(self, sql: str) -> list[Row]:
        return rows_in(self._warehouse, sql)

    def ask(self, by: tuple[str, ...], *where: str) -> dict[Key, Row]:
        """Every metric, by week and dimensions."""
        rows = self.rows(self.layer.sql(self.layer.metrics, (WEEK, *by), where))
        return keyed(rows, WEEK, *by)


def keyed(rows: list[Row], *names: str) -> dict[Key, Row]:
    """The other columns of each row, by those named."""
    found = {tuple(as_date(row.pop(name)) for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def as_date(value: Any) -> Any:
    """MetricFlow truncates a date to a time."""
    return value.date() if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def bi(sample_build: Build, sample_warehouse: Path) -> Bi:
    return Bi(sample_build, sample_warehouse)


def test_for_a_week_and_category_they_are_the_mart_s_columns(bi: Bi) -> None:
    assert bi.layer.metrics == list(IN_THE_MART)
    columns = ", ".join(f"{sql} as {metric}" for metric, sql in IN_THE_MART.items())
    keys = ("week_start", "category1", "category2", "category3")
    mart = bi.rows(f"select {', '.join(keys)}, {columns} from fct_voc_weekly_status")
    assert bi.ask(CATEGORY) == keyed(mart, *keys)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_for_more_than_one_category_they_are_computed_from_the_sums(bi: Bi, levels: int) -> None:
    """From the counts themselves: the weeks are paired here once more, by other means."""
    counts: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for row in bi.rows("from fct_voc_weekly_counts"):
        key = (row["week_start"], *(row[f"category{level + 1}"] for level in range(levels)))
        counts[key][0] += row["total_count"]
        counts[key][1] += row["negative_count"]
    first_week = min(week for week, *_ in counts)
    next_weeks = {(week + timedelta(weeks=1), *group) for week, *group in counts}
    last_week = max(week for week, *_ in counts)
    expected = {
        key: metrics_of(counts.get(key, [0, 0]), counts.get(week_before(key), [0, 0]))
        for key in counts.keys() | next_weeks
        if first_week < key[0] <= last_week
    }
    found = bi.ask(CATEGORY[:levels])
    alarms = alarms_summed(bi, levels)
    for key, row in found.items():
        assert {name: row.pop(name) for name in ALARMS} == pytest.approx(alarms[key])
    assert found == expected


def alarms_summed(bi: Bi, levels: int) -> dict[Key, Row]:
    keys = ("week_start", "category1", "category2", "category3")[: levels + 1]
    sums = ", ".join(f"sum({IN_THE_MART[name]}) as {name}" for name in ALARMS)
    rows = bi.rows(f"select {', '.join(keys)}, {sums} from fct_voc_weekly_status group by all")
    return keyed(rows, *keys)


def week_before(key: Key) -> Key:
    week, *group = key
    assert isinstance(week, date)
    return (week - timedelta(weeks=1), *group)


def metrics_of(comparison: list[int], base: list[int]) -> Mapping[str, float | None]:
    """The declared formulas, in exact fractions that are rounded once."""
    (total, negative), (base_total, base_negative) = comparison, base
    ratio, base_ratio = divided(negative, total), divided(base_negative, base_total)
    exact: dict[str, Fraction | int | None] = {
        "total_count": total,
        "base_total": base_total,
        "total_change": total - base_total,
        "total_change_pct": divided(100 * (total - base_total), base_total),
        "negative_count": negative,
        "base_negative": base_negative,
        "negative_change": negative - base_negative,
        "negative_change_pct": divided(100 * (negative - base_negative), base_negative),
        "negative_ratio": ratio,
        "base_negative_ratio": base_ratio,
        "negative_ratio_change_pp": (
            None if ratio is None or base_ratio is None else 100 * (ratio - base_ratio)
        ),
    }
    return {name: None if value is None else float(value) for name, value in exact.items()}


def divided(dividend: int, divisor: int) -> Fraction | None:
    return Fraction(dividend, divisor) if divisor else None


def test_a_dashboard_asks_for_the_reported_week_and_a_status_without_naming_dates(bi: Bi) -> None:
    found = bi.ask(
        ("category_week__category3", "voc_week__week_label"),
        "{{ Dimension('voc_week__is_report_week') }}",
        "{{ Dimension('category_week__status') }} = 'CRITICAL'",
    )
    critical = bi.rows(
        "select * from fct_voc_weekly_status where week_start = date '2026-11-09' and status = 'CRITICAL'"
    )
    assert {key: row["total_count"] for key, row in found.items()} == {
        (row["week_start"], row["category3"], "2026-W46"): row["comparison_total"]
        for row in critical
    }
    assert len(critical) >= 4


def test_a_change_may_be_asked_for_without_a_week(bi: Bi) -> None:
    """Over several weeks it is the change from the week before the first to the last."""
    ((total,),) = (row.values() for row in bi.rows(bi.layer.sql(["total_change"])))
    weeks = bi.rows(
        "select sum(total_count) as total from fct_voc_weekly_counts group by week_start order by week_start"
    )
    assert total == weeks[-1]["total"] - weeks[0]["total"]

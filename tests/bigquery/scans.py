"""What a query reads of the source: which columns, and which daily partitions.

BigQuery bills by column, and prunes partitions by constant bounds on the partition column only. Neither can be seen
on a local endpoint, so it is read from the SQL.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlglot import exp, parse
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify

PARTITION_COLUMN = "event_create_time"
COUNT_COLUMNS = frozenset(
    (
        *("id", PARTITION_COLUMN, "category1", "category2", "category3"),
        *("overall_emotion", "inbound_outbound"),
    )
)
TEXT_COLUMNS = frozenset(("title", "detail", "keywords"))


Range = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class Scan:
    """One read of the source: its columns, and the ranges of time, any of which a row may be in.

    A bound is None where there is no constant one.
    """

    columns: frozenset[str]
    ranges: tuple[Range, ...]

    @property
    def start(self) -> datetime | None:
        """The earliest bound; None where a range has none."""
        starts = [start for start, _ in self.ranges if start]
        return min(starts) if len(starts) == len(self.ranges) else None

    @property
    def end(self) -> datetime | None:
        """The latest bound; None where a range has none."""
        ends = [end for _, end in self.ranges if end]
        return max(ends) if len(ends) == len(self.ranges) else None

    def partitions(self, now: datetime) -> int:
        """Days (UTC) that the ranges touch, each once; up to now where there is no upper bound."""
        days = set()
        for start, end in self.ranges:
            assert start is not None
            last = (end or now) - timedelta(microseconds=1)
            days |= {
                start.date() + timedelta(n) for n in range((last.date() - start.date()).days + 1)
            }
        return len(days)

    def cost(self, now: datetime) -> int:
        """Columns × partitions."""
        return len(self.columns) * self.partitions(now)


class Scans:
    """Finds scans of a source table. `evaluate` gives the value of a constant GoogleSQL expression."""

    def __init__(
        self,
        source: str,
        columns: Iterable[str],
        evaluate: Callable[[str], datetime],
    ) -> None:
        sys.setrecursionlimit(20_000)  # mask_pii nests one call per pattern
        self._source = source
        project, dataset, table = source.split(".")
        self._schema: dict[str, object] = {
            project: {dataset: {table: dict.fromkeys(columns, "STRING")}}
        }
        self._evaluate = evaluate
        self._views: dict[str, Any] = {}

    def of_jobs(self, jobs: Iterable[str]) -> list[Scan]:
        """The scans of jobs in their order, through the views that earlier ones made."""
        found = []
        for sql in jobs:
            for statement in parse(sql, dialect="bigquery"):
                if isinstance(statement, exp.Create) and statement.kind == "VIEW":
                    self._add_view(statement.this.sql("bigquery"), statement.expression)
                elif statement is not None:
                    found += self._of_statement(statement)
        return found

    def _add_view(self, name: str, query: Any) -> None:
        self._views[_plain(name)] = query

    def _of_statement(self, statement: Any) -> list[Scan]:
        query: Any = statement.find(exp.Query)
        if query is None:
            if self._source in _plain(statement.sql("bigquery")):
                raise ValueError(f"cannot tell what this reads of {self._source}: {statement}")
            return []
        if _is_empty(query):
            return []
        query = query.copy()
        self._expand_views(query)
        if not any(self._is_source(table) for table in query.find_all(exp.Table)):
            return []
        query = pushdown_projections(
            qualify(query, dialect="bigquery", schema=self._schema, validate_qualify_columns=False),
            schema=self._schema,
        )
        selects = [
            select
            for select in query.find_all(exp.Select)
            if (origin := select.args.get("from_")) and self._is_source(origin.this)
        ]
        if len(selects) != sum(self._is_source(table) for table in query.find_all(exp.Table)):
            raise ValueError(f"cannot tell what a join reads of {self._source}")
        return [self._scan(select) for select in selects]

    def _is_source(self, origin: Any) -> bool:
        return isinstance(origin, exp.Table) and _plain(_name(origin)) == self._source

    def _expand_views(self, query: Any) -> None:
        for table in list(query.find_all(exp.Table)):
            view = self._views.get(_plain(_name(table)))
            if view is not None:
                inner = view.copy()
                self._expand_views(inner)
                table.replace(inner.subquery(table.alias or table.name))

    def _scan(self, select: exp.Select) -> Scan:
        columns = frozenset(column.name for column in select.find_all(exp.Column))
        where = select.args.get("where")
        return Scan(columns, self._ranges(where.this) if where else ((None, None),))

    def _ranges(self, condition: Any) -> tuple[Range, ...]:
        """The ranges of time outside which no row meets a condition."""
        if isinstance(condition, exp.Paren):
            return self._ranges(condition.this)
        if isinstance(condition, exp.Or):
            parts = condition.flatten()
            return tuple(found for part in parts for found in self._ranges(part))
        bounds: dict[type[exp.Expression], datetime] = {}
        alternatives = []
        for part in map(_unwrapped, _conditions(condition)):
            if isinstance(part, exp.Or):
                alternatives.append(self._ranges(part))
            elif (
                isinstance(part, exp.GTE | exp.LT)
                and isinstance(part.left, exp.Column)
                and part.left.name == PARTITION_COLUMN
                and not part.right.find(exp.Column, exp.Query)
            ):
                bounds[type(part)] = self._evaluate(part.right.sql("bigquery"))
        if not bounds and len(alternatives) == 1:
            return alternatives[0]
        return ((bounds.get(exp.GTE), bounds.get(exp.LT)),)


def with_values(job: Any) -> str:
    """A job's SQL with its parameters filled in."""
    sql = str(job.sql)
    for name, value in job.parameters.items():
        is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value)
        sql = sql.replace(f"@{name}", f"date '{value}'" if is_date else f"'{value}'")
    return sql


def weekly_ratio(scans: Iterable[Scan], now: datetime) -> float:
    """Columns × partitions of a weekly run's scans ÷ what cannot be done without.

    That is one scan of the count columns over the weeks counted, and one of the text columns over two weeks.
    """
    scans = list(scans)
    (counting,) = (s for s in scans if s.columns == COUNT_COLUMNS)
    (reading,) = (s for s in scans if s.columns >= TEXT_COLUMNS)
    needed = Scan(TEXT_COLUMNS, reading.ranges)
    return sum(s.cost(now) for s in scans) / (counting.cost(now) + needed.cost(now))


def _conditions(condition: Any) -> Iterable[Any]:
    """The parts that must all hold."""
    return condition.flatten() if isinstance(condition, exp.And) else [condition]


def _unwrapped(condition: Any) -> Any:
    return _unwrapped(condition.this) if isinstance(condition, exp.Paren) else condition


def _is_empty(query: exp.Expression) -> bool:
    """`where false and …`: dbt asks so for a query's columns, and BigQuery reads nothing for it."""
    where = query.args.get("where")
    return where is not None and exp.false() in _conditions(where.this)


def _name(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts)


def _plain(name: str) -> str:
    return name.replace("`", "")

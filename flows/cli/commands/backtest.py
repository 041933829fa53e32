"""`voc backtest`: the alarms of past weeks under other thresholds. Nothing is built or posted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.commands.progress import progress_on_stderr
from flows.cli.commands.tables import computed_week
from flows.report.evidence import MARKS
from flows.report.values import Backtest, Category, Week
from flows.report.writing import category_name
from flows.runtime.assembly import Assembly
from flows.runtime.errors import UsageError
from flows.source.thresholds import check_thresholds
from flows.warehouse import dbt
from flows.warehouse.marts import read_backtest, read_comparison_weeks

WEEKS = 26


@dataclass(frozen=True)
class Comparison:
    """Each week oldest first, and the clear alarms that would be lost."""

    weeks: tuple[Backtest, ...]
    lost: tuple[tuple[Week, Category], ...]

    @property
    def sum(self) -> Backtest:
        return Backtest.sum_of(self.weeks)

    def as_json(self) -> dict[str, Any]:
        lost = (
            {
                "week": week.as_json(),
                **dict(zip(("category1", "category2", "category3"), category, strict=True)),
            }
            for week, category in self.lost
        )
        return {
            "weeks": [week.as_json() for week in self.weeks],
            "sum": self.sum.as_json(),
            "lost_strong_alarms": list(lost),
        }


def compare(
    parts: Assembly, thresholds: Path, *, weeks: int | None, source: Path | None
) -> Comparison:
    """The newest weeks (default: 26, or all there are) under the thresholds of a file. Raises VocError."""
    candidate = check_thresholds(thresholds)
    found = computed_week(parts, None, source)
    known = read_comparison_weeks(found.warehouse, found.weeks.comparison)
    if weeks is not None and weeks > len(known):
        raise UsageError(
            f"there are {len(known)} weeks to compare, not {weeks}. Use a smaller --weeks."
        )
    asked = known[-(weeks or WEEKS) :]
    with progress_on_stderr():
        build = parts.build(found.workspace, found.weeks.comparison.end)
        query = dbt.compile_backtest(build, candidate, asked[0].start, asked[-1].start)
    return Comparison(*read_backtest(found.warehouse, query, asked))


def show_comparison(comparison: Comparison) -> None:
    """A line a week and their sum, then the clear alarms that would be lost."""
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("week", no_wrap=True)
    for heading in ("kept", "gained", "lost", "by chance today", "by chance then"):
        table.add_column(heading, justify="right", no_wrap=True)
    for week in comparison.weeks:
        table.add_row(*_cells(week))
    table.add_row(*_cells(comparison.sum), style="bold")
    console.print(table)
    console.print(
        Text(f"\nIn brackets, how many of them are clear ({MARKS['strong']})."), soft_wrap=True
    )
    for line in _lost(comparison):
        console.print(Text(line), soft_wrap=True)


def _cells(week: Backtest) -> Iterable[str]:
    yield week.week.label if week.week else "sum"
    for name in ("kept", "gained", "lost"):
        strong = getattr(week, f"{name}_strong")
        yield f"{getattr(week, name):,}{f' ({strong:,})' if strong else ''}"
    yield f"{week.alarms_by_chance:,.1f}"
    yield f"{week.alarms_by_chance_candidate:,.1f}"


def _lost(comparison: Comparison) -> Iterable[str]:
    if comparison.lost:
        yield "\nClear alarms that would be lost:"
    for week, category in comparison.lost:
        yield f"  {week.label}  {category_name(category)}"

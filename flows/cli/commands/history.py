"""`voc history`: the weeks of a category, or of all that is below an upper level."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows.cli.commands.tables import computed_week
from flows.report.categories import Levels, levels_of
from flows.report.values import CategoryWeek
from flows.runtime.assembly import Assembly
from flows.warehouse.marts import read_categories, read_category_history


def read_trend(
    parts: Assembly, *, category: str, weeks: int, as_of: date | None, source: Path | None
) -> tuple[Levels, tuple[CategoryWeek, ...]]:
    """The levels that `category` names and their newest weeks, oldest first. Raises VocError."""
    found = computed_week(parts, as_of, source)
    levels = levels_of(category, read_categories(found.warehouse))
    return levels, read_category_history(found.warehouse, levels, found.weeks.comparison, weeks)

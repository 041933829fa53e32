"""`voc history`: the weeks of a category, or of all that is below an upper level."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows.categories import Levels, levels_of
from flows.commands.tables import open_tables
from flows.report import CategoryWeek
from flows.warehouse import read_categories, read_category_history


def read_trend(
    *, category: str, weeks: int, as_of: date | None, source: Path | None, target: str | None
) -> tuple[Levels, tuple[CategoryWeek, ...]]:
    """The levels that `category` names and their newest weeks, oldest first. Raises VocError."""
    warehouse, pair = open_tables(as_of=as_of, source=source, target=target)
    levels = levels_of(category, read_categories(warehouse))
    return levels, read_category_history(warehouse, levels, pair.comparison, weeks)

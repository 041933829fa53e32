"""Checks the seed with the thresholds before dbt loads it. What the numbers mean is SQL's business."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from flows import PROJECT_ROOT
from flows.errors import UsageError

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "status_thresholds.csv"
_LEVELS = ("category1", "category2", "category3")
_STATUSES = ("CRITICAL", "MONITOR", "IMPROVED")
_NUMBERS = ("min_total", "min_increase_pct", "min_negative_ratio_increase_pp", "min_decrease_pct")


def check_thresholds(seed: Path = SEED) -> None:
    """Raise UsageError for a row that dbt could not use, naming its line."""
    with seed.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"status", *_LEVELS, *_NUMBERS} - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{seed.name} has no column {', '.join(sorted(missing))}. Add it.")
        rows = [(reader.line_num, row) for row in reader]
    for line, row in rows:
        for problem in _problems(row):
            raise UsageError(f"{seed.name} line {line}: {problem}. Mend the file.")
    general = {row["status"] for _, row in rows if not any(row[level] for level in _LEVELS)}
    absent = [status for status in _STATUSES if status not in general]
    if absent:
        raise UsageError(
            f"{seed.name} has no row for every category for {', '.join(absent)}. Add it."
        )


def _problems(row: dict[str, str]) -> Iterable[str]:
    if row["status"] not in _STATUSES:
        yield f"status {row['status']!r} is none of {', '.join(_STATUSES)}"
    if not row["min_total"]:
        yield "min_total is empty"
    for column in _NUMBERS:
        if row[column] and not (row[column].isascii() and row[column].isdigit()):
            yield f"{column} {row[column]!r} is not a whole number of 0 or more"

"""Checks the rules that dbt judges by, before it does: the seed with the thresholds, the evidence's variables."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from flows import PROJECT_ROOT
from flows.report import evidence
from flows.runtime.errors import UsageError

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "status_thresholds.csv"
_LEVELS = ("category1", "category2", "category3")
_STATUSES = ("CRITICAL", "MONITOR", "IMPROVED")
_NUMBERS = ("min_total", "min_increase_pct", "min_negative_ratio_increase_pp", "min_decrease_pct")


def check_rules() -> None:
    """Raise UsageError for the first rule of the project that dbt could not use."""
    check_thresholds()
    evidence.rules()


def check_thresholds(seed: Path = SEED) -> list[dict[str, Any]]:
    """The rows of a seed, None for a rule not used. Raises UsageError for the first that dbt could not use."""
    try:
        text = seed.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{seed} cannot be read. Restore it, as UTF-8.") from None
    with io.StringIO(text) as file:
        reader = csv.DictReader(file, restkey="too many", restval=None)
        missing = {"status", *_LEVELS, *_NUMBERS} - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{seed.name} has no column {', '.join(sorted(missing))}. Add it.")
        rows, seen = [], set[tuple[str, ...]]()
        for row in reader:
            problem = _problem(row, seen)
            if problem:
                raise UsageError(f"{seed.name} line {reader.line_num}: {problem}. Fix the file.")
            seen.add(_identity(row))
            rows.append(row | {name: int(row[name]) if row[name] else None for name in _NUMBERS})
    absent = [status for status in _STATUSES if (status, "", "", "") not in seen]
    if absent:
        raise UsageError(
            f"{seed.name} has no row for every category for {', '.join(absent)}. Add it."
        )
    return rows


def _identity(row: dict[str, str]) -> tuple[str, ...]:
    return (row["status"], *(row[level].strip() for level in _LEVELS))


def _problem(row: dict[str, str], seen: set[tuple[str, ...]]) -> str | None:
    if "too many" in row:
        return "has more columns than the header"
    if None in row.values():
        return "has fewer columns than the header"
    if row["status"] not in _STATUSES:
        return f"status {row['status']!r} is not one of {', '.join(_STATUSES)}"
    if not row["min_total"]:
        return "min_total is empty"
    for column in _NUMBERS:
        number = row[column]
        if number and not (number.isascii() and number.isdigit()):
            return f"{column} {number!r} is not a whole number of 0 or more"
    if _identity(row) in seen:
        return f"a second row for {row['status']} and the same category"
    return None

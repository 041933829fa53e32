"""Checks the rules that dbt judges by, before it does: the seed with the thresholds, the evidence's variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows import PROJECT_ROOT
from flows.report import evidence
from flows.runtime.errors import UsageError
from flows.source.owners import check_owners
from flows.source.seeds import LEVELS, Row, read_seed

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "status_thresholds.csv"
_STATUSES = ("CRITICAL", "MONITOR", "IMPROVED")
_NUMBERS = ("min_total", "min_increase_pct", "min_negative_ratio_increase_pp", "min_decrease_pct")


def check_rules() -> None:
    """Raise UsageError for the first rule or seed of the project that dbt could not use."""
    check_thresholds()
    evidence.rules()
    check_owners()


def check_thresholds(seed: Path = SEED) -> list[dict[str, Any]]:
    """The rows of a seed, None for a rule not used. Raises UsageError for the first that dbt could not use."""
    rows = read_seed(seed, ("status", *LEVELS, *_NUMBERS), _problem, lambda row: row["status"])
    general = {row["status"] for row in rows if not any(row[level].strip() for level in LEVELS)}
    if absent := [status for status in _STATUSES if status not in general]:
        raise UsageError(
            f"{seed.name} has no row for every category for {', '.join(absent)}. Add it."
        )
    return [
        row | {name: int(row[name]) if row[name] else None for name in _NUMBERS} for row in rows
    ]


def _problem(row: Row) -> str | None:
    if row["status"] not in _STATUSES:
        return f"status {row['status']!r} is not one of {', '.join(_STATUSES)}"
    if not row["min_total"]:
        return "min_total is empty"
    for column in _NUMBERS:
        number = row[column]
        if number and not (number.isascii() and number.isdigit()):
            return f"{column} {number!r} is not a whole number of 0 or more"
    return None

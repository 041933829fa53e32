"""`voc status`: the status of every category in a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from flows.commands.tables import open_tables
from flows.errors import UsageError
from flows.report import STATUSES, Change, WeekPair
from flows.warehouse import read_status


def read_statuses(
    *, as_of: date | None, statuses: Sequence[str], source: Path | None, target: str | None
) -> tuple[WeekPair, list[Change]]:
    """The rows of the week that was newest at `as_of` (default: the latest run's), worst first."""
    unknown = [status for status in statuses if status.upper() not in STATUSES]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no status. Use one of {', '.join(STATUSES)}.")
    warehouse, weeks = open_tables(as_of=as_of, source=source, target=target)
    wanted = {status.upper() for status in statuses} or set(STATUSES)
    return weeks, [row for row in read_status(warehouse, weeks) if row.status in wanted]

"""`voc status`: the status table of a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.cli.commands.tables import computed_week
from flows.report.values import STATUSES, Alarms, Change, WeekPair
from flows.runtime.assembly import Assembly
from flows.runtime.errors import UsageError
from flows.warehouse.marts import (
    read_doubts,
    read_status,
    read_unused_overrides,
    warn_of_faults,
)


def read_statuses(
    parts: Assembly, *, as_of: date | None, statuses: Sequence[str], source: Path | None
) -> tuple[WeekPair, list[Change], Alarms | None]:
    """The week that was newest at `as_of` (default: the latest run's): its rows, worst first, and its alarms."""
    unknown = [status for status in statuses if status.upper() not in STATUSES]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is not a status. Use one of {', '.join(STATUSES)}.")
    computed = computed_week(parts, as_of, source)
    wanted = {status.upper() for status in statuses} or set(STATUSES)
    rows, alarms = read_status(computed.warehouse, computed.weeks)
    doubts = read_doubts(computed.warehouse, computed.weeks)
    with progress_on_stderr():
        warn_of_faults(doubts, read_unused_overrides(computed.warehouse))
    return computed.weeks, [row for row in rows if row.status in wanted], alarms

"""The date that a run reports as of, from the words of the command line. SQL does the rest. Pure."""

from __future__ import annotations

from datetime import date, datetime

from catalogue import weeks
from flows.runtime.errors import WEEK, UsageError


def date_of(text: str) -> date:
    """Read a date such as 2026-11-16. Raises UsageError."""
    try:
        return weeks.date_of(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date. Write it as 2026-11-16.") from None


def as_of_week(text: str) -> date:
    """The first date on which the ISO week `text` (2026-W46) is the latest complete one. Raises UsageError."""
    try:
        return weeks.as_of_week(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a week. Write it as 2026-W46.") from None


def checked_as_of(as_of: date | None, now: datetime) -> date:
    """`as_of`, or the date of `now` (in the reporting time zone) when no date is given.

    Raises UsageError for a date in the future: its week is not complete yet.
    """
    today = now.date()
    if as_of is None:
        return today
    if as_of > today:
        raise UsageError(
            f"{as_of} is in the future (today is {today}), and its week is not complete. "
            f"Choose an earlier week: the newest is {weeks.label_of(weeks.newest_week(today))}.",
            kind=WEEK,
        )
    return as_of

"""From the words people use for a week to the date a run reports as of. SQL does the rest."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flows.errors import UsageError


def date_of(text: str) -> date:
    """Read a date such as 2026-11-16."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date. Write it as 2026-11-16.") from None


def as_of_week(text: str) -> date:
    """The first date for which the ISO week named `text` (2026-W46) is the latest complete one."""
    match = re.fullmatch(r"(\d{4})-?[Ww](\d{1,2})", text.strip())
    problem = UsageError(f"{text!r} is no week. Write it as 2026-W46.")
    if not match:
        raise problem
    try:
        sunday = date.fromisocalendar(int(match[1]), int(match[2]), 7)
        return sunday + timedelta(days=1)
    except (ValueError, OverflowError):
        raise problem from None


def checked_as_of(as_of: date | None, now: datetime) -> date:
    """`as_of`, or the date of `now` (in the reporting time zone) when none is given.

    Raises UsageError for a date in the future: its week is not complete yet.
    """
    today = now.date()
    if as_of is None:
        return today
    if as_of > today:
        raise UsageError(
            f"{as_of} is in the future (today is {today}), and its week is not complete. "
            "Choose an earlier week."
        )
    return as_of

"""The words that people use for a week, at the command line and in Slack. SQL does all other week arithmetic."""

from __future__ import annotations

import re
from datetime import date, timedelta

_WEEK = re.compile(r"(\d{4})-?[Ww](\d{1,2})")


def date_of(text: str) -> date:
    """Read a date such as 2026-11-16. Raises ValueError."""
    return date.fromisoformat(text.strip())


def as_of_week(text: str) -> date:
    """The first date on which the ISO week `text` (2026-W46) is the latest complete one. Raises ValueError."""
    match = _WEEK.fullmatch(text.strip())
    if not match:
        raise ValueError("not a week")
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), 7) + timedelta(days=1)
    except OverflowError:
        raise ValueError("not a week") from None


def as_of_word(text: str) -> date:
    """The same for a week or for any date in that week. Raises ValueError."""
    try:
        return as_of_week(text)
    except ValueError:
        day = date_of(text)
    try:
        return day + timedelta(days=7 - day.weekday())
    except OverflowError:
        raise ValueError("not a week") from None

"""Weeks, each by its Monday, as the command line and Slack name them. SQL does all other week arithmetic. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

_WEEK = timedelta(days=7)
_ISO = re.compile(r"(\d{4})-?w(\d{1,2})")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def date_of(text: str) -> date:
    """Read a date such as 2026-11-16. Raises ValueError."""
    return date.fromisoformat(plain(text))


def as_of_week(text: str) -> date:
    """The first date on which the ISO week `text` (2026-W46) is the latest complete one. Raises ValueError."""
    match = _ISO.fullmatch(plain(text))
    if not match:
        raise ValueError("not a week")
    return as_of(date.fromisocalendar(int(match[1]), int(match[2]), 1))


def as_of(week: date) -> date:
    """The first date on which the week is the latest complete one. Raises ValueError at the end of time."""
    try:
        return week + _WEEK
    except OverflowError:
        raise ValueError("not a week") from None


def week_of(day: date) -> date:
    """The week that holds a day."""
    return day - timedelta(days=day.weekday())


def newest_week(today: date) -> date:
    """The newest week that is over."""
    return week_of(today) - _WEEK


def label_of(week: date) -> str:
    """The label that reports have, such as 2026-W46."""
    year, number, _ = week.isocalendar()
    return f"{year:04}-W{number:02}"


def plain(text: str) -> str:
    """Text without what only looks different: full-width signs, other dashes, capitals, invisible signs."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).lower()
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()

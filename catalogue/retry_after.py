"""How long a server asks to wait: its header Retry-After in every form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# No standard has the `s`; some gateways send it.
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?\s*s?")


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from `now` to wait; None where the headers do not ask to wait, or not in a form that anybody knows.

    Args:
        headers: a mapping that ignores case, or one with its names in lower case. `Retry-After` is a number of
            seconds or a date (RFC 9110, 10.2.3); `retry-after-ms`, which model services send too, is more exact.
        now: with a time zone.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    return _number(value) or _seconds_until(value, now)


def _number(value: str) -> float | None:
    value = value.strip()
    return float(value.rstrip("s")) if _NUMBER.fullmatch(value) else None


def _seconds_until(value: str, now: datetime) -> float | None:
    """None for a date that is over: one of the two clocks is wrong."""
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return seconds.total_seconds() if seconds.total_seconds() > 0 else None

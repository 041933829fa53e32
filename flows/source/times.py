"""The kinds of written time that are read, and the SQL that reads each. Pure; `moments.py` finds a column's kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TimeKind:
    """One way of writing a time.

    Args:
        name: as errors and the run's lines call it.
        sql: from an expression for the text (trimmed, not blank) and one for the zone to the SQL of the moment, which
            is NULL for a text that is not of this kind.
        has_zone: whether the text alone names a moment; None if some do.
    """

    name: str
    sql: Callable[[str, str], str]
    has_zone: bool | None


# A date, or a clock time behind one, with nothing behind it: no zone is named.
_WITHOUT_ZONE = r"[^:]*(:\d\d(:\d\d(\.\d+)?)?)?"
# No-break blanks are what Excel and JavaScript put before AM and PM.
_B = "[\\s\u00a0\u202f]*"
_DOTTED = rf"(?P<year>\d{{4}}){_B}\.{_B}(?P<month>\d{{1,2}}){_B}\.{_B}(?P<day>\d{{1,2}}){_B}\.?"
_KOREAN = rf"(?P<year>\d{{4}}){_B}년{_B}(?P<month>\d{{1,2}}){_B}월{_B}(?P<day>\d{{1,2}}){_B}일"
_DASHED = r"(?P<year>\d{4})[\-/](?P<month>\d{1,2})[\-/](?P<day>\d{1,2})"
_DAY_FIRST = (
    rf"(?P<day>\d{{1,2}}){_B}[.\-/]{_B}(?P<month>\d{{1,2}}){_B}[.\-/]{_B}(?P<year>\d{{4}})\.?"
)
_MONTH_FIRST = _DAY_FIRST.replace("day", "DAY").replace("month", "day").replace("DAY", "month")
_HALF = r"오전|오후|[AaPp]\.?[Mm]\.?"
_CLOCK = (
    rf"(?:[,T]?{_B}(?:\(?[월화수목금토일](?:요일)?\)?)?{_B}(?P<before>{_HALF})?{_B}"
    rf"(?P<hour>\d{{1,2}})(?:(?::|시{_B})(?P<minute>\d{{1,2}})분?"
    rf"(?::?{_B}(?P<second>\d{{1,2}}(?:\.\d+)?)초?)?|시){_B}(?P<after>{_HALF})?)?"
)
_SERIAL_DAYS = (20_000, 80_000)  # 1954 to 2119: outside, a number is hardly a date of Excel
_SECONDS = (100_000_000, 10_000_000_000)  # 1973 to 2286, and no date of Excel


def _iso(text: str, zone: str) -> str:
    return f"case when not ({_is_slashed(text)}) then {_cast(text, zone)} end"


def _slashed(text: str, zone: str) -> str:
    return f"case when {_is_slashed(text)} then {_cast(text, zone)} end"


def _is_slashed(text: str) -> str:
    return rf"regexp_matches({text}, '^\d+/')"


def _cast(text: str, zone: str) -> str:
    return (
        f"case when {is_without_zone(text)} then timezone({zone}, try_cast({text} as timestamp)) "
        f"else try_cast({text} as timestamp with time zone) end"
    )


def is_without_zone(text: str) -> str:
    """SQL: whether a time of a kind that may have a zone names none."""
    return f"regexp_full_match({text}, '{_WITHOUT_ZONE}')"


def _written(date: str, *, needs_half: bool = False) -> Callable[[str, str], str]:
    """A date of three numbers, and a clock of 24 hours or of two halves: 오전 12:13 is 00:13, 오후 12:13 is 12:13."""
    pattern = re.compile(date + _CLOCK)
    names = ", ".join(f"'{name}'" for name in pattern.groupindex)
    plain = re.sub(r"\?P<\w+>", "", pattern.pattern)

    def sql(text: str, zone: str) -> str:
        # A lambda, so that the text is matched once for all its parts.
        parts = f"regexp_extract({text}, '^(?:{plain})$', [{names}])"
        half = "lower(replace(p.before || p.after, '.', ''))"
        hour = "coalesce(try_cast(p.hour as integer), 0)"
        moment = (
            "try_cast(p.year || '-' || p.month || '-' || p.day || ' ' || "
            f"case when {half} = '' then {99 if needs_half else hour} "
            f"when {hour} > 12 then 99 "  # 오후 13시 is no time, nor is the hour 99
            f"when {half} in ('오후', 'pm') then {hour} % 12 + 12 else {hour} % 12 end "
            "|| ':' || coalesce(nullif(p.minute, ''), '00') "
            "|| ':' || coalesce(nullif(p.second, ''), '00') as timestamp)"
        )
        return f"timezone({zone}, list_transform([{parts}], lambda p: {moment})[1])"

    return sql


def _number(text: str, low: int, high: int) -> str:
    number = f"try_cast({text} as double)"
    return (
        rf"case when regexp_full_match({text}, '\d+(\.\d+)?') and {number} >= {low} "
        f"and {number} < {high} then {number} end"
    )


def _excel(text: str, zone: str) -> str:
    milliseconds = f"cast(round(({_number(text, *_SERIAL_DAYS)}) * 86400000) as bigint)"
    return f"timezone({zone}, timestamp '1899-12-30' + to_milliseconds({milliseconds}))"


def _seconds(text: str, zone: str) -> str:
    return f"to_timestamp({_number(text, *_SECONDS)})"


def _milliseconds(text: str, zone: str) -> str:
    low, high = (1000 * bound for bound in _SECONDS)
    return f"to_timestamp(({_number(text, low, high)}) / 1000)"


ISO = TimeKind("times such as 2026-11-15T15:30:00Z", _iso, None)
SLASHED = TimeKind("times such as 2026/11/02 20:13", _slashed, None)
DOTTED = TimeKind("times such as 2026. 11. 2. 오후 8:13", _written(_DOTTED), False)
KOREAN = TimeKind("times such as 2026년 11월 2일 오후 8:13", _written(_KOREAN), False)
HALVES = TimeKind("times such as 2026-11-02 오후 8:13", _written(_DASHED, needs_half=True), False)
EXCEL = TimeKind("Excel's serial numbers", _excel, False)
SECONDS = TimeKind("Unix seconds", _seconds, True)
MILLISECONDS = TimeKind("Unix milliseconds", _milliseconds, True)
DAY_FIRST = TimeKind("dates with the day first", _written(_DAY_FIRST), False)
MONTH_FIRST = TimeKind("dates with the month first", _written(_MONTH_FIRST), False)
# The likeliest first: of kinds that fit equally well, the first is taken.
SURE_KINDS = (ISO, SLASHED, DOTTED, KOREAN, HALVES, EXCEL, SECONDS, MILLISECONDS)
ORDERED_KINDS = {"dmy": DAY_FIRST, "mdy": MONTH_FIRST}

"""The words that people use for weeks, in Korean and English. Pure.

`11월 2주차` counts as ISO does: a week belongs to the month of its Thursday.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from catalogue.weeks import newest_week, week_of

_Said = dict[str, str]
_Reader = Callable[[_Said, date], "Named"]

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Named:
    """What words name: a week, or the weeks of a month. Without `exists` there is none, and it is the nearest."""

    weeks: tuple[date, ...]
    exists: bool = True


def named_weeks(text: str, today: date) -> tuple[list[Named], str]:
    """Everything in a `plain` text that names a week or a month, and the text without it.

    What names no year is the latest that has begun. Nothing is said about whether a week is over.

    Args:
        text: such as `w46 다시`.
        today: in the reporting time zone.
    """
    found: list[Named] = []
    for form, read in _FORMS:
        for match in form.finditer(text):
            said = {name: value for name, value in match.groupdict().items() if value is not None}
            try:
                found.append(read(said, today))
            except (ValueError, OverflowError):
                found.append(Named((newest_week(today),), exists=False))
        text = form.sub(" ", text)
    return found, text


_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "한 일 하나 첫 a an one first",
            "두 이 둘 two second",
            "세 삼 셋 three third",
            "네 사 넷 four fourth",
            "다섯 오 five fifth",
            "여섯 육 six sixth",
            "일곱 칠 seven",
            "여덟 팔 eight",
            "아홉 구 nine",
            "열 십 ten",
        ),
        start=1,
    )
    for word in words.split()
} | {"마지막": -1, "last": -1, "final": -1}
_WEEKDAYS = ("월mon", "화tue", "수wed", "목thu", "금fri", "토sat", "일sun")
_MONTHS = (
    *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?"),
    *("aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)
_PASSED = {
    "지지난": -2,
    "저저번": -2,
    "지난": -1,
    "저번": -1,
    "전월": -1,
    "전달": -1,
    "다음": 1,
} | {
    "last": -1,
    "previous": -1,
    "next": 1,
}

_NUMBER = rf"\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
_YEARS = r"\d{4}|올해|금년|작년|지난\s*해|(?:this|last)\s+year"
_YEAR = rf"(?:(?<!\d)(?P<year>{_YEARS}|\d{{2}}(?=\s*년))\s*(?:년도?)?[\s,.]*)?"
_THEN = rf"(?:[\s,]+(?:of\s+|in\s+)?(?P<year>{_YEARS})(?![-./\d]))?"
_MONTH = rf"(?<![a-z])(?P<month>{'|'.join(_MONTHS)})(?![a-z])\.?"
_DAY = r"(?P<day>\d{1,2})(?!\d)"
_TH = r"(?:st|nd|rd|th)"
_THIS_MONTH = (
    r"(?:(?P<passed>지지난|저저번|지난|저번|이번|다음)\s*달|(?P<near>이달|당월|금월|전월|전달))"
)
_THIS_MONTH_EN = r"(?<![a-z])(?P<passed>last|previous|this|current|next)\s+month(?![a-z])"


def _number(word: str) -> int:
    digits = re.match(r"\d+", word)
    return int(digits[0]) if digits else _NUMBERS[word]


def _latest(said: _Said, today: date, build: Callable[[int], date], years: int = 1) -> date:
    """`build(year)` for the year that is said, else the latest that is not after today, else this year's.

    Looks `years` back. Raises ValueError where there is none.
    """
    year = said.get("year")
    if year is not None and year.isdecimal():
        return build(int(year) + (2000 if len(year) == 2 else 0))
    if year is not None:
        return build(today.year - (year[0] in "작지l"))
    for back in range(years + 1):
        with contextlib.suppress(ValueError):
            if (found := build(today.year - back)) <= today:
                return found
    return build(today.year)


def _numbered(said: _Said, today: date) -> Named:
    number = _number(said["week"])
    try:
        if number < 0:
            return Named((week_of(_latest(said, today, lambda year: date(year, 12, 28))),))
        return Named((_latest(said, today, lambda year: date.fromisocalendar(year, number, 1)),))
    except ValueError:  # 4 January and 28 December always lie in a year's first and last week
        day = (1, 4) if number < 1 else (12, 28)
        this = {"year": str(today.year)} | said
        return Named((week_of(_latest(this, today, lambda year: date(year, *day))),), exists=False)


def _date(said: _Said, today: date) -> Named:
    month, day = said["month"], int(said["day"])
    if "us" in said and int(month) > 12:
        month, day = str(day), int(month)
    number = _month_number(month)
    try:
        # 29 February is the rarest date
        return Named(
            (week_of(_latest(said, today, lambda year: date(year, number, day), years=8)),)
        )
    except ValueError:
        if day == 0:
            raise
        last = _latest(said, today, lambda year: _first(year, number + 1) - timedelta(days=1))
        return Named((week_of(last),), exists=False)


def _days_from_today(days: int) -> _Reader:
    return lambda said, today: Named((week_of(today + timedelta(days=days)),))


def _days_ago(said: _Said, today: date) -> Named:
    return Named((week_of(today - timedelta(days=_number(said["n"]))),))


def _weeks_ago(said: _Said, today: date) -> Named:
    return Named((week_of(today) - _number(said["n"]) * _WEEK,))


def _weekday(said: _Said, today: date) -> Named:
    """The latest Friday before today."""
    (day,) = (n for n, names in enumerate(_WEEKDAYS) if said["weekday"] in names)
    return Named((week_of(today - timedelta(days=(today.weekday() - day - 1) % 7 + 1)),))


def _month(said: _Said, today: date) -> Named:
    return Named(_weeks_in(_first_of_month(said, today)))


def _week_in_month(said: _Said, today: date) -> Named:
    weeks = _weeks_in(_first_of_month(said, today))
    number = _number(said["nth"])
    if not -1 <= number <= len(weeks) or number == 0:
        return Named(weeks[-1:], exists=False)
    return Named((weeks[number - 1 if number > 0 else -1],))


def _first_of_month(said: _Said, today: date) -> date:
    if "month" in said:
        number = _month_number(said["month"])
        return _latest(said, today, lambda year: _first(year, number))
    passed = _PASSED.get(said.get("passed") or said.get("near") or "", 0)
    return _first(today.year, today.month + passed - (_number(said["n"]) if "n" in said else 0))


def _first(year: int, month: int) -> date:
    """The first of a month; month 13 is the next year's January, and 0 the December before."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _weeks_in(first: date) -> tuple[date, ...]:
    """The weeks with a Thursday in the month that begins on `first`."""
    thursday = first + timedelta(days=(3 - first.weekday()) % 7)
    thursdays = (thursday + n * _WEEK for n in range(5))
    return tuple(week_of(day) for day in thursdays if day.month == first.month)


def _month_number(said: str) -> int:
    if not said.isdecimal():
        (number,) = (n for n, name in enumerate(_MONTHS, 1) if re.fullmatch(name, said))
        return number
    if not 1 <= int(said) <= 12:
        raise ValueError("not a month")
    return int(said)


# In this order: the longer form before one that it contains.
_READERS: list[tuple[str, _Reader]] = [
    (
        rf"(?<!\d)(?P<year>{_YEARS})\s*(?:년도?)?\s*[-./,]?\s*(?:week|wk|w)\s*(?P<week>\d{{1,3}})(?!\d)",
        _numbered,
    ),
    (
        rf"(?:{_YEAR}(?<!\d)(?P<month>\d{{1,2}})\s*월|{_THIS_MONTH})\s*(?:의\s*)?"
        rf"(?P<nth>{_NUMBER})\s*(?:번\s*째|째)?\s*주(?:\s*차)?(?!\s*전)",
        _week_in_month,
    ),
    (
        rf"(?<![a-z\d])(?P<nth>{_NUMBER}|\d{_TH})\s+week\s+(?:of|in)\s+(?:{_MONTH}{_THEN}|{_THIS_MONTH_EN})",
        _week_in_month,
    ),
    (rf"(?P<year>{_YEARS})\s*(?:년도?)?\s*(?P<week>첫|마지막)\s*(?:번째\s*)?주(?:차)?", _numbered),
    (rf"{_YEAR}(?<!\d)제?\s*(?P<week>\d{{1,3}})\s*(?:주\s*차|번\s*째\s*주|째\s*주)", _numbered),
    (rf"{_YEAR}(?<!\d)(?P<week>[2-5]\d)\s*주(?![가-힣])", _numbered),  # 8주 may be eight weeks
    (rf"(?<![a-z\d])(?:week|wk|cw|kw|w)\s*[-.#]?\s*(?P<week>\d{{1,3}})(?!\d){_THEN}", _numbered),
    (
        rf"(?<!\d)(?P<year>\d{{4}})\s*(?P<sep>[-./])\s*(?P<month>\d{{1,2}})\s*(?P=sep)\s*{_DAY}",
        _date,
    ),
    (r"(?<!\d)(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)", _date),
    (r"(?<!\d)(?P<us>)(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?!\d)", _date),
    (
        rf"(?<![\d./-])(?P<year>\d\d)(?P<sep>[-./])(?P<month>\d{{1,2}})(?P=sep){_DAY}(?!%)",
        _date,
    ),
    (rf"{_YEAR}(?<!\d)(?P<month>\d{{1,2}})\s*월\s*{_DAY}\s*일?", _date),
    (rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?!\d){_TH}?(?![a-z]){_THEN}", _date),
    (rf"(?<![a-z\d])(?P<day>\d{{1,2}}){_TH}?\s+(?:of\s+)?{_MONTH}{_THEN}", _date),
    (r"(?<![\d.,])(?P<year>\d{4})\s*[-./]\s*(?P<month>\d{1,2})(?!\d)", _month),
    (
        rf"(?<!\d)(?<!\d[./])(?P<month>\d{{1,2}})\s?(?P<sep>[-./])\s?{_DAY}(?!%|(?P=sep)\d)\s*일?",
        _date,
    ),
    (rf"(?<![가-힣\d])(?P<n>{_NUMBER})\s*주\s*(?:일\s*)?전(?!주)", _weeks_ago),
    (rf"(?<![a-z\d])(?P<n>{_NUMBER})\s*weeks?\s+(?:ago|back|earlier)(?![a-z])", _weeks_ago),
    (rf"(?<![가-힣\d])(?P<n>{_NUMBER})\s*(?:달|개월)\s*전", _month),
    (rf"(?<![a-z\d])(?P<n>{_NUMBER})\s*months?\s+ago(?![a-z])", _month),
    (rf"(?<![가-힣\d])(?P<n>{_NUMBER})\s*일\s*전", _days_ago),
    (rf"(?<![a-z\d])(?P<n>{_NUMBER})\s*days?\s+ago(?![a-z])", _days_ago),
    (r"(?:지난|저번)\s*(?P<weekday>[월화수목금토일])요일", _weekday),
    (
        r"(?<![a-z])last\s+(?P<weekday>mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?(?![a-z])",
        _weekday,
    ),
    (_THIS_MONTH, _month),
    (_THIS_MONTH_EN, _month),
    (rf"{_YEAR}(?<!\d)(?P<month>\d{{1,2}})\s*월(?!요)", _month),
    (rf"(?!(?<![a-z])may(?!\s+\d{{4}}|\W*$)){_MONTH}{_THEN}", _month),
    *(
        (rf"(?<![a-z])(?:{words})(?![a-z])", _days_from_today(days))
        for days, words in {
            -14: r"지지난\s*주|저저번\s*주|저번\s*저번\s*주|전전\s*주|(?:the\s+)?week\s+before\s+last(?:\s+week)?",
            -7: r"(?:지난|저번|직전)\s*(?:한\s*|일)?주(?:일|간)?|전주|(?:last|previous|prior|past)\s*week(?:end)?",
            14: r"다다음\s*주",
            7: r"다음\s*주|차주|next\s*week",
            -2: r"엊?그제|엊?그저께|(?:the\s+)?day\s+before\s+yesterday",
            0: r"이번\s*주|(?<![가-힣])이\s*주(?![가-힣])|금주|(?:this|current)\s*week|오늘|today",
            -1: r"어제|어저께|yesterday",
            2: r"모레",
            1: r"내일|tomorrow",
        }.items()
    ),
]
_FORMS = [(re.compile(form), read) for form, read in _READERS]

"""Days, weekdays, months and week labels in a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from flows.analysis.claims.facts import Facts
from flows.analysis.claims.sentence import MARKS, Refused, Sentence, Week

WEEKDAYS = "월화수목금토일"
_WEEKDAYS_IN_ENGLISH = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YEAR = r"(?:(?P<year>20[0-9]{2})\s?[-./년]\s?)?"
_MONTH = r"(?<![0-9.,])(?P<month>1[0-2]|0?[1-9])"
_WEEKDAY = r"(?:\s?\(?(?P<weekday>[월화수목금토일])(?:요일|(?=\)))\)?)?"
_WEEKDAY_BEFORE = r"(?:(?P<weekday_before>[월화수목금토일])요일(?:(?:인|,)?\s|\s?\())?"
_NOT_COUNTED = r"(?![0-9]|\.[0-9]|\s?(?:%|건|명|배))"
_LABEL = re.compile(
    r"(?:(?P<year>20[0-9]{2})\s?(?:-|년)?\s?)?(?:(?P<month>[0-9]{1,2})월\s?)?"
    r"(?:[Ww](?P<label>[0-9]{1,2})(?![0-9A-Za-z])|(?<![0-9.,])(?P<number>[0-9]{1,2}|[첫둘셋넷])(?:\s?주차|째\s?주))"
)
_RANGE = re.compile(
    rf"{_YEAR}(?<![0-9])(?P<month>1[0-2]|0?[1-9])\s?(?:월|[-./])\s?(?P<day>[0-9]{{1,2}})일?\s?[~–-]\s?(?P<last>[0-9]{{1,2}})일?(?![0-9./월-])"
)
_DAY = re.compile(
    rf"{_WEEKDAY_BEFORE}{_YEAR}{_MONTH}\s?(?P<sign>월|[-./])\s?(?P<day>3[01]|[12][0-9]"
    rf"|0?[1-9]){_NOT_COUNTED}(?:\s?일)?{_WEEKDAY}"
)
_DAY_IN_ENGLISH = re.compile(
    rf"(?:\b(?P<weekday>{'|'.join(_WEEKDAYS_IN_ENGLISH)})[a-z]*,?\s)?\b(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?\s(?P<day>[0-9]{{1,2}})(?:st"
    rf"|nd|rd|th)?\b",
    re.I,
)
_DAY_OF_MONTH = re.compile(
    rf"{_WEEKDAY_BEFORE}(?<![0-9.,])(?P<day>3[01]|[12]?[0-9])일(?=\s?(?:\(|부터"
    rf"|까지|에|자|~|-|과|와|이후|오전|오후|밤|새벽|,)|$){_WEEKDAY}"
)
_WEEKDAY_ALONE = re.compile(r"(?<![가-힣])(?P<weekday>[월화수목금토일])요일(?!까지|마다)")
_MONTH_ALONE = re.compile(
    r"(?<![0-9.,])(?P<month>1[0-2]|[1-9])월(?!\s?[0-9])(?:\s(?P<noun>(?!초|중"
    r"|말|하순|상순|들어|이후|현재|첫|둘|셋|넷|마지막|문의|한\s|기준)[가-힣]{2,}(?=[은는이가을를의]"
    r"|\s)))?"
)
_OTHER_WEEK = re.compile(
    rf"(?:비교|이번)\s?주(?:[은는]\s|\s?\(){MARKS['base']}|(?:기준|지난|전)\s?주(?:[은는]\s|\s?\(){MARKS['comparison']}"
)
"""비교주는 5월 4일: a day of the other week."""
_YEAR_ALONE = re.compile(r"(?<![0-9.,])(?P<year>20[0-9]{2})\s?년?(?![0-9,.]|\s?건)")


def check_days(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse a day that neither bounds a week nor has a sample, a wrong weekday, or a third week."""
    found: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Week | str | None]]] = [
        (_LABEL, lambda match: _week_labelled(match, facts)),
        (_RANGE, lambda match: _first_of_range(match, facts)),
        (_DAY, lambda match: _day(match, facts)),
        (_DAY_IN_ENGLISH, lambda match: _day_in_english(match, facts)),
        (_DAY_OF_MONTH, lambda match: _day_of_month(match, facts)),
        (_WEEKDAY_ALONE, lambda match: _if(_is_weekday_known(match["weekday"], facts))),
        (_MONTH_ALONE, lambda match: _month(match, facts)),
        (_YEAR_ALONE, lambda match: _year(match, facts)),
    ]  # fmt: skip
    for pattern, known in found:
        spans: dict[str, list[tuple[int, int]]] = {}
        for match in pattern.finditer(sentence.rest):
            if pattern is _DAY and not _is_day(match, sentence.rest):
                continue
            mark = known(match)
            if mark is None:
                return Refused.DAY
            spans.setdefault(mark, []).append(match.span())
        for mark, where in spans.items():
            sentence = sentence.without(where, mark)
    return Refused.DAY if _OTHER_WEEK.search(sentence.rest) else sentence


def _month(match: re.Match[str], facts: Facts) -> str | None:
    """A month of the two weeks; 10월 청구서 is a thing that a ticket names."""
    is_of_weeks = int(match["month"]) in {day.month for day in facts.all_days}
    return _if(facts.holds(match[0]) if match["noun"] else is_of_weeks or facts.holds(match[0]))


def _year(match: re.Match[str], facts: Facts) -> str | None:
    years = {day.year for day in facts.all_days}
    return _if(int(match["year"]) in years or facts.holds(match["year"]))


def _if(condition: bool) -> str | None:
    return " " if condition else None


def _is_day(match: re.Match[str], text: str) -> bool:
    """Whether 11/9 or 11-9 is a day: nine of eleven 건 is not, nor a range of anything, nor 1.5."""
    if match["sign"] == "월" or match["year"] or match["weekday"]:
        return True
    return match["sign"] == "/" and not re.match(r"\s?(?:건|명|개)", text[match.end() :])


def _week_labelled(match: re.Match[str], facts: Facts) -> str | None:
    nth = {"첫": 1, "둘": 2, "셋": 3, "넷": 4}
    number = match["label"] or match["number"]
    week_number = nth[number] if number in nth else int(number)
    for role, week in _weeks(facts):
        year, iso_week, _ = week.isocalendar()
        if match["year"] and int(match["year"]) not in (year, week.year):
            continue
        if match["month"]:
            if (int(match["month"]), week_number) in _weeks_of_month(week):
                return MARKS[role]
        elif week_number == iso_week:
            return MARKS[role]
    return None


def _weeks(facts: Facts) -> Iterable[tuple[Week, date]]:
    weeks = facts.material.weeks
    return (("base", weeks.base.start), ("comparison", weeks.comparison.start))


def _weeks_of_month(monday: date) -> set[tuple[int, int]]:
    """What people call a week of the month: by its Monday, by its Thursday, by the rows of a calendar."""
    thursday = monday + timedelta(days=3)
    return {
        (monday.month, (monday.day + 6) // 7),
        (thursday.month, (thursday.day + 6) // 7),
        (monday.month, (monday.day + monday.replace(day=1).weekday() + 6) // 7),
    }


def _first_of_range(match: re.Match[str], facts: Facts) -> str | None:
    if not _known(match["year"], int(match["month"]), int(match["last"]), None, facts):
        return None
    return _known(match["year"], int(match["month"]), int(match["day"]), None, facts)


def _day(match: re.Match[str], facts: Facts) -> str | None:
    weekday = match["weekday"] or match["weekday_before"]
    if match["weekday"] and match["weekday_before"] and match["weekday"] != match["weekday_before"]:
        return None
    return _known(match["year"], int(match["month"]), int(match["day"]), weekday, facts)


def _day_in_english(match: re.Match[str], facts: Facts) -> str | None:
    month = _MONTHS.index(match["name"].lower()) + 1
    english = match["weekday"]
    weekday = english and WEEKDAYS[_WEEKDAYS_IN_ENGLISH.index(english.lower())]
    return _known(None, month, int(match["day"]), weekday, facts)


def _day_of_month(match: re.Match[str], facts: Facts) -> str | None:
    weekday = match["weekday"] or match["weekday_before"]
    months = sorted({day.month for day in facts.all_days})
    marks = (_known(None, month, int(match["day"]), weekday, facts) for month in months)
    return next(filter(None, marks), None)


def _known(year: str | None, month: int, day: int, weekday: str | None, facts: Facts) -> str | None:
    """The mark of the day's week, a blank for a day that a ticket names, None for any other."""
    for known in facts.days:
        if (known.month, known.day) == (month, day) and (not year or known.year == int(year)):
            if weekday and WEEKDAYS[known.weekday()] != weekday:
                return None
            base = facts.material.weeks.base
            return MARKS["base" if known <= base.end else "comparison"]
    written = (f"{month}월{day}일", f"{month}/{day}", f"{month:02}-{day:02}", f"{month}.{day}")
    return " " if weekday is None and any(map(facts.holds, written)) else None


def _is_weekday_known(weekday: str, facts: Facts) -> bool:
    sampled = {WEEKDAYS[day.weekday()] for day in facts.sample_days}
    return weekday in sampled or facts.holds(f"{weekday}요일") or weekday in "월일"

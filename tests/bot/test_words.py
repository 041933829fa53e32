"""What people write to the bot."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.words import QUESTION_LENGTH, Asked, nearest, understood, within_data
from catalogue import LOCALES, Locale, Texts
from catalogue.weeks import label_of, week_of
from flows import PROJECT_ROOT

FRIDAY_OF_W48 = date(2026, 11, 27)
TABLE = PROJECT_ROOT / "tests" / "data" / "phrases.txt"


def phrases() -> list[tuple[str, str]]:
    """Each phrase of the table with the meaning that its section names."""
    found: list[tuple[str, str]] = []
    meaning = ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            meaning = line.removeprefix("## ")
        elif line:
            found.append((line, meaning))
    return found


def meaning(asked: Asked) -> str:
    """What is asked for, as the table has it."""
    weeks = [label_of(week) for week in asked.weeks or ([asked.week] if asked.week else [])]
    return " ".join([asked.kind, *filter(None, [asked.why]), *weeks, *["force"] * asked.force])


def test_the_table_is_long_enough_and_names_nothing_twice() -> None:
    said = [phrase for phrase, _ in phrases()]
    assert len(said) == len(set(said)) >= 150


@pytest.mark.parametrize(("phrase", "expected"), phrases())
def test_a_phrase_means_what_the_table_says(phrase: str, expected: str) -> None:
    assert meaning(understood(phrase, FRIDAY_OF_W48)) == expected


def test_nothing_asks_for_the_newest_week_that_is_over() -> None:
    for text in ("", "  ", "<@U0BOT>  "):
        assert meaning(understood(text, FRIDAY_OF_W48)) == "report 2026-W47"
    assert meaning(understood("", date(2026, 11, 29))) == "report 2026-W47"
    assert meaning(understood("", date(2026, 11, 30))) == "report 2026-W48"


@pytest.mark.parametrize(
    ("today", "phrase", "expected"),
    [
        # On Monday yesterday's week is over.
        (date(2026, 11, 16), "어제", "report 2026-W46"),
        # Around New Year a week or a date without a year is last year's.
        (date(2027, 1, 5), "W53", "report 2026-W53"),
        (date(2027, 1, 5), "W52", "report 2026-W52"),
        (date(2027, 1, 5), "12월 마지막 주", "report 2026-W53"),
        (date(2027, 1, 5), "W1", "refusal not_over 2026-W53"),
        (date(2027, 1, 5), "지난달", "choice 2026-W49 2026-W50 2026-W51 2026-W52 2026-W53"),
        (date(2028, 1, 5), "W53", "refusal unknown 2027-W52"),
        (date(2026, 3, 2), "이번 달", "refusal not_over 2026-W09"),
    ],
)
def test_the_day_decides_which_week_is_meant(today: date, phrase: str, expected: str) -> None:
    assert meaning(understood(phrase, today)) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("2026-W41", "refusal before_data 2026-W42"),
        ("2026-W42", "report 2026-W42"),
        ("2026-W41 다시", "report 2026-W41 force"),
        ("지난달", "choice 2026-W42 2026-W43 2026-W44"),
        ("8월", "refusal before_data 2026-W42"),
        ("2019-W54", "refusal unknown 2026-W42"),
        ("이번 주", "refusal not_over 2026-W47"),
        ("상태", "status"),
        ("결제 왜?", "question"),
    ],
)
def test_nothing_before_the_data_is_reported_or_offered(phrase: str, expected: str) -> None:
    asked = understood(phrase, FRIDAY_OF_W48)
    assert meaning(within_data(asked, date(2026, 10, 12))) == expected


def test_what_was_written_is_kept_for_quoting_and_asking() -> None:
    asked = understood("<@U0BOT>  결제 &lt;왜&gt; :fire:  늘었어? ", FRIDAY_OF_W48)
    assert (asked.kind, asked.words) == ("question", "결제 <왜> 늘었어?")
    long = understood("W46 " * 1000, FRIDAY_OF_W48)
    assert (long.kind, len(long.words)) == ("question", QUESTION_LENGTH)


def test_the_nearest_phrases_are_those_that_look_alike() -> None:
    known = ("지난주", "지난달", "상태", "도움말", "다시 실행")
    assert nearest("지난쥬", known) == ("지난주", "지난달", *nearest("지난쥬", known[2:], 1))
    assert nearest("stauts", ("help", "status", "last week"), 1) == ("status",)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_the_bot_offers_it_understands(locale: Locale) -> None:
    kinds = [
        understood(phrase, FRIDAY_OF_W48).kind
        for phrase in Texts(locale)("bot.phrases").split(", ")
    ]
    assert sorted(kinds) == ["choice", "help", "report", "report", "report", "status"]


@given(st.text(), st.dates(date(1970, 1, 1), date(2200, 1, 1)))
@example("요" * 5000, FRIDAY_OF_W48)
@example("줄래요" * 60 + "x", FRIDAY_OF_W48)
@example("0000-00-00 0월 0주차", FRIDAY_OF_W48)
def test_any_text_is_understood_as_something(text: str, today: date) -> None:
    asked = understood(text, today)
    assert asked.kind in ["report", "choice", "refusal", "status", "help", "question", "unclear"]
    assert all(week <= today - timedelta(days=7) for week in asked.weeks)


@given(st.dates(date(2000, 1, 1), date(2026, 11, 22)))
def test_a_date_and_the_week_it_lies_in_are_the_same_request(day: date) -> None:
    label = label_of(week_of(day))
    year, week, _ = day.isocalendar()
    for text in (
        f"{day:%Y-%m-%d}",
        f"{day.year}. {day.month}. {day.day}.",
        f"{day.year}년 {day.month}월 {day.day}일",
        f"{day.month}/{day.day}/{day.year}",
        f"{day:%B} {day.day}, {day.year}",
        f"{year}-W{week:02}",
        f"{year}년 {week}주차",
    ):
        assert meaning(understood(text, FRIDAY_OF_W48)) == f"report {label}"

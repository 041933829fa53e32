"""What people write to the bot."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import Asked, understood

MONDAY_AFTER_W46 = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", Asked("report")),
        ("<@U0BOT>", Asked("report")),
        ("  <@U0BOT>  지난주 ", Asked("report")),
        ("지난 주", Asked("report")),
        ("<@U0BOT>상태", Asked("status")),
        ("<@U0BOT>다시", Asked("report", None, force=True)),
        ("<@U0BOT|voc>님", Asked("help")),
        ("last week", Asked("report")),
        ("latest", Asked("report")),
        ("2026-W46", Asked("report", MONDAY_AFTER_W46)),
        ("<@U0BOT> 2026-w46", Asked("report", MONDAY_AFTER_W46)),
        ("2026W46", Asked("report", MONDAY_AFTER_W46)),
        ("2026-11-09", Asked("report", MONDAY_AFTER_W46)),
        ("2026-11-15", Asked("report", MONDAY_AFTER_W46)),
        ("2026-11-16", Asked("report", date(2026, 11, 23))),
        ("2020-W53", Asked("report", date(2021, 1, 4))),
        ("다시", Asked("report", None, force=True)),
        ("Force", Asked("report", None, force=True)),
        ("다시 2026-W46", Asked("report", MONDAY_AFTER_W46, force=True)),
        ("2026-W46 force", Asked("report", MONDAY_AFTER_W46, force=True)),
        ("상태", Asked("status")),
        ("STATUS", Asked("status")),
        ("도움말", Asked("help")),
        ("help", Asked("help")),
        ("안녕", Asked("help")),
        ("2026-W54", Asked("help")),
        ("2021-W53", Asked("help")),
        ("2026-02-30", Asked("help")),
        ("9999-12-31", Asked("help")),
        ("2026-W45 2026-W46", Asked("help")),
        ("상태 다시", Asked("help")),
        ("다시 뭐라고", Asked("help")),
    ],
)
def test_the_words_after_a_mention_are_understood(text: str, asked: Asked) -> None:
    assert understood(text) == asked


@given(st.text())
def test_any_text_is_understood_as_something(text: str) -> None:
    assert understood(text).kind in ("report", "status", "help")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_date_and_the_week_it_lies_in_are_the_same_request(day: date) -> None:
    year, week, _ = day.isocalendar()
    assert understood(day.isoformat()) == understood(f"{year}-W{week:02}")

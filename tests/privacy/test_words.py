"""Which reports hold the words that are to be removed."""

from __future__ import annotations

from datetime import date

import pytest

from flows.privacy.words import Words

W46 = date(2026, 11, 9)


@pytest.mark.parametrize(
    ("before", "is_in"),
    [(date(2026, 11, 8), False), (date(2026, 11, 9), True), (date(2026, 11, 16), True)],
)
def test_a_report_holds_the_words_of_its_base_week_too(before: date, is_in: bool) -> None:
    assert Words(before).are_in_report("2026-W46", []) is is_in


def test_a_note_on_no_week_holds_no_words() -> None:
    assert not Words(date(2026, 11, 16)).are_in_report("late data", ["2100000"])


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ('<span class="id">2100000</span>', True),
        ('{"ticket_id":"2100000"}', True),
        ("12100000", False),
        ("2100000자", False),
        ("", False),
    ],
)
def test_a_ticket_is_found_by_its_whole_id(text: str, is_in: bool) -> None:
    assert Words(ticket="2100000").are_in_report("2026-W46", [text]) is is_in


@pytest.mark.parametrize("text", ["A&amp;B", 'A&B"'])
def test_an_id_is_found_as_it_is_written_there(text: str) -> None:
    assert Words(ticket="A&B").are_in_report("2026-W46", [text])


def test_the_report_of_a_week_that_read_the_ticket_holds_it() -> None:
    assert Words(ticket="1", weeks=frozenset({W46})).are_in_report("2026-W46", [])

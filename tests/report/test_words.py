"""The words that rise over the whole service, in one line."""

from __future__ import annotations

from catalogue import Texts
from flows.report.outcome import RunResult
from flows.report.values import MAX_KEYWORD_CHARACTERS, RisingWord
from flows.report.words import words_text
from tests.builders import build_report

KO, EN = Texts("ko"), Texts("en")
WORDS = (
    RisingWord("카카오", 0, 12, 1e-4, ("유저", "로그인")),
    RisingWord("환불", 1_000, 1_234, 2e-4),
)


def test_words_are_one_line_with_their_tickets_and_where_most_of_them_are() -> None:
    report = build_report(rising_words=WORDS)
    assert words_text(report, KO) == (
        "새로 늘어난 말: ‘카카오’ 0 → 12건 (유저 / 로그인) · ‘환불’ 1,000 → 1,234건"
    )
    assert words_text(report, EN) == (
        "Words on the rise: “카카오” 0 → 12 tickets (유저 / 로그인) · “환불” 1,000 → 1,234 tickets"
    )


def test_words_of_one_place_stand_together() -> None:
    words = (*WORDS, RisingWord("네이버", 1, 11, 3e-4, ("유저", "로그인")))
    assert words_text(build_report(rising_words=words), KO) == (
        "새로 늘어난 말: ‘카카오’ 0 → 12건, ‘네이버’ 1 → 11건 (유저 / 로그인) · ‘환불’ 1,000 → 1,234건"
    )


def test_without_words_nothing_is_said() -> None:
    assert words_text(build_report(), KO) == ""


def test_a_word_is_shown_on_one_line_and_not_for_ever() -> None:
    word = RisingWord("가\n\u202e나" * 100, 0, 12, 1e-4, ("다" * 500,))
    text = words_text(build_report(rising_words=(word,)), KO)
    assert text.isprintable()
    assert len(text) < MAX_KEYWORD_CHARACTERS + 100


def test_words_are_in_the_json_of_a_run() -> None:
    report = build_report(rising_words=WORDS)
    assert RunResult.of(report, [], [], [], dry_run=True).as_json()["rising_words"] == [
        {"word": "카카오", "base": 0, "comparison": 12, "p": 1e-4, "category": ["유저", "로그인"]},
        {"word": "환불", "base": 1000, "comparison": 1234, "p": 2e-4, "category": []},
    ]

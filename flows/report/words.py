"""The words that rise over the whole service, in one line. Pure."""

from __future__ import annotations

from catalogue import Texts
from flows.report.values import RisingWord, WeeklyReport
from flows.report.writing import category_name, cut

MAX_PLACE_CHARACTERS = 60


def words_text(report: WeeklyReport, texts: Texts) -> str:
    """Each rising word with its tickets in both weeks, and where most of the new ones are; empty without words."""
    if not report.rising_words:
        return ""
    words = ", ".join(_word_text(word, texts) for word in report.rising_words)
    return texts("words.rising", words=words)


def _word_text(word: RisingWord, texts: Texts) -> str:
    counted = texts(
        "words.word", word=word.label, base=word.base_count, comparison=word.comparison_count
    )
    if not word.category:
        return counted
    place = cut(category_name(word.category), MAX_PLACE_CHARACTERS)
    return texts("words.placed", word=counted, place=place)

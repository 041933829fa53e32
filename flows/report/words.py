"""The words that rise over the whole service, in one line. Pure."""

from __future__ import annotations

from catalogue import Texts
from flows.report.values import Category, WeeklyReport
from flows.report.writing import category_name, cut

MAX_PLACE_CHARACTERS = 60


def words_text(report: WeeklyReport, texts: Texts) -> str:
    """The rising words with their tickets in both weeks, by where most of the new ones are; empty without words."""
    by_place: dict[Category, list[str]] = {}
    for word in report.rising_words:
        counted = texts(
            "words.word", word=word.label, base=word.base_count, comparison=word.comparison_count
        )
        by_place.setdefault(word.category, []).append(counted)
    if not by_place:
        return ""
    told = (_placed(", ".join(words), place, texts) for place, words in by_place.items())
    return texts("words.rising", words=" · ".join(told))


def _placed(words: str, place: Category, texts: Texts) -> str:
    if not place:
        return words
    return texts("words.placed", words=words, place=cut(category_name(place), MAX_PLACE_CHARACTERS))

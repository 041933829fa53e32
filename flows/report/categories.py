"""Turns the words that people use for a category into its levels. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from flows.report.values import Category
from flows.report.writing import category_name
from flows.runtime.errors import UsageError

Levels = tuple[str, ...]
"""One, two or three levels: a category, or all categories below its upper levels."""

SUGGESTIONS = 3


def levels_by_name(categories: Iterable[Category]) -> dict[str, Levels]:
    """Every category and every level above one, by the name that `voc status` shows; upper levels first."""
    known = {category[:depth] for category in categories for depth in (1, 2, 3)}
    names: dict[str, Levels] = {}
    for levels in sorted(known, key=lambda levels: (len(levels), levels)):
        # Where two names read the same, the upper level is meant.
        names.setdefault(category_name(levels), levels)
    return names


def levels_of(asked: str, categories: Iterable[Category]) -> Levels:
    """The levels that `유저 / 이력서` or `유저/이력서` names; a level may itself hold a slash.

    Raises UsageError, with the names that were perhaps meant.
    """
    names = levels_by_name(categories)
    by_folded_name = {_folded(name): name for name in reversed(names)}
    name = asked if asked in names else by_folded_name.get(_folded(asked))
    if name is None:
        raise UsageError(f"{asked!r} is not a category. {_suggestion(asked, by_folded_name)}")
    return names[name]


def _folded(name: str) -> str:
    """The name without what people leave out or write differently: spaces around slashes, case."""
    composed = unicodedata.normalize("NFC", name)  # macOS decomposes Hangul
    return re.sub(r"\s*/\s*", "/", " ".join(composed.split())).casefold()


def _suggestion(asked: str, by_folded_name: Mapping[str, str]) -> str:
    folded = _folded(asked)
    near = [name for name in by_folded_name if folded and folded in name]
    near = sorted(near, key=len) or get_close_matches(folded, by_folded_name, cutoff=0.5)
    if not near:
        return "voc status shows them all."
    return f"Did you mean {' or '.join(repr(by_folded_name[name]) for name in near[:SUGGESTIONS])}?"

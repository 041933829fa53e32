"""Turns the words that people use for a category into its levels. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
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


class Names:
    """The names of all categories and of the levels above them, to find those that people's words fit."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self.levels = levels_by_name(categories)
        self._folded = {_folded(name): name for name in reversed(self.levels)}

    def below(self, above: Levels) -> Names:
        """The names of the categories below a level, and its own."""
        whole = (levels for levels in self.levels.values() if len(levels) == 3)
        return Names((a, b, c) for a, b, c in whole if (a, b, c)[: len(above)] == above)

    def exact(self, asked: str) -> str | None:
        """The name that `유저 / 이력서` or `유저/이력서` spells in full; a level may itself hold a slash."""
        return asked if asked in self.levels else self._folded.get(_folded(asked))

    def fitting(self, asked: str) -> tuple[str, ...]:
        """The names that the words fit, the shortest first; where it is one, that is meant.

        A name in full fits alone. Else those fit that end in these levels, else those whose last level holds the
        words, else those that hold them anywhere.
        """
        if name := self.exact(asked):
            return (name,)
        folded = _folded(asked)
        if not folded:
            return ()
        ways = (
            [name for each, name in self._folded.items() if each.endswith(f"/{folded}")],
            [name for name, levels in self.levels.items() if folded in _folded(levels[-1])],
            [name for each, name in self._folded.items() if folded in each],
        )
        return tuple(sorted(next(filter(None, ways), []), key=len))

    def nearest(self, asked: str) -> tuple[str, ...]:
        """The names that are spelled much like the words."""
        near = get_close_matches(_folded(asked), self._folded, cutoff=0.5)
        return tuple(self._folded[name] for name in near)


def levels_of(asked: str, categories: Iterable[Category]) -> Levels:
    """The levels that a name, or the words that only one name fits, stand for.

    Raises UsageError, with the names that were perhaps meant.
    """
    names = Names(categories)
    fitting = names.fitting(asked)
    if len(fitting) == 1:
        return names.levels[fitting[0]]
    near = (fitting or names.nearest(asked))[:SUGGESTIONS]
    perhaps = f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise UsageError(f"{asked!r} is not a category. {perhaps or 'voc status shows them all.'}")


def _folded(name: str) -> str:
    """The name without what people leave out or write differently: spaces around slashes, case."""
    composed = unicodedata.normalize("NFC", name)  # macOS decomposes Hangul
    return re.sub(r"\s*/\s*", "/", " ".join(composed.split())).casefold()

"""A corpus to measure the check of what a model writes: it judges the check, and must know nothing of how it works.

`TRUE` are answers whose sentences all follow from their material: each has to survive. `MUTATED` are answers with one
false sentence, whose kind says how it was made: that sentence has to be left out. `UNUSABLE` are whole answers of
which nothing may be posted, `READABLE` those that are to be read in spite of what is wrapped around them. All are made
by code from the YAML files here, the same in every run.

What is true is meant as a careful Korean reader would: a number is exact or rightly rounded as written; only with
약, 정도, 여, 넘게, 이상 or 가까이 is it approximate. "This week" is the comparison week, 지난주 and 전주 the base week.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.analysis.corpus.mutations import Mutated, mutated
from tests.analysis.corpus.readable import Readable, Sections, readable
from tests.analysis.corpus.true_answers import TrueAnswer, true_answers
from tests.analysis.corpus.unusable import Unusable, unusable

if TYPE_CHECKING:
    TRUE: tuple[TrueAnswer, ...]
    MUTATED: tuple[Mutated, ...]
    UNUSABLE: tuple[Unusable, ...]
    READABLE: tuple[Readable, ...]

__all__ = [
    "MUTATED",
    "READABLE",
    "TRUE",
    "UNUSABLE",
    "Mutated",
    "Readable",
    "Sections",
    "TrueAnswer",
    "Unusable",
]

# Made when first asked for: it takes some seconds.
_MADE_BY: dict[str, Callable[[], object]] = {
    "TRUE": true_answers,
    "MUTATED": mutated,
    "UNUSABLE": unusable,
    "READABLE": readable,
}


def __getattr__(name: str) -> object:
    if name in _MADE_BY:
        return _MADE_BY[name]()
    raise AttributeError(name)

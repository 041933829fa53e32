"""A sentence that is being checked, and why one is refused. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Week = Literal["base", "comparison"]
MARKS: dict[Week, str] = {"base": "\ue000", "comparison": "\ue001"}
"""What stands in `rest` for a day or week of either week: nobody writes these letters."""


class Refused(StrEnum):
    """What in a sentence the data does not carry."""

    LENGTH = "length"
    QUOTATION = "quotation"
    CODE = "code"
    DAY = "day"
    NAME = "name"
    EVENT = "event"
    NUMBER = "number"
    DIRECTION = "direction"


@dataclass(frozen=True)
class Sentence:
    """A sentence on one line, and what of it is not checked yet: the rest is blanked out, place for place.

    `quoted` holds the words that stood in quotation marks.
    """

    whole: str
    rest: str
    quoted: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Sentence:
        line = " ".join(unicodedata.normalize("NFKC", text).split())
        return cls(line, line)

    @property
    def is_korean(self) -> bool:
        """Whether it is written in Korean: an English one may quote a keyword."""
        own = re.sub('["“][^"”]*["”]', "", self.whole)
        return 4 * len(re.findall("[가-힣]", own)) >= len(re.findall("[A-Za-z]", own))

    def without(self, spans: Iterable[tuple[int, int]], mark: str = " ") -> Sentence:
        rest = list(self.rest)
        for start, end in spans:
            rest[start:end] = mark * (end - start)
        return Sentence(self.whole, "".join(rest), self.quoted)

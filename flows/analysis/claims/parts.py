"""Parts of a whole: 69건 중 49건, 69건 중 71%, 늘어난 62건 중 61건. Pure."""

from __future__ import annotations

import re

from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Facts, compact
from flows.analysis.claims.numerals import Numeral
from flows.analysis.claims.roles import unit_of
from flows.analysis.claims.sentence import Sentence
from flows.analysis.claims.wording import (
    BASE_WORD,
    facts_named,
    names_samples,
    subjects_in,
    week_at,
)

_INCREASE = re.compile(r"(?:늘어난|증가한|더\s들어온|증가분|줄어든|감소한|감소분)\s(?:문의\s)?$")


def is_part(
    first: Numeral, second: Numeral, of: re.Match[str], sentence: Sentence, facts: Facts
) -> bool:
    """69건 중 49건, 49/69건: both of one week, the part of what is named in the sentence."""
    part, whole = (first, second) if _is_part_first(of) else (second, first)
    week = week_at(sentence.rest, first.start)
    if _INCREASE.search(sentence.rest[: first.start]):
        return _is_part_of_change(part, whole, sentence, facts)
    is_in_words = not sentence.rest[whole.start].isdigit() and whole.value <= 10
    is_of_ten = whole.value == 10 and not names_samples(sentence.rest)
    is_ratio = is_in_words or is_of_ten or "꼴" in sentence.rest[part.end : part.end + 3]
    is_base_spoken_of = bool(re.search(f"{BASE_WORD}|이던|였던", sentence.rest, re.I))
    if not is_ratio and "명" in (part.unit, whole.unit):
        return False  # the data counts tickets, not people
    for role, samples in zip(("base", "comparison"), facts.sample_counts, strict=True):
        if week not in (None, role) or (role == "base" and not is_base_spoken_of):
            continue
        known = list(facts.numbers)
        if whole.value == samples:
            known = [*facts.of_samples, *(known if is_ratio else ())]
        wholes = {f.value for f in known if (f.subject, f.unit, f.role) == (TOTAL, "count", role)}
        named = [
            *facts_named(sentence.rest, sentence, facts),
            *(f for f in known if f.subject != TOTAL),
        ]
        parts = [
            f
            for f in named
            if f.unit == "count" and f.role == role and _is_spoken_of(f.subject, sentence)
        ]
        if any(whole.fits(w) for w in wholes) and any(part.fits(p.value) for p in parts):
            return True
        shares = [
            f.value
            for f in named
            if f.unit == "percent" and f.role == role and _is_spoken_of(f.subject, sentence)
        ]
        if is_ratio and any(
            -3 <= share - 100 * part.value / whole.value <= (17 if part.bound == "over" else 3)
            for share in shares
        ):
            return True
    return False


def _is_part_of_change(part: Numeral, whole: Numeral, sentence: Sentence, facts: Facts) -> bool:
    """늘어난 62건 가운데 61건은 부정: both are changes from week to week."""
    changes = [f for f in facts.numbers if (f.unit, f.role) == ("count", "change")]
    return any(whole.fits(f.value) for f in changes if f.subject == TOTAL) and any(
        part.fits(f.value)
        for f in changes
        if f.subject != TOTAL and _is_spoken_of(f.subject, sentence)
    )


def is_share(whole: Numeral, part: Numeral, sentence: Sentence, facts: Facts) -> bool:
    """69건 중 71%: a whole of one week, and a share of it."""
    if unit_of(whole.unit) not in (None, "count") or unit_of(part.unit) != "percent":
        return False
    week = week_at(sentence.rest, whole.start)
    named = [
        *facts_named(sentence.rest, sentence, facts),
        *facts.numbers,
        *facts.of_samples,
    ]
    wholes = [f for f in named if f.unit == "count" and f.subject == TOTAL]
    return any(
        whole.fits(total.value) and part.fits(share.value)
        for total in wholes
        for share in named
        if share.unit == "percent"
        and share.role == total.role
        and share.role in ({week} if week else {"base", "comparison"})
        and _is_spoken_of(share.subject, sentence)
    )


def _is_spoken_of(subject: str, sentence: Sentence) -> bool:
    if subject in (NEGATIVE, NOT_NEGATIVE):
        return subject in subjects_in(sentence.rest)
    return compact(subject) in compact(sentence.whole)


def _is_part_first(of: re.Match[str]) -> bool:
    """49/69, 49 of 69, but 69건 중 49건."""
    return bool(of["slash"]) or "of" in of[0]

"""What is different about numbers in an English sentence: the tickets are Korean, and few units are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Fact, Facts, compact
from flows.analysis.claims.numerals import Numeral
from flows.analysis.claims.roles import roles_of, unit_of
from flows.analysis.claims.sentence import Sentence
from flows.analysis.claims.wording import subjects_in

_LABEL = re.compile(
    r"\b(?:channel|patch|server|step|level|line|phase|room|gate|app|version|build"
    r"|release|model|error|code|page|no\.?|number|phone|stage)\s$",
    re.I,
)
_OBJECT = re.compile(
    r"\s?(?!(?:negative\s|new\s|more\s|fewer\s|other\s|of\s|such\s|(?:\w+\s)?(?:tickets"
    r"|reports|mentions|inquiries|complaints|cases|samples)\b|this\b|in\b|last\b"
    r"|to\b|and\b|or\b|times\b|while\b|but\b|compared\b|are\b|were\b|is\b|was\b"
    r"|the\b|on\b|for\b|per\b|a\b|after\b|before\b|with\b|,))[a-z]{3,}",
    re.I,
)
_PEOPLE = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens|hundreds"
    r"|thousands)\s(?:of\s(?:the\s|our\s)?)?(?:\w+\s)?"
    r"(?:engineers|agents|people|staff|developers|employees|customers|users|companies"
    r"|members|accounts|guests|players|parents|years)\b"
    r"|\b(?:three|four|five|six|seven|nine|ten|several)\sweeks\b",
    re.I,
)
"""English number words for what the data does not count."""


_NUMBERS = dict(
    zip(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "twenty",
            "thirty",
        ],
        (*range(1, 16), 20, 30),
        strict=True,
    )
)
_WORD = "|".join(_NUMBERS)
_IN_TEN = re.compile(rf"\b(?P<part>{_WORD})\s(?:in|out of)\s(?P<whole>{_WORD})(?=\s[a-z])", re.I)
_COUNTED = re.compile(
    rf"\b(?P<number>{_WORD})(?=\s(?:(?:of|out of)\s(?:{_WORD})\b|(?:negative\s)?tickets\b|mentions\b))"
    rf"|(?<=\bof\s)(?P<whole>{_WORD})(?=\stickets|\sthe\sweek|,)|(?<=\bup from\s)(?P<before>{_WORD})\b",
    re.I,
)


_LASTING = re.compile(rf"\b(?!one\b)(?:{_WORD})(?=\s(?:hour|day|minute|month)s\b)", re.I)
_REPEATED = re.compile(
    rf"\b(?:(?!one\b)(?P<number>{_WORD})\stimes|twice)\b(?!\s(?:as|more|higher|larger|the|that|from|last|what|its)\b|,\sfrom)",
    re.I,
)


def in_digits(text: str) -> str:
    """An English sentence with the counts of tickets and the shares that it writes in words in digits."""

    def share(match: re.Match[str]) -> str:
        part, whole = (_NUMBERS[match[name].lower()] for name in ("part", "whole"))
        return f"about {100 * part / whole:.0f}%"

    text = _LASTING.sub(lambda m: str(_NUMBERS[m[0].lower()]), text)
    text = _REPEATED.sub(lambda m: f"{_NUMBERS[(m['number'] or 'two').lower()]} 번", text)
    return _COUNTED.sub(lambda m: str(_NUMBERS[m[0].lower()]), _IN_TEN.sub(share, text))


def counts_people(text: str, *, is_advice: bool) -> bool:
    """Whether a number word counts people or time, which no ticket can carry word for word."""
    is_claim = not is_advice or re.search(
        r"already|current|existing|\bnow\b|at present|\bsince\b|\bonly\b", text, re.I
    )
    return bool(is_claim and _PEOPLE.search(text))


def is_of_thing(before: str, after: str) -> bool:
    """Whether a number is of a thing, as in channel 2 or 50,000 rows, and not of tickets."""
    return bool(_LABEL.search(before) or _OBJECT.match(after))


def are_of_one_keyword(numbers: Sequence[Numeral], sentence: Sentence, facts: Facts) -> bool:
    """Whether all numbers are those of one rising keyword, which the sentence names in translation."""
    is_spoken_of = re.search(
        r"mention|keyword|\btimes\b|tickets (?:about|on|regarding|with|that)", sentence.rest, re.I
    )
    if (
        sentence.is_korean
        or not is_spoken_of
        or not numbers
        or any(_OBJECT.match(sentence.rest, number.end) for number in numbers)
        or NEGATIVE in subjects_in(sentence.rest)
    ):
        return False
    of_keywords: dict[str, list[Fact]] = {}
    for fact in facts.numbers:
        if fact.unit == "count" and fact.subject not in (TOTAL, NEGATIVE, NOT_NEGATIVE):
            of_keywords.setdefault(fact.subject, []).append(fact)
    if quoted := of_keywords.keys() & set(map(compact, sentence.quoted)):
        of_keywords = {word: of_keywords[word] for word in quoted}
    roles = [roles_of(sentence.rest, numbers, n, "count") for n in range(len(numbers))]
    return any(
        all(
            unit_of(number.unit) in (None, "count")
            and any(number.fits(f.value) for f in known if role is None or f.role in role)
            for number, role in zip(numbers, roles, strict=True)
        )
        for known in of_keywords.values()
    )

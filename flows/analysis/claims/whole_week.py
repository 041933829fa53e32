"""Finds what a sentence claims about a whole week, and whether the report carries it. Pure.

What it says of a category has to hold of that category, what it says of all tickets of the totals. Its words are few:
the model saw numbers and names, so that any other word is a cause or a category of its own.
"""

from __future__ import annotations

import re
import unicodedata

from flows.analysis.claims import MAX_SENTENCE_CHARACTERS, refusal
from flows.analysis.claims.codes import QUOTES
from flows.analysis.claims.numerals import numerals
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.vocabulary import SAID_OF_A_WEEK
from flows.analysis.claims.week_counts import counts_otherwise, without_counts
from flows.analysis.claims.week_facts import MARK, WeekFacts
from flows.analysis.claims.week_orders import are_in_order, is_part_of, is_part_of_those
from flows.analysis.claims.week_parts import SPEAKS_OF_ALL, Part, parts_of
from flows.analysis.claims.week_states import goes_otherwise, without_states
from flows.analysis.claims.wording import DOWN, UP
from flows.analysis.claims.words import lemmas_of
from flows.analysis.week_names import in_week_names
from flows.report.values import Category
from flows.report.writing import week_number

_LABEL = re.compile(r"(?:20[0-9]{2}-)?W[0-9]{2}(?![0-9A-Za-z])")
_UNITS = re.compile(r"(?<=[0-9])\s?(?:%p|%|pp)|(?<=[0-9])(?:st|nd|rd|th)\b", re.I)
_DANGLES = re.compile(r"(?:그|이)\s?(?:중|가운데)|of\s(?:these|those|them|which)\b", re.I)
"""How a sentence begins that speaks of the numbers of the one before, which may have been left out."""
_VAGUE = re.compile(
    r"절반[^,.]{0,10}?(?:늘|증가|상승|올[라랐])|모든\s(?!문의)|\ball\s(?:the\s)?(?:categories|alerts|areas|changes)\b|\bevery\b",
    re.I,
)
"""What no number stands behind: half again as many, all categories."""
_BECAUSE = re.compile(
    r"때문|탓|덕분|덕에|말미암|이후|영향|[니나]요\b|\?|\b(?:because|due|after|caused)\b", re.I
)


def week_refusal(text: str, facts: WeekFacts, *, follows_category: bool = False) -> Refused | None:
    """What in a sentence about the whole week the report does not carry; None where it carries all of it.

    Args:
        follows_category: whether a sentence before it names a category: then one that names nothing and has a number
            or a direction goes on about that, or about anything.
    """
    line = in_week_names(" ".join(unicodedata.normalize("NFKC", text).split()), facts.report.weeks)
    if len(line) > MAX_SENTENCE_CHARACTERS:
        return Refused.LENGTH
    marked = facts.marked(_without_label(line, facts))
    if marked is None:
        return Refused.NAME
    if _DANGLES.match(marked):
        return Refused.NAME
    if QUOTES.search(marked):
        return Refused.QUOTATION
    is_korean = Sentence.of(re.sub(MARK, "", marked)).is_korean
    if _says_more(marked, is_korean=is_korean):
        return Refused.NAME
    rest = without_counts(marked if is_korean else _reordered(marked), facts.report)
    if isinstance(rest, Refused):
        return rest
    if follows_category and _goes_on(rest, facts):
        return Refused.NAME
    before: Part | None = None
    for part in parts_of(rest, facts):
        if refused := _refused(part, facts, is_korean=is_korean):
            return refused
        if before is not None and is_part_of_those(part, before, facts) is False:
            return Refused.NUMBER
        before = part
    return None


def names_a_category(text: str, facts: WeekFacts) -> bool:
    """Whether a sentence names a category, or perhaps one of several."""
    marked = facts.marked(" ".join(unicodedata.normalize("NFKC", text).split()))
    return marked is None or bool(facts.named_in(marked))


def _goes_on(rest: str, facts: WeekFacts) -> bool:
    """Whether a sentence says of nothing in particular that it has a number, or has risen or fallen."""
    says = re.search(rf"[0-9]|{UP}|{DOWN}", _LABEL.sub("", rest), re.I)
    is_of_all = SPEAKS_OF_ALL.search(rest) or _LABEL.match(rest)
    return bool(says) and not is_of_all and not facts.named_in(rest)


def _reordered(text: str) -> str:
    """An English sentence with its weeks before their numbers, and a whole behind its part, as others have them."""
    text = re.sub(r"\((?=[0-9.,]+%?\sto\s)", "(from ", text)
    text = re.sub(r"\bOf\s(?:the|all)\s([0-9,]+)\stickets,\s([0-9,]+)", r"\2 of \1 tickets", text)
    text = re.sub(r"\bof\sthe\s(?=[0-9,]+\stickets\b)", "of ", text)
    return re.sub(
        rf"\b([0-9][0-9,.]*%?(?:\stickets)?)\s(?:in|for)\s({_LABEL.pattern}|the\sweek\sbefore)",
        r"in \2 \1",
        text,
    )


def _without_label(line: str, facts: WeekFacts) -> str:
    """전주(W45) as 전주, and so in English: the label says again which week it is."""
    label = week_number(facts.report.weeks.base)
    return re.sub(rf"(?:(?<=전주)|(?<=fore))\s?\({label}\)", "", line)


def _says_more(marked: str, *, is_korean: bool) -> bool:
    """Whether a sentence has a word that no number and no name of the report stands behind."""
    text = re.sub(MARK, " ", _LABEL.sub(" ", marked))
    if _BECAUSE.search(text) or _VAGUE.search(text):
        return True
    latin = re.findall("[a-z]+", _UNITS.sub(" ", text).casefold())
    if not is_korean:
        return bool(re.search("[가-힣]", text)) or not SAID_OF_A_WEEK.issuperset(latin)
    # In the place of a name a noun, so that a particle behind it is read as one; 늘어 alone is read as two words.
    marked = re.sub(r"변화[는가]?\s크지\s않", "변화는 작", marked)
    plain = re.sub("늘어(?=[ ,])", "늘어나", _LABEL.sub("전주", re.sub(MARK, "분류", marked)))
    return not SAID_OF_A_WEEK.issuperset([*latin, *lemmas_of(plain)])


def _refused(part: Part, facts: WeekFacts, *, is_korean: bool) -> Refused | None:
    if not part.is_joined:
        if (is_true := is_part_of(part, facts)) is None:
            is_true = are_in_order(part, facts)
        return None if is_true else Refused.NUMBER
    if are_in_order(part, facts) is False:
        return Refused.DIRECTION
    text = without_states(part, facts)
    if text is None:
        return Refused.DIRECTION
    each = _each(text, part.subjects)
    if each is None:
        return Refused.NUMBER
    for subject, said in each:
        words = re.sub(rf"{MARK}(?:[\s,와과및·&]*(?:and\s|both\s)?{MARK})*", _name(is_korean), said)
        change = facts.of(subject)
        if refused := refusal(words, facts.facts(subject)):
            return refused
        if goes_otherwise(said, change):
            return Refused.DIRECTION
        if counts_otherwise(words, change):
            return Refused.NUMBER
    return None


def _name(is_korean: bool) -> str:
    return "문의" if is_korean else "tickets"


def _each(text: str, subjects: tuple[Category, ...]) -> list[tuple[Category, str]] | None:
    """What is said of each subject; behind 각각 and before respectively each has its own numbers."""
    if not re.search(r"각각|\brespectively\b", text) or len(subjects) < 2:
        return [(subject, text) for subject in subjects]
    found = list(numerals(text))
    size, rest = divmod(len(found), len(subjects))
    if rest or not size:
        return None
    start, end = found[0].start, found[-1].end
    head, tail = text[:start], text[end:]
    return [
        (subject, head + text[found[n * size].start : found[n * size + size - 1].end] + tail)
        for n, subject in enumerate(subjects)
    ]

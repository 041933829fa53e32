"""Comparisons between two words, or between two tickets: which is more, and which came first. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.analysis.claims.facts import NEGATIVE, TOTAL, Facts, compact
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.sources import sample_told
from flows.analysis.claims.wording import BASE_WORD, BY_CHANGE, BY_FACTOR, COMPARISON_WORD

_MORE = re.compile(
    r"(?:(?P<than>보다)(?:는|도)?|(?P<object>[을를]))\s?[^.0-9]{0,14}?"
    r"(?:(?P<more>많|높|크[다고며게]|큰|큽|컸|커서|앞[서섰선질지]|웃[도돌돕돈]|능가|넘어[섰서]|두드러)"
    r"|(?P<fewer>적(?=[다은었게습])|낮|작(?=[다은았게습])|밑[도돌돕돈]|뒤[져지처]|못\s?미))"
)
_EARLIER = re.compile(
    r"보다(?:는)?\s(?:더\s|하루\s)?(?:(?P<first>먼저|앞서|앞선|일찍|빨리|이르)|(?P<last>늦|나중|뒤에|뒤늦))"
)
_OF_TIME = re.compile(r"접수|들어|제기|올라|등록|순서|남긴|남겼")
_MOST = re.compile(r"(?:가장|제일)\s(?:(?P<most>크|큰|큽|컸|많|높|두드러)|(?P<least>작|적|낮))")

_Sizes = dict[str, float]


def check_orders(sentence: Sentence, facts: Facts) -> Refused | None:
    """Refuse that one word is said more than another, or one ticket came before another, where it is not so."""
    text = sentence.whole
    for match in _EARLIER.finditer(text):
        if _OF_TIME.search(text) and not _came_in_order(match, facts):
            return Refused.DIRECTION
    for match in _MORE.finditer(text):
        if not _is_more(match, facts):
            return Refused.DIRECTION
    is_first = all(_is_first(match, facts) for match in _MOST.finditer(text))
    return None if is_first else Refused.DIRECTION


def _came_in_order(match: re.Match[str], facts: Facts) -> bool:
    """Whether the ticket that is told first came before, or after, the one told second."""
    before = match.string[: match.start()]
    parts = re.split(r"(?<=[이가은는])\s|,\s", before)
    for place in range(len(parts) - 1, 0, -1):
        first, second = " ".join(parts[:place]), " ".join(parts[place:])
        one, other = sample_told(first, facts), sample_told(second, facts)
        if one is None or other is None or one == other:
            continue
        if one.day is None or other.day is None or one.day == other.day:
            return False
        return (one.day < other.day) == bool(match["first"])
    return False


def _is_more(match: re.Match[str], facts: Facts) -> bool:
    before = match.string[: match.start()]
    clause = re.split(r"(?:지만|으나|며|고|면서|데)\s", before)[-1] if match["than"] else before
    if re.search(r"[0-9%]\)?$|[0-9]\s?(?:건|%)(?:\([^)]*\))?$", before):
        return True  # compared with a number
    sizes = _sizes(match.string, facts)
    found = list(_words(clause, sizes))
    if len(found) < 2 and match["than"]:
        after = list(_words(match.string[match.end("than") : match.end()], sizes))
        found = [*after[:1], *found[-1:]] if found else []
    if len(found) < 2 or (match["object"] and not _ends_with(clause, found[-1])):
        return True
    first, second = sizes[found[-2]], sizes[found[-1]]
    return first > second if match["more"] else first < second


def _ends_with(clause: str, word: str) -> bool:
    return compact(clause).rstrip("'\"’”언급").endswith(word)


def _words(text: str, sizes: _Sizes) -> Iterator[str]:
    """The words that have a size, in their order; a part of a longer one is none."""
    said = compact(text)
    found = sorted(
        (place.start(), -len(word), word)
        for word in sizes
        for place in re.finditer(re.escape(word), said)
    )
    end = 0
    for start, length, word in found:
        if start >= end:
            yield word
            end = start - length


def _sizes(text: str, facts: Facts) -> _Sizes:
    """The sizes of the rising keywords: their tickets, the change or the factor of them, as the sentence says."""
    sizes: _Sizes = {}
    unit, role = "count", "comparison"
    if BY_FACTOR.search(text):
        unit, role = "factor", "change"
    elif BY_CHANGE.search(text):
        role = "change"
    elif re.search(rf"{BASE_WORD}", text) and not re.search(COMPARISON_WORD, text):
        role = "base"
    for fact in facts.numbers:
        if (fact.unit, fact.role) == (unit, role) and fact.subject not in ("부정 아님",):
            sizes.setdefault(fact.subject, fact.value)
    if role != "change":
        sizes.pop(TOTAL, None)
        sizes.pop(NEGATIVE, None)
    elif TOTAL in sizes:
        sizes["전체"] = sizes.pop(TOTAL)
    return sizes


def _is_first(match: re.Match[str], facts: Facts) -> bool:
    """증가 배수는 '자막'이 가장 크다: of all rising keywords."""
    clause = match.string[: match.start()]
    if not (BY_FACTOR.search(clause) or BY_CHANGE.search(clause)):
        return True
    keywords = {compact(k.label) for k in facts.named}
    sizes = {word: size for word, size in _sizes(match.string, facts).items() if word in keywords}
    found = list(_words(clause, sizes))
    if not found or len(sizes) < 2:
        return True
    limit = max(sizes.values()) if match["most"] else min(sizes.values())
    return sizes[found[0]] == limit

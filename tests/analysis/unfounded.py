"""What in a text has no place in the data: numbers with a unit, quotations, ticket ids. Found without flows/analysis/claims.

Coarser than the product's own check: a number may be any of the category's, of whichever week.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from flows.analysis.claims.vocabulary import PLAIN_WORDS
from flows.report.values import Change, Material

_NUMBER = re.compile(
    r"(?P<about>(?:약|대략|about)\s?)?(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"\s?(?:%|퍼센트|포인트|percent|배|times\b|건|명|개|tickets?\b|원)(?P<or_so>\s?(?:정도|가량|이상|이하|넘))?",
    re.I,
)
_QUOTATION = re.compile(
    r"“([^”]{2,})”|\"(?=\S)([^\"]{2,})(?<=\S)\"|「([^」]{2,})」|『([^』]{2,})』"
)
_TICKET = re.compile(r"\bRM-?\d+")


def unfounded(text: str, material: Material) -> list[str]:
    """The parts of a text that the category's material does not hold."""
    held = _squeezed(
        " ".join(
            [
                *(f"{ticket.ticket_id} {ticket.text}" for ticket in material.tickets),
                *(f"{sample.title} {sample.detail}" for sample in material.samples),
                *(keyword.keyword for keyword in material.keywords),
                *material.change.category,
            ]
        )
    )
    known = set(_numbers(material))
    return [
        *(
            match[0]
            for match in _NUMBER.finditer(text)
            if not _is_one_of(match, known) and _squeezed(match[0]) not in held
        ),
        *(
            match[0]
            for match in _QUOTATION.finditer(text)
            for part in map(_squeezed, match[0].split("…"))
            if (words := part.strip('“”「」『』".,!?')) not in held and words not in PLAIN_WORDS
        ),
        *(
            match[0]
            for match in _TICKET.finditer(text)
            if match[0] not in {ticket.ticket_id for ticket in material.tickets}
        ),
    ]


def _numbers(material: Material) -> Iterator[float]:
    change = material.change
    yield from _of_change(change)
    for keyword in material.keywords:
        yield from _compared(keyword.base_count, keyword.comparison_count)
    for role, total in (("base", change.base_total), ("comparison", change.comparison_total)):
        texts = [ticket.text for ticket in material.tickets if ticket.week_role == role]
        holding = Counter(word for text in texts for word in set(text.split()))
        for count in (*holding.values(), sum(s.week_role == role for s in material.samples)):
            yield from (count, 100 * count / total if total else 0)


def _of_change(change: Change) -> Iterator[float]:
    yield from _compared(change.base_total, change.comparison_total)
    yield from _compared(change.base_negative, change.comparison_negative)
    yield from (change.base_total - change.base_negative, *change.total_last_8_weeks)
    yield from (change.comparison_total - change.comparison_negative, *(change.usual or ()))
    ratios = (change.base_negative_ratio, change.comparison_negative_ratio)
    yield from (100 * ratio for ratio in ratios if ratio is not None)
    yield from filter(None, (change.negative_ratio_change_pp, change.expected_total))


def _compared(base: int, comparison: int) -> Iterator[float]:
    yield from (base, comparison, abs(comparison - base))
    if base:
        yield from (abs(100 * (comparison - base) / base), comparison / base)


def _is_one_of(match: re.Match[str], known: set[float]) -> bool:
    """Whether a number as written is a known one, rounded to the digits that it has."""
    written = match["digits"].replace(",", "")
    half = 0.5 * 10.0 ** -len(written.partition(".")[2])
    share = 0.15 if match["about"] or match["or_so"] else 0
    return any(
        abs(float(written) - abs(number)) <= max(half, share * abs(number)) + 1e-9
        for number in known
    )


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text).casefold()

"""How many tickets hold what a hypothesis names, and the order that follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from flows.analysis.claims.facts import compact
from flows.analysis.reading import Hypothesis
from flows.report.values import Material, Support

MAX_WORDS = 4


def ranked(
    hypotheses: Sequence[Hypothesis], material: Material
) -> tuple[tuple[str, ...], tuple[Support, ...]]:
    """The hypotheses by their tickets: first the one whose tickets became more by most; without a ticket last."""
    supported = [(h.text, support_of(h, material)) for h in hypotheses]
    supported.sort(
        key=lambda pair: (
            not pair[1].comparison,
            len(pair[1].base) - len(pair[1].comparison),
            -len(pair[1].comparison),
        )
    )
    return tuple(text for text, _ in supported), tuple(support for _, support in supported)


def support_of(hypothesis: Hypothesis, material: Material) -> Support:
    """The tickets of both weeks that hold one of the words a hypothesis names, or are named by it.

    Words that no ticket holds are left out. Without any, the rising keywords that the hypothesis speaks of count.
    """
    texts = [(ticket, compact(ticket.text)) for ticket in material.tickets]
    named = [word for word in hypothesis.words if len(compact(word)) > 1]
    spoken = compact(hypothesis.text)
    rising = [k.label for k in material.keywords if compact(k.label) in spoken]
    words = [
        word
        for word in dict.fromkeys(named or rising)
        if any(compact(word) in text for _, text in texts)
    ][:MAX_WORDS]
    ids = set(hypothesis.tickets)
    found = [
        ticket
        for ticket, text in texts
        if any(compact(word) in text for word in words) or (not words and ticket.ticket_id in ids)
    ]
    return Support(
        words=tuple(words),
        base=tuple(t.ticket_id for t in found if t.week_role == "base"),
        comparison=tuple(t.ticket_id for t in found if t.week_role == "comparison"),
        base_total=sum(t.week_role == "base" for t, _ in texts),
        comparison_total=sum(t.week_role == "comparison" for t, _ in texts),
    )

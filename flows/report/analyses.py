"""What stands beside an analysis: how many tickets hold a hypothesis, and how many sentences were left out. Pure."""

from __future__ import annotations

from catalogue import Texts
from flows.report.values import Analysis, Support, Week
from flows.report.writing import week_before_text


def support_text(support: Support, base: Week, texts: Texts) -> str:
    """How many tickets of both weeks hold the words of a hypothesis; that there is none."""
    if not support.comparison:
        return texts("analysis.no_support")
    numbers = {
        "comparison": len(support.comparison),
        "total": support.comparison_total,
        "base": len(support.base),
        "week": week_before_text(base, texts),
    }
    if support.words:
        return texts("analysis.support", words="·".join(support.words), **numbers)
    return texts("analysis.support_of_tickets", **numbers)


def supported(analysis: Analysis) -> list[tuple[str, Support | None]]:
    """Each hypothesis with the tickets counted for it, where they were."""
    supports = [*analysis.supports, *[None] * len(analysis.hypotheses)]
    return list(zip(analysis.hypotheses, supports, strict=False))


def left_out_lines(analysis: Analysis, texts: Texts) -> list[str]:
    """That sentences were left out, if any were."""
    count = analysis.sentences_left_out
    return [texts("analysis.left_out", count=count)] if count else []

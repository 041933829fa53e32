"""The checked cause of a change in one sentence, for a message that has room for no more. Pure."""

from __future__ import annotations

from flows.analysis.answer import sentences
from flows.report.emphasis import plain
from flows.report.values import Analysis, Support


def cause_of(analysis: Analysis) -> tuple[str, Support] | None:
    """The first sentence of the first hypothesis that tickets of the comparison week support, and these tickets.

    None where there is no such hypothesis, and for what is written by rule. Marks of emphasis are kept, as in
    `hypotheses`; where the end of the sentence would cut one in two, all are taken off.
    """
    if not analysis.is_markdown:
        return None
    # An analysis that was kept by an older version may lack supports.
    for hypothesis, support in zip(analysis.hypotheses, analysis.supports, strict=False):
        if support.comparison and (sentence := _first_sentence(hypothesis)):
            return sentence, support
    return None


def _first_sentence(text: str) -> str:
    first = next(sentences(text), "")
    in_full = next(sentences(plain(text)), "")
    is_cut = any(first.count(mark) % 2 for mark in ("*", "**", "__", "`"))
    return in_full if is_cut else first

"""Finds what a sentence of the model claims, and whether the data carries it. Pure.

A sentence is refused for one claim that the data does not carry: a quotation, an id, a version, a day, a proper name,
a number or a direction. What it says without any of these is the model's opinion, and stays.
"""

from __future__ import annotations

import re

from flows.analysis.claims.amounts import check_amounts
from flows.analysis.claims.codes import check_codes, check_quotations
from flows.analysis.claims.days import check_days
from flows.analysis.claims.directions import check_directions
from flows.analysis.claims.english import in_digits
from flows.analysis.claims.events import check_events
from flows.analysis.claims.facts import Facts
from flows.analysis.claims.history import check_history
from flows.analysis.claims.levels import check_levels
from flows.analysis.claims.measures import check_measures
from flows.analysis.claims.names import check_names
from flows.analysis.claims.orders import check_orders
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.shares import check_shares
from flows.analysis.claims.sources import check_sources
from flows.analysis.claims.weeks import check_weeks
from flows.report.writing import week_number

MAX_SENTENCE_CHARACTERS = 500
"""Nobody reads a longer sentence on a phone, and patterns take long on it."""


def refusal(text: str, facts: Facts, *, is_advice: bool = False) -> Refused | None:
    """What in a sentence the data does not carry; None where it carries all of it.

    Args:
        is_advice: whether it says what to do, where "24시간 안에" is no claim about the data.
    """
    # The label says again which week it is.
    label = week_number(facts.material.weeks.base)
    text = re.sub(rf"(?<=전주)\s?\({label}\)", "", text)
    sentence = Sentence.of(text)
    if not sentence.is_korean:
        sentence = Sentence.of(in_digits(text))
    if len(sentence.whole) > MAX_SENTENCE_CHARACTERS:
        return Refused.LENGTH
    # Each check blanks out what it has seen, so that the digits of a version are no number for the next.
    for check in (
        check_quotations,
        check_codes,
        check_sources,
        check_days,
        check_history,
        check_weeks,
        check_shares,
    ):
        outcome = check(sentence, facts)
        if isinstance(outcome, Refused):
            return outcome
        sentence = outcome
    if refused := check_names(sentence, facts):
        return refused
    outcome = check_measures(sentence, facts, is_advice=is_advice)
    if isinstance(outcome, Refused):
        return outcome
    return (
        check_amounts(outcome, facts, is_advice=is_advice)
        or check_events(sentence, facts, is_advice=is_advice)
        or check_directions(outcome, facts)
        or check_levels(outcome, facts)
        or check_orders(outcome, facts)
    )


__all__ = ["Facts", "Refused", "refusal"]

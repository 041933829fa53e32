"""The analysis that is written from the data alone, when no model is available. Pure."""

from __future__ import annotations

from catalogue import Texts
from flows.analysis.prompt import EXAMPLES_BY_RULE, quoted, samples_for_prompt, shown_first
from flows.analysis.reading import Hypothesis
from flows.analysis.support import ranked
from flows.report.values import Analysis, Change, Material
from flows.report.writing import announced_name, week_before_text

_KEYWORDS = 3


def rule_based_analysis(material: Material, texts: Texts) -> Analysis:
    """The four sections, written from the counts, the rising keywords and representative samples.

    Each sentence names the category or numbers of its own: the replies of a report share none, and none repeats the
    line above it.
    """
    name = announced_name(material.change.category, texts)
    samples = samples_for_prompt(material)
    hypotheses, supports = ranked(_hypotheses(material, texts), material)
    return Analysis(
        category=material.change.category,
        source="rule_based",
        summary=_summary(material, name, texts),
        examples=quoted(shown_first(samples)[:EXAMPLES_BY_RULE]),
        hypotheses=hypotheses or (texts("rules.no_keyword", name=name),),
        actions=_actions(material, name, texts),
        supports=supports,
    )


def _summary(material: Material, name: str, texts: Texts) -> str:
    change = material.change
    base, comparison = change.base_total, change.comparison_total
    values = {
        "name": name,
        "count": comparison,
        "more": comparison - base,
        "fewer": base - comparison,
        "week": week_before_text(material.weeks.base, texts),
        "negative": _negative(change, texts) if comparison else "",
    }
    if change.is_new:
        key = "new" if change.is_first_seen else "back"
    else:
        key = "more" if comparison > base else "fewer" if comparison < base else "same"
    return texts(f"rules.{key}", **values)


def _negative(change: Change, texts: Texts) -> str:
    base, comparison = change.base_negative, change.comparison_negative
    if change.is_new or base == comparison:
        return texts("rules.negative", comparison=comparison)
    return texts("rules.negative_change", base=base, comparison=comparison)


def _hypotheses(material: Material, texts: Texts) -> list[Hypothesis]:
    """One for each keyword that rose most."""
    return [
        Hypothesis(
            texts("rules.keyword", label=k.label, base=k.base_count, comparison=k.comparison_count),
            words=(k.label,),
        )
        for k in material.keywords[:_KEYWORDS]
    ]


def _actions(material: Material, name: str, texts: Texts) -> tuple[str, ...]:
    is_critical = material.change.status == "CRITICAL"
    top = next((k.label for k in material.keywords), None)
    return (
        texts("rules.ask_team", keyword=top, name=name)
        if top
        else texts("rules.read_tickets", name=name),
        *([texts("rules.today", name=name)] if is_critical else []),
    )

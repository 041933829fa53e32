"""The analysis that is written from the data alone, when no model is available. Pure."""

from __future__ import annotations

from catalogue import Texts
from flows.analysis.prompt import EXAMPLES_BY_RULE, quoted, samples_for_prompt, shown_first
from flows.analysis.reading import Hypothesis
from flows.analysis.support import ranked
from flows.report.values import Analysis, Change, Material
from flows.report.writing import signed

_KEYWORDS = 3


def rule_based_analysis(material: Material, texts: Texts) -> Analysis:
    """The four sections, written from the rules that fired, the rising keywords and representative samples."""
    change = material.change
    samples = samples_for_prompt(material)
    hypotheses, supports = ranked(_hypotheses(material, texts), material)
    return Analysis(
        category=change.category,
        source="rule_based",
        summary=_summary(change, texts),
        examples=quoted(shown_first(samples)[:EXAMPLES_BY_RULE]),
        hypotheses=hypotheses or (texts("rules.no_keyword"),),
        actions=_actions(material, texts),
        supports=supports,
    )


def _summary(change: Change, texts: Texts) -> str:
    pct = change.total_change_pct or 0.0
    if change.is_new:
        was_there = any(change.total_last_8_weeks[:-1])
        key = "rules.back" if was_there else "rules.new"
        sentence = texts(key, count=change.comparison_total)
    else:
        direction = "more" if pct > 0 else "fewer" if pct < 0 else "same"
        sentence = texts(
            f"rules.{direction}",
            base=change.base_total,
            comparison=change.comparison_total,
            pct=signed(pct),
        )
    points = change.negative_ratio_change_pp
    if change.comparison_negative_ratio is None:
        return sentence
    ratio = 100 * change.comparison_negative_ratio
    if points is None:
        return f"{sentence} {texts('rules.negative', ratio=ratio)}"
    return f"{sentence} {texts('rules.negative_change', ratio=ratio, points=signed(points))}"


def _hypotheses(material: Material, texts: Texts) -> list[Hypothesis]:
    """One for each keyword that rose most."""
    return [
        Hypothesis(
            texts("rules.keyword", label=k.label, base=k.base_count, comparison=k.comparison_count),
            words=(k.label,),
        )
        for k in material.keywords[:_KEYWORDS]
    ]


def _actions(material: Material, texts: Texts) -> tuple[str, ...]:
    is_critical = material.change.status == "CRITICAL"
    top = next((k.label for k in material.keywords), None)
    return (
        texts("rules.ask_team", keyword=top) if top else texts("rules.read_tickets"),
        *([texts("rules.today")] if is_critical else []),
    )

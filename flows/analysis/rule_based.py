"""The analysis that is written from the data alone, when no model is available. Pure."""

from __future__ import annotations

from catalogue import Texts
from flows.analysis.answer import quoted
from flows.analysis.prompt import samples_for_prompt, shown_first
from flows.report.values import Analysis, Change, Material
from flows.report.writing import signed

_EXAMPLES = 3
_KEYWORDS = 5


def rule_based_analysis(material: Material, texts: Texts) -> Analysis:
    """The four sections, written from the rules that fired, the rising keywords and representative samples."""
    change = material.change
    samples = samples_for_prompt(material)
    return Analysis(
        category=change.category,
        source="rule_based",
        summary=_summary(change, texts),
        examples=quoted(shown_first(samples)[:_EXAMPLES]),
        hypotheses=_hypotheses(material, texts),
        actions=_actions(material, texts),
    )


def _summary(change: Change, texts: Texts) -> str:
    pct = change.total_change_pct or 0.0
    if change.is_new:
        sentence = texts("rules.new", count=change.comparison_total)
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


def _hypotheses(material: Material, texts: Texts) -> tuple[str, ...]:
    change = material.change
    found = []
    if material.keywords:
        rising = ", ".join(
            texts("rules.keyword", label=k.label, base=k.base_count, comparison=k.comparison_count)
            for k in material.keywords[:_KEYWORDS]
        )
        found.append(texts("rules.keywords", keywords=rising))
    if "volume_increase" in change.reasons:
        found.append(texts("rules.if_new") if change.is_new else texts("rules.if_more"))
    if "negative_ratio" in change.reasons:
        found.append(texts("rules.if_negative"))
    return tuple(found)


def _actions(material: Material, texts: Texts) -> tuple[str, ...]:
    actions = [texts("rules.open_tickets")]
    if material.keywords:
        actions.append(texts("rules.ask_team", keyword=material.keywords[0].label))
    if material.change.status == "CRITICAL":
        actions.append(texts("rules.today"))
    return tuple(actions)

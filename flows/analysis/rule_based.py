"""The analysis that is written from the data alone, when no model is at hand. Pure."""

from __future__ import annotations

from flows.analysis.answer import quoted
from flows.analysis.prompt import samples_for_prompt, shown_first
from flows.report import Analysis, Change, Evidence

_EXAMPLES = 3
_KEYWORDS = 5


def rule_based_analysis(evidence: Evidence) -> Analysis:
    """The four sections from which rule fired, the rising keywords and representative samples."""
    change = evidence.change
    samples = samples_for_prompt(evidence)
    return Analysis(
        category=change.category,
        source="rule_based",
        summary=_summary(change),
        examples=quoted(shown_first(samples)[:_EXAMPLES]),
        hypotheses=_hypotheses(evidence),
        actions=_actions(evidence),
    )


def _summary(change: Change) -> str:
    sentences = []
    if change.is_new:
        sentences.append(
            f"지난주에 없던 문의가 이번 주 {change.comparison_total:,}건 들어왔습니다."
        )
    else:
        pct = change.total_change_pct or 0.0
        direction = "늘었습니다" if pct > 0 else "줄었습니다" if pct < 0 else "유지되었습니다"
        sentences.append(
            f"문의가 {change.base_total:,}건에서 {change.comparison_total:,}건으로 {direction} ({pct:+.1f}%)."
        )
    points = change.negative_ratio_change_pp
    if points is not None and change.comparison_negative_ratio is not None:
        sentences.append(
            f"부정 비율은 {100 * change.comparison_negative_ratio:.1f}%입니다 ({points:+.1f}%p)."
        )
    elif change.comparison_negative_ratio is not None:
        sentences.append(f"부정 비율은 {100 * change.comparison_negative_ratio:.1f}%입니다.")
    return " ".join(sentences)


def _hypotheses(evidence: Evidence) -> tuple[str, ...]:
    change = evidence.change
    rules = (change.status_reason or "").split("+")
    found = []
    if evidence.keywords:
        rising = ", ".join(
            f"{k.label}({k.base_count}→{k.comparison_count}건)"
            for k in evidence.keywords[:_KEYWORDS]
        )
        found.append(f"늘어난 키워드: {rising}")
    if "volume_increase" in rules:
        found.append(
            "새로 생긴 유형입니다. 최근 배포·정책·캠페인과 시작 시점을 비교해 보세요."
            if change.is_new
            else "건수가 기준 이상 늘었습니다. 최근 배포·정책·장애와 겹치는지 확인이 필요합니다."
        )
    if "negative_ratio" in rules:
        found.append(
            "같은 문의가 더 부정적으로 바뀌었습니다. 처리 지연이나 안내 변경을 확인해 보세요."
        )
    return tuple(found)


def _actions(evidence: Evidence) -> tuple[str, ...]:
    actions = ["대표 예시의 티켓을 열어 공통 원인을 확인합니다."]
    if evidence.keywords:
        actions.append(f"‘{evidence.keywords[0].label}’ 관련 변경 사항을 담당 팀에 확인합니다.")
    if evidence.change.status == "CRITICAL":
        actions.append("오늘 안에 담당자를 정하고 고객 안내가 필요한지 판단합니다.")
    return tuple(actions)

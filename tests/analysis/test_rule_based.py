"""Without a model the four sections are written from the data alone."""

from __future__ import annotations

import pytest

from flows.analysis.rule_based import rule_based_analysis
from flows.report.values import Example, Keyword
from tests.builders import (
    CATEGORY,
    KOREAN,
    build_change,
    build_material,
    build_samples,
    build_tickets,
)

KEYWORDS = tuple(Keyword(CATEGORY, f"단어{number}", number, 10 + number) for number in range(1, 8))


def test_it_is_labelled_and_belongs_to_its_category() -> None:
    analysis = rule_based_analysis(build_material(), KOREAN)
    assert (analysis.source, analysis.category) == ("rule_based", CATEGORY)


def test_the_summary_tells_counts_change_and_negative_ratio() -> None:
    change = build_change(
        base=1000,
        comparison=1500,
        base_negative_ratio=0.2,
        comparison_negative_ratio=0.45,
        negative_ratio_change_pp=25.0,
    )
    assert rule_based_analysis(build_material(change), KOREAN).summary == (
        "유저 / 이력서 / 업로드 오류 문의가 500건 늘었습니다 (부정 250건 → 750건)."
    )


@pytest.mark.parametrize(
    ("base", "comparison", "said"),
    [
        (20, 10, "오류 문의는 10건 줄었습니다 (부정 5건)."),
        (20, 20, "오류 문의 수는 전주(W45)와 같습니다 (부정 5건 → 10건)."),
    ],
)
def test_the_summary_tells_which_way_it_went(base: int, comparison: int, said: str) -> None:
    change = build_change(base=base, comparison=comparison, status_reason="negative_ratio")
    assert said in rule_based_analysis(build_material(change), KOREAN).summary


def test_a_new_category_has_no_percentage() -> None:
    change = build_change(base=0, comparison=30, total_last_8_weeks=(0,) * 7 + (30,))
    assert rule_based_analysis(build_material(change), KOREAN).summary == (
        "유저 / 이력서 / 업로드 오류 문의 30건은 처음 들어온 종류입니다 (부정 15건)."
    )


def test_a_category_that_was_there_weeks_ago_is_not_new_but_back() -> None:
    change = build_change(base=0, comparison=30, total_last_8_weeks=(0, 0, 12, 0, 0, 0, 0, 30))
    assert (
        "전주(W45)에는 없다가 30건 다시 들어왔습니다"
        in rule_based_analysis(build_material(change), KOREAN).summary
    )


def test_each_of_the_top_keywords_is_a_hypothesis_with_its_tickets_counted() -> None:
    """Ranked by how many more tickets hold it; a keyword that no ticket holds comes last."""
    tickets = [
        *build_tickets("comparison", ["단어2가 안 돼요"] * 3 + ["단어1"] * 2),
        *build_tickets("base", ["단어2"]),
    ]
    analysis = rule_based_analysis(build_material(keywords=KEYWORDS, tickets=tickets), KOREAN)
    assert analysis.hypotheses == tuple(
        f"‘단어{n}’ 문의가 {n}건에서 {10 + n}건으로 늘었습니다." for n in (2, 1, 3)
    )
    assert [(len(s.base), len(s.comparison)) for s in analysis.supports] == [(1, 3), (0, 2), (0, 0)]
    assert any("‘단어1’" in action for action in analysis.actions)


def test_without_a_keyword_there_is_one_hypothesis_that_says_so() -> None:
    analysis = rule_based_analysis(build_material(keywords=[]), KOREAN)
    assert analysis.hypotheses == (
        "유저 / 이력서 / 업로드 오류 문의에서 눈에 띄게 늘어난 단어가 없습니다.",
    )
    assert analysis.supports == ()


def test_the_examples_are_the_first_samples_of_the_comparison_week() -> None:
    samples = build_samples(2, "base") + build_samples(12, detail="오류가\n납니다")
    assert rule_based_analysis(build_material(samples=samples), KOREAN).examples == tuple(
        Example(ticket_id, "오류가 납니다") for ticket_id in ("9001", "9002", "9003")
    )


def test_what_is_critical_is_to_be_looked_at_today() -> None:
    urgent = rule_based_analysis(build_material(build_change("CRITICAL")), KOREAN).actions
    other = rule_based_analysis(build_material(build_change("MONITOR")), KOREAN).actions
    assert any("오늘 안에" in action for action in urgent)
    assert other
    assert not any("오늘 안에" in action for action in other)


def test_without_samples_and_keywords_there_is_still_something_to_say() -> None:
    analysis = rule_based_analysis(build_material(samples=[], keywords=[]), KOREAN)
    assert analysis.summary
    assert analysis.hypotheses
    assert analysis.actions
    assert analysis.examples == ()

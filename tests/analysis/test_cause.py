"""The cause that a message has room for: one sentence of a model that tickets support, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from flows.analysis.cause import cause_of
from flows.report.emphasis import plain
from flows.report.values import Support
from tests.builders import build_analysis

TICKETS = Support(("사파리",), ("8001",), ("9001", "9002"), 20, 40)
NONE = Support((), (), (), 20, 40)
ONLY_BEFORE = Support(("크롬",), ("8001",), (), 20, 40)


def cause(*hypotheses: str, supports: tuple[Support, ...] = (TICKETS,), **values: Any) -> Any:
    return cause_of(build_analysis(hypotheses=hypotheses, supports=supports, **values))


def test_it_is_the_first_hypothesis_that_tickets_of_the_week_support() -> None:
    said = cause(
        "추측입니다.", "크롬입니다.", "사파리입니다.", supports=(NONE, ONLY_BEFORE, TICKETS)
    )
    assert said == ("사파리입니다.", TICKETS)


@pytest.mark.parametrize("source", ["laas", "model"])
def test_it_is_one_sentence(source: str) -> None:
    first = "사파리 17.5에서 업로드가 실패합니다."
    assert cause(f"{first} 확인이 필요합니다.", source=source) == (first, TICKETS)


def test_without_tickets_or_without_a_hypothesis_there_is_none() -> None:
    assert cause("추측입니다.", supports=(NONE,)) is None
    assert cause("추측입니다.", supports=(ONLY_BEFORE,)) is None
    assert cause("추측입니다.", supports=()) is None
    assert cause(supports=()) is None


def test_what_is_written_by_rule_names_no_cause() -> None:
    assert cause("사파리입니다.", source="rule_based") is None


@pytest.mark.parametrize(
    ("hypothesis", "sentence"),
    [
        ("**사파리**에서 실패합니다. 끝.", "**사파리**에서 실패합니다."),
        ("**사파리에서 실패합니다. 끝.**", "사파리에서 실패합니다."),
        ("*사파리에서 실패합니다. 끝입니다.*", "사파리에서 실패합니다."),
    ],
)
def test_emphasis_is_kept_and_never_cut_in_two(hypothesis: str, sentence: str) -> None:
    said, _ = cause(hypothesis)
    assert said == sentence
    assert plain(said) == "사파리에서 실패합니다."

"""A model that hangs, drips or fails costs a run so many seconds and no more; the receipt says what was not asked."""

from __future__ import annotations

import time

import pytest

from flows.analysis.client import FAILURES_IN_A_ROW
from flows.analysis.completion import Reply
from flows.analysis.prompt import Prompt
from tests.analysis.asking import PROMPT, ask, openai, parts_for
from tests.fakes.http import Fault, drip, hang
from tests.fakes.http import Reply as Answer
from tests.fakes.laas import FakeLaas

SLOW: dict[str, Fault] = {
    "hangs": hang(60),
    "sends a byte now and then": drip(b" ", 0.02),
}
EACH_KIND_OF_SLOW = pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW.keys())


# --- One attempt ------------------------------------------------------------------------------


@EACH_KIND_OF_SLOW
@pytest.mark.parametrize("api", ["laas", "openai"])
def test_an_attempt_ends_in_time_and_is_made_once_more(
    laas: FakeLaas, fault: Fault, api: str, waits: list[float]
) -> None:
    laas.on(do=fault)
    settings = openai(laas) if api == "openai" else {}
    parts = parts_for(laas, VOC_MODEL_TIMEOUT_SECONDS="0.2", **settings)
    began = time.monotonic()
    assert ask(parts, PROMPT) == ["no answer within 0.2 s"]
    assert time.monotonic() - began < 30
    assert len(waits) == 1


@EACH_KIND_OF_SLOW
@pytest.mark.usefixtures("waits")
def test_a_model_that_was_slow_once_still_answers(laas: FakeLaas, fault: Fault) -> None:
    laas.on(nth=1, do=fault)
    (reply,) = ask(parts_for(laas, VOC_MODEL_TIMEOUT_SECONDS="1"), PROMPT)
    assert isinstance(reply, Reply)


# --- All questions of a run -------------------------------------------------------------------


@EACH_KIND_OF_SLOW
def test_when_the_budget_is_used_up_running_questions_end_and_others_are_not_asked(
    laas: FakeLaas, fault: Fault
) -> None:
    laas.on(do=fault)
    parts = parts_for(laas, VOC_MODEL_BUDGET_SECONDS="0.3")
    over = "the 0.3 s for all questions are used up"
    began = time.monotonic()
    assert ask(parts, PROMPT, PROMPT, together=True) == [over, over]
    before = len(laas.requests)
    assert ask(parts_for(laas, VOC_MODEL_BUDGET_SECONDS="0.3"), PROMPT, PROMPT) == [over, over]
    assert len(laas.requests) <= before + 1
    assert time.monotonic() - began < 30
    assert parts.usage.questions_out_of_time == 2
    assert parts.usage.questions_not_asked == 0


def test_the_budget_starts_with_the_first_question(laas: FakeLaas) -> None:
    parts = parts_for(laas, VOC_MODEL_BUDGET_SECONDS="20")
    assert parts.model is not None
    assert parts.model._ends is None
    private = Prompt("답하세요.", "전화는 010-1234-5678입니다")
    assert ask(parts, private) == ["the prompt looks like personal data and is not sent"]
    assert parts.model._ends is None


def test_nobody_waits_past_the_budget(laas: FakeLaas, waits: list[float]) -> None:
    laas.on(do=Answer(503, retry_after=50))
    assert ask(parts_for(laas, VOC_MODEL_BUDGET_SECONDS="40"), PROMPT) == ["HTTP 503"]
    assert waits == []
    assert len(laas.requests) == 1


# --- Failures in a row ------------------------------------------------------------------------


def test_after_some_failures_in_a_row_the_others_are_not_asked(laas: FakeLaas) -> None:
    laas.on(do=Answer(401))
    parts = parts_for(laas)
    outcomes = ask(parts, *[PROMPT] * (FAILURES_IN_A_ROW + 2))
    assert outcomes == ["HTTP 401"] * 3 + ["not asked after 3 failures in a row"] * 2
    assert len(laas.requests) == FAILURES_IN_A_ROW
    assert parts.usage.questions_not_asked == 2
    assert parts.usage.questions_out_of_time == 0


def test_an_answer_in_between_ends_the_row(laas: FakeLaas) -> None:
    for numbers in (range(1, 3), range(4, 6)):
        laas.on(nth=numbers, do=Answer(400))
    parts = parts_for(laas)
    outcomes = ask(parts, *[PROMPT] * 6)
    assert [isinstance(outcome, Reply) for outcome in outcomes] == [False, False, True] * 2
    assert parts.usage.questions_not_asked == 0


def test_a_prompt_that_is_not_sent_is_no_failure_of_the_model(laas: FakeLaas) -> None:
    private = Prompt("답하세요.", "전화는 010-1234-5678입니다")
    *_, last = ask(parts_for(laas), *[private] * 5, PROMPT)
    assert isinstance(last, Reply)

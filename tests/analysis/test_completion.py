"""Of an answer only the model's words count, not what it thought on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.analysis.completion import NoCompletion, Reply, json_of, reply_of, tokens_of
from tests.fakes.laas import completion

WORDS = {"type": "text", "text": "요약"}


def reply(content: Any, **message: Any) -> Reply:
    answer = completion(content)
    answer["choices"][0]["message"] |= message
    return reply_of(json_of(json.dumps(answer).encode()))


THINKING: dict[str, dict[str, Any]] = {
    "Anthropic's": {"type": "thinking", "thinking": "티켓을 보면", "signature": "c2ln"},
    "Anthropic's, with words": {"type": "thinking", "text": "티켓을 보면"},
    "redacted": {"type": "redacted_thinking", "data": "ZGF0YQ=="},
    "OpenAI's": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "생각"}]},
    "Mistral's": {"type": "thinking", "thinking": [{"type": "text", "text": "생각"}]},
    "Google's": {"text": "생각", "thought": True},
    "a tool's": {"type": "tool_use", "name": "search", "text": "생각"},
    "a picture": {"type": "image_url", "image_url": {"url": "https://x.example"}},
    "text that is none": {"type": "text", "text": None},
    "no type that anybody knows": {"type": ["text"], "text": "생각"},
}


@pytest.mark.parametrize("part", THINKING.values(), ids=THINKING.keys())
def test_parts_that_are_no_words_are_left_out(part: dict[str, Any]) -> None:
    assert reply([part, WORDS, part]).text == "요약"
    assert reply([part]).text == ""


@pytest.mark.parametrize("kind", [{"type": "output_text"}, {"type": "text"}, {}])
def test_parts_with_words_are_joined(kind: dict[str, str]) -> None:
    assert reply([{**kind, "text": "문의가 "}, {**kind, "text": "늘었습니다."}]).text == (
        "문의가 늘었습니다."
    )


def test_what_was_thought_in_a_field_of_its_own_is_not_read() -> None:
    assert reply("요약", reasoning_content="생각", reasoning="생각").text == "요약"
    with pytest.raises(NoCompletion):
        reply(None, reasoning_content="생각")


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_it_says_why_the_model_ended(reason: str) -> None:
    assert reply_of(completion("요약", finish_reason=reason)) == Reply("요약", reason)


@pytest.mark.parametrize("reason", [None, 3, ["stop"]])
def test_a_reason_that_is_none_is_none(reason: Any) -> None:
    assert reply_of(completion("요약", finish_reason=reason)).finish_reason is None


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"total_tokens": 12}, 12),
        ({"total_tokens": -1}, 0),
        ({"total_tokens": "12"}, 0),
        ({}, 0),
        (None, 0),
        ([], 0),
    ],
)
def test_tokens_are_those_that_the_answer_names(usage: Any, tokens: int) -> None:
    assert tokens_of({**completion("요약"), "usage": usage}) == tokens

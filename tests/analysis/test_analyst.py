"""What an answer is kept under: everything that it depends on, and nothing that it does not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from flows.analysis.analyst import _answer_key
from flows.analysis.apis import Laas, ModelApi, OpenAI
from flows.analysis.prompt import Prompt

KEY = SecretStr("key")
LAAS = Laas("http://a/", "P", "small", KEY)
PROMPT = Prompt("답하세요.", "자료")


def key(api: ModelApi = LAAS, prompt: Prompt = PROMPT) -> str:
    parameters: dict[str, Any] = {"model_identity": api.identity, "prompt": prompt}
    return _answer_key(None, parameters)


@pytest.mark.parametrize(
    "other",
    [
        key(Laas("http://b/", "P", "small", KEY)),
        key(Laas("http://a/", "P", "large", KEY)),
        key(OpenAI("http://a/", "small", KEY)),
        key(prompt=Prompt("답하세요.", "다른 자료")),
        key(prompt=Prompt("답하세요!", "자료")),
        key(prompt=Prompt("답하세요.자료", "")),
    ],
)
def test_another_question_or_model_is_another_answer(other: str) -> None:
    assert other != key()


def test_the_same_question_is_the_same_answer_with_another_key_or_project() -> None:
    assert key(Laas("http://a/", "Q", "small", SecretStr("other"))) == key()

"""LaaS and OpenAI-compatible servers are asked each in their own words; all else is the same."""

from __future__ import annotations

import threading
import time
import traceback
from itertools import combinations

import pytest
from pydantic import SecretStr

from flows.analysis.apis import Laas, ModelApi, OpenAI
from flows.analysis.client import ModelError
from flows.analysis.completion import Reply
from tests.analysis.asking import PROMPT, QUESTION, ask, complete, openai, parts_for
from tests.fakes.http import Proceed, Request
from tests.fakes.http import Reply as Answer
from tests.fakes.laas import OPENAI_PATH, PATH, FakeLaas, completion

# --- LaaS ---------------------------------------------------------------------------------------


def test_the_prompt_is_one_message_of_the_user_to_laas(laas: FakeLaas) -> None:
    assert "9001" in complete(laas)
    (request,) = laas.requests
    assert request.method == PATH
    assert request.payload == {
        "hash": laas.preset_hash,
        "messages": [{"role": "user", "content": f"JSON으로 답하세요.\n\n{QUESTION}"}],
    }
    assert request.headers["project"] == "WANTED_DATA"
    assert request.headers["apiKey"] == laas.api_key
    assert "Authorization" not in request.headers
    assert not laas.refusals


def test_project_and_preset_can_be_set() -> None:
    with FakeLaas(project="OTHER", preset_hash="abc", answer=lambda _: "네") as laas:
        assert complete(laas, LAAS_PROJECT="OTHER", LAAS_PRESET_HASH="abc") == "네"


@pytest.mark.parametrize("path", ["", "/", "/behind/a/gateway", "/behind/a/gateway/"])
def test_the_base_url_may_have_a_path_and_a_slash(path: str) -> None:
    with FakeLaas(answer=lambda _: "네") as laas:
        laas.prefix = path.rstrip("/")
        assert complete(laas, LAAS_BASE_URL=laas.url + path) == "네"


# --- OpenAI ---------------------------------------------------------------------------------------


def test_instruction_and_data_are_two_messages_to_an_openai_server(laas: FakeLaas) -> None:
    assert "9001" in complete(laas, **openai(laas))
    (request,) = laas.requests
    assert request.method == OPENAI_PATH
    assert request.payload == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "JSON으로 답하세요."},
            {"role": "user", "content": QUESTION},
        ],
        "response_format": {"type": "json_object"},
    }
    assert request.headers["Authorization"] == f"Bearer {laas.api_key}"
    assert not laas.refusals


def test_a_local_server_may_want_no_key() -> None:
    with FakeLaas(api_key="") as laas:
        assert complete(laas, **openai(laas))
        assert not laas.refusals


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", OPENAI_PATH),
        ("/", OPENAI_PATH),
        ("/v1", OPENAI_PATH),
        ("/v1/", OPENAI_PATH),
        ("/openai/v1", "/openai/v1/chat/completions"),
        ("/v1beta/openai/", "/v1beta/openai/chat/completions"),
    ],
)
def test_a_base_url_without_a_path_is_completed(laas: FakeLaas, base: str, path: str) -> None:
    laas.on(do=Answer(body=completion("네")))
    complete(laas, **openai(laas, VOC_MODEL_BASE_URL=laas.url + base))
    assert [request.method for request in laas.requests] == [path]


def test_a_server_without_json_mode_is_asked_without_it_from_then_on() -> None:
    with FakeLaas(takes_json_mode=False) as laas:
        parts = parts_for(laas, **openai(laas))
        assert all(isinstance(reply, Reply) for reply in ask(parts, PROMPT, PROMPT))
        offered = ["response_format" in request.payload for request in laas.requests]
    assert offered == [True, False, False]
    assert parts.usage.laas_calls == 3


def test_questions_that_are_refused_at_the_same_time_are_all_asked_again() -> None:
    plain_was_answered = threading.Event()

    def see(_: str) -> None:
        plain_was_answered.set()

    def late(_: Request, proceed: Proceed) -> Answer | None:
        plain_was_answered.wait(10)
        time.sleep(0.1)  # for the client to learn of it
        return proceed()

    with FakeLaas(takes_json_mode=False, answer=see) as laas:
        laas.on(nth=2, do=late)
        replies = ask(parts_for(laas, **openai(laas)), PROMPT, PROMPT, together=True)
    assert [type(reply) for reply in replies] == [Reply, Reply]


def test_a_refusal_with_another_reason_does_not_end_json_mode(laas: FakeLaas) -> None:
    laas.on(nth=range(1, 3), do=Answer(400))
    refused, answered = ask(parts_for(laas, **openai(laas)), PROMPT, PROMPT)
    assert (refused, type(answered)) == ("HTTP 400", Reply)
    offered = ["response_format" in request.payload for request in laas.requests]
    assert offered == [True, False, True]


def test_laas_is_not_asked_twice_after_a_refusal(laas: FakeLaas) -> None:
    laas.on(do=Answer(400))
    assert ask(parts_for(laas), PROMPT) == ["HTTP 400"]
    assert len(laas.requests) == 1


@pytest.mark.parametrize(("name", "status"), [("VOC_MODEL_API_KEY", 401), ("VOC_MODEL_NAME", 404)])
def test_a_wrong_setting_is_one_error_without_secrets_or_customers_words(
    laas: FakeLaas, name: str, status: int
) -> None:
    wrong = "wrong-value-of-a-setting"
    with pytest.raises(ModelError, match=f"^HTTP {status}$") as failure:
        complete(laas, **openai(laas, **{name: wrong}))
    assert len(laas.requests) == 1
    printed = "".join(traceback.format_exception(failure.value))
    for secret in (wrong, laas.api_key, "이력서", "9001"):
        assert secret not in printed


# --- What answers depend on -------------------------------------------------------------------------


def test_answers_of_different_models_are_different_answers() -> None:
    key = SecretStr("key")
    apis: list[ModelApi] = [
        Laas("http://a/", "P", "small", key),
        Laas("http://b/", "P", "small", key),
        Laas("http://a/", "P", "large", key),
        OpenAI("http://a/", "small", key),
        OpenAI("http://b/", "small", key),
        OpenAI("http://a/", "large", key),
    ]
    assert all(one.identity != other.identity for one, other in combinations(apis, 2))


def test_neither_the_key_nor_json_mode_makes_another_answer() -> None:
    api = OpenAI("http://a/", "small", SecretStr("marked"))
    assert api.plainer is not None
    assert api.plainer.plainer is None
    assert api.identity == api.plainer.identity == OpenAI("http://a/", "small", None).identity
    assert "marked" not in repr(api)

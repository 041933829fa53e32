"""The LaaS client tries again what may pass, gives up on what will not, and keeps its secrets."""

from __future__ import annotations

import asyncio
import itertools
import traceback
from typing import Any

import pytest

from flows.analysis.client import ATTEMPTS, MAX_ANSWER_BYTES, LaasError
from tests.builders import build_settings
from tests.fakes.http import Fault, Reply, Request, lose_reply, refuse_connection_before
from tests.fakes.laas import EMPTY_CHOICES, GARBAGE, PATH, FakeLaas, completion
from tests.parts import laas_of

PROMPT = "이력서 업로드 문의가 왜 늘었나요? ticket_id: 9001"


def complete(laas: FakeLaas, prompt: str = PROMPT, **environment: str) -> str:
    """One answer for one prompt, from a client configured for `laas`."""
    configured = build_settings(
        **{"LAAS_API_KEY": laas.api_key, "LAAS_BASE_URL": laas.url} | environment
    )

    async def ask() -> str:
        async with laas_of(configured) as client:
            return await client.complete(prompt)

    return asyncio.run(ask())


def waits(requests: list[Request]) -> list[float]:
    """Seconds between one request and the next."""
    return [later.time - earlier.time for earlier, later in itertools.pairwise(requests)]


# --- Asking -----------------------------------------------------------------------------------


def test_a_prompt_that_looks_like_personal_data_is_not_sent() -> None:
    with FakeLaas() as laas:
        with pytest.raises(LaasError, match="looks like personal data") as caught:
            complete(laas, "전화는 010-1234-5678입니다")
        assert not laas.requests
    assert "1234" not in str(caught.value)


def test_the_prompt_is_sent_as_the_protocol_has_it(laas: FakeLaas) -> None:
    assert "9001" in complete(laas)
    (request,) = laas.requests
    assert request.method == PATH
    assert request.payload == {
        "hash": laas.preset_hash,
        "messages": [{"role": "user", "content": PROMPT}],
    }
    assert request.headers["project"] == "WANTED_DATA"
    assert not laas.refusals


def test_project_and_preset_can_be_set() -> None:
    with FakeLaas(project="OTHER", preset_hash="abc", answer=lambda _: "네") as laas:
        assert complete(laas, LAAS_PROJECT="OTHER", LAAS_PRESET_HASH="abc") == "네"


@pytest.mark.parametrize("path", ["", "/", "/behind/a/gateway", "/behind/a/gateway/"])
def test_the_base_url_may_have_a_path_and_a_slash(path: str) -> None:
    with FakeLaas(answer=lambda _: "네") as laas:
        laas.prefix = path.rstrip("/")
        assert complete(laas, LAAS_BASE_URL=laas.url + path) == "네"


def test_content_may_be_a_list_of_parts() -> None:
    parts = [{"type": "text", "text": "요약: "}, {"type": "text", "text": "늘었습니다."}]
    with FakeLaas(answer=lambda _: parts) as laas:
        assert complete(laas) == "요약: 늘었습니다."


def test_many_prompts_share_one_client() -> None:
    with FakeLaas(answer=lambda prompt: f"답: {prompt}", latency=0.05) as laas:
        configured = build_settings(LAAS_API_KEY=laas.api_key, LAAS_BASE_URL=laas.url)

        async def ask() -> list[str]:
            async with laas_of(configured) as client:
                return await asyncio.gather(*(client.complete(str(n)) for n in range(4)))

        assert asyncio.run(ask()) == [f"답: {n}" for n in range(4)]
        assert laas.max_concurrent > 1


# --- Trying again -----------------------------------------------------------------------------

HALF = Reply(body=b'{"choices"', headers={"Content-Length": "1000"})
NOT_GZIP = Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"})
PASSING: dict[str, Fault] = {
    **{f"HTTP {status}": Reply(status) for status in (408, 429, 500, 502, 503, 504)},
    "no connection": refuse_connection_before,
    "hang-up": lose_reply,
    "half an answer": HALF,
    "an unreadable encoding": NOT_GZIP,
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_tried_again(laas: FakeLaas, fault: Fault) -> None:
    laas.on(nth=1, do=fault)
    assert "9001" in complete(laas)
    assert len(laas.requests) == 2


def test_the_fourth_attempt_still_counts(laas: FakeLaas) -> None:
    laas.on(nth=range(1, ATTEMPTS), do=Reply(503))
    assert "9001" in complete(laas)
    assert len(laas.requests) == ATTEMPTS == 4


def test_after_four_attempts_it_is_an_error(laas: FakeLaas) -> None:
    laas.on(do=Reply(503))
    with pytest.raises(LaasError, match="^HTTP 503$"):
        complete(laas)
    assert len(laas.requests) == ATTEMPTS


def test_a_server_that_is_not_there_is_an_error() -> None:
    with FakeLaas() as laas:
        pass
    with pytest.raises(LaasError, match="^ConnectError$"):
        complete(laas)


def test_retry_after_is_honoured(laas: FakeLaas) -> None:
    laas.on(nth=1, do=Reply(429, retry_after=1.5))
    complete(laas)
    (wait,) = waits(laas.requests)
    assert 1.4 <= wait < 5


@pytest.mark.parametrize("value", ["soon", "Wed, 21 Oct 2015 07:28:00 GMT", "-5", "", "nan"])
def test_a_retry_after_that_is_no_number_of_seconds_does_not_count(
    laas: FakeLaas, value: str
) -> None:
    laas.on(nth=1, do=Reply(503, headers={"Retry-After": value}))
    complete(laas)
    assert max(waits(laas.requests)) < 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422])
def test_any_other_refusal_is_final(laas: FakeLaas, status: int) -> None:
    laas.on(do=Reply(status, headers={"Location": laas.url + PATH}))
    with pytest.raises(LaasError, match=f"^HTTP {status}$"):
        complete(laas)
    assert len(laas.requests) == 1


# --- Answers without an answer ----------------------------------------------------------------

UNUSABLE: dict[str, Any] = {
    "garbage": GARBAGE,
    "empty body": Reply(),
    "empty choices": EMPTY_CHOICES,
    "no choices": Reply(body={"error": "overloaded"}),
    "choices of another kind": Reply(body={"choices": "none"}),
    "a list": Reply(body=[1, 2]),
    "no content": Reply(body={"choices": [{"message": {"role": "assistant"}}]}),
    "null": Reply(body=completion(None)),  # type: ignore[arg-type]
    "a number": Reply(body=completion(5)),  # type: ignore[arg-type]
    "empty text": Reply(body=completion("")),
    "blank text": Reply(body=completion(" \n ")),
    "no parts": Reply(body=completion([])),
    "parts without text": Reply(body=completion([{"type": "image"}])),
    "parts that are text": Reply(body=completion(["a", "b"])),  # type: ignore[list-item]
    "not UTF-8": Reply(body=b'{"choices": "\xff\xfe"}'),
    "nested without end": Reply(body=b"[" * 200_000),
    "too long": Reply(body=completion("A" * MAX_ANSWER_BYTES)),
}


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_answer_without_text_is_an_error_and_not_asked_for_again(
    laas: FakeLaas, reply: Reply
) -> None:
    laas.on(do=reply)
    with pytest.raises(LaasError):
        complete(laas)
    assert len(laas.requests) == 1


# --- Secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"), [("LAAS_API_KEY", 401), ("LAAS_PROJECT", 403), ("LAAS_PRESET_HASH", 404)]
)
def test_a_wrong_setting_is_one_error_without_secrets_or_customers_words(
    laas: FakeLaas, name: str, status: int
) -> None:
    wrong = "wrong-value-of-a-setting"
    with pytest.raises(LaasError, match=f"^HTTP {status}$") as failure:
        complete(laas, **{name: wrong})
    assert len(laas.requests) == 1
    printed = "".join(traceback.format_exception(failure.value))
    for secret in (wrong, laas.api_key, laas.preset_hash, "이력서", "9001"):
        assert secret not in printed


@pytest.mark.parametrize("reply", [Reply(400, {"error": PROMPT}), GARBAGE])
def test_no_error_shows_the_key_the_prompt_or_the_answer(laas: FakeLaas, reply: Reply) -> None:
    laas.on(do=reply)
    with pytest.raises(LaasError) as failure:
        complete(laas)
    printed = "".join(traceback.format_exception(failure.value))
    for secret in (laas.api_key, "이력서", "Bad Gateway"):
        assert secret not in printed

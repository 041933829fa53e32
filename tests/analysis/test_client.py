"""The client tries again what may pass, gives up on what will not, and keeps its secrets."""

from __future__ import annotations

import gzip
import json
import time
import traceback
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest

from flows.analysis.client import (
    JITTER,
    LONGEST_WAIT_SECONDS,
    MAX_ANSWER_BYTES,
    WAITS_SECONDS,
    ModelError,
)
from flows.analysis.completion import Reply
from flows.analysis.prompt import Prompt
from tests.analysis.asking import PROMPT, ask, complete, openai, parts_for
from tests.fakes.http import Fault, Request, lose_reply, refuse_connection_before
from tests.fakes.http import Reply as Answer
from tests.fakes.laas import EMPTY_CHOICES, GARBAGE, PATH, FakeLaas, completion

ATTEMPTS = len(WAITS_SECONDS) + 1


# --- Asking -----------------------------------------------------------------------------------


def test_a_prompt_that_looks_like_personal_data_is_not_sent() -> None:
    with FakeLaas() as laas:
        with pytest.raises(ModelError, match="looks like personal data") as caught:
            complete(laas, Prompt("답하세요.", "전화는 010-1234-5678입니다"))
        assert not laas.requests
    assert "1234" not in str(caught.value)


def test_many_prompts_share_one_client() -> None:
    prompts = [Prompt("답하세요.", str(n)) for n in range(4)]
    with FakeLaas(answer=lambda prompt: prompt[-1], latency=0.05) as laas:
        assert ask(parts_for(laas), *prompts, together=True) == [
            Reply(str(n), "stop") for n in range(4)
        ]
        assert laas.max_concurrent > 1


def test_the_reply_says_why_the_model_ended(laas: FakeLaas) -> None:
    laas.on(do=Answer(body=completion("요약", finish_reason="length")))
    assert ask(parts_for(laas), PROMPT) == [Reply("요약", "length")]


def test_a_compressed_answer_is_read(laas: FakeLaas) -> None:
    body = gzip.compress(json.dumps(completion("요약")).encode())
    laas.on(do=Answer(body=body, headers={"Content-Encoding": "gzip"}))
    assert complete(laas) == "요약"


# --- Trying again -----------------------------------------------------------------------------

HALF = Answer(body=b'{"choices"', headers={"Content-Length": "1000"})
NOT_GZIP = Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"})
PASSING: dict[str, Fault] = {
    **{f"HTTP {status}": Answer(status) for status in (408, 429, 500, 502, 503, 504)},
    "no connection": refuse_connection_before,
    "hang-up": lose_reply,
    "half an answer": HALF,
    "an unreadable encoding": NOT_GZIP,
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
@pytest.mark.usefixtures("waits")
def test_what_may_pass_is_tried_again(laas: FakeLaas, fault: Fault) -> None:
    laas.on(nth=1, do=fault)
    assert "9001" in complete(laas)
    assert len(laas.requests) == 2


def test_without_a_word_of_the_server_the_waits_grow_over_half_a_minute(
    laas: FakeLaas, waits: list[float]
) -> None:
    laas.on(nth=range(1, ATTEMPTS), do=Answer(503))
    assert "9001" in complete(laas)
    assert len(laas.requests) == ATTEMPTS
    assert sum(waits) >= 30
    for wait, at_least in zip(waits, WAITS_SECONDS, strict=True):
        assert at_least <= wait <= at_least * (1 + JITTER)


def test_after_the_last_attempt_it_is_an_error(laas: FakeLaas, waits: list[float]) -> None:
    laas.on(do=Answer(503))
    with pytest.raises(ModelError, match="^HTTP 503$"):
        complete(laas)
    assert len(laas.requests) == len(waits) + 1 == ATTEMPTS


@pytest.mark.usefixtures("waits")
def test_a_server_that_is_not_there_is_an_error() -> None:
    with FakeLaas() as laas:
        pass
    with pytest.raises(ModelError, match="^ConnectError$"):
        complete(laas)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "9"}, 9),
        ({"Retry-After": "9.25"}, 9.25),
        ({"retry-after-ms": "9250", "Retry-After": "1"}, 9.25),
        ({"Retry-After": "86400"}, LONGEST_WAIT_SECONDS),
        ({"Retry-After": "9" * 400}, LONGEST_WAIT_SECONDS),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_WAIT_SECONDS),
    ],
)
def test_the_server_says_how_long_to_wait(
    laas: FakeLaas, waits: list[float], status: int, headers: dict[str, str], seconds: float
) -> None:
    laas.on(nth=1, do=Answer(status, headers=headers))
    complete(laas)
    assert waits == [seconds]


def test_the_server_may_say_it_with_a_date(laas: FakeLaas, waits: list[float]) -> None:
    laas.on(
        nth=1, do=Answer(503, headers={"Retry-After": formatdate(time.time() + 50, usegmt=True)})
    )
    complete(laas)
    (wait,) = waits
    assert 10 < wait <= 50


@pytest.mark.parametrize(
    "value", ["soon", "Wed, 21 Oct 2015 07:28:00 GMT", "-5", "", "nan", "0", "0.1"]
)
def test_a_server_that_asks_for_nothing_or_nearly_nothing_does_not_make_us_hurry(
    laas: FakeLaas, waits: list[float], value: str
) -> None:
    laas.on(nth=1, do=Answer(503, headers={"Retry-After": value}))
    complete(laas)
    (wait,) = waits
    assert WAITS_SECONDS[0] <= wait <= WAITS_SECONDS[0] * (1 + JITTER)


def test_a_wait_is_really_waited(laas: FakeLaas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.analysis.client.WAITS_SECONDS", (0.0,))
    laas.on(nth=1, do=Answer(429, headers={"retry-after-ms": "300"}))
    complete(laas)
    first, second = laas.requests
    assert second.time - first.time >= 0.25


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_any_other_refusal_is_final(laas: FakeLaas, status: int) -> None:
    laas.on(do=Answer(status))
    with pytest.raises(ModelError, match=f"^HTTP {status}$"):
        complete(laas)
    assert len(laas.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("api", ["laas", "openai"])
def test_a_redirect_does_not_lead_the_key_elsewhere(laas: FakeLaas, status: int, api: str) -> None:
    settings = openai(laas) if api == "openai" else {}
    with FakeLaas() as elsewhere:
        laas.on(do=Answer(status, headers={"Location": elsewhere.url + PATH}))
        with pytest.raises(ModelError) as caught:
            complete(laas, **settings)
        assert elsewhere.requests == []
    assert str(caught.value) == (
        f"HTTP {status}, a redirect, is not followed. Set the address it leads to"
    )
    assert len(laas.requests) == 1


# --- Answers without an answer ----------------------------------------------------------------

UNUSABLE: dict[str, Any] = {
    "garbage": GARBAGE,
    "empty body": Answer(),
    "empty choices": EMPTY_CHOICES,
    "no choices": Answer(body={"error": "overloaded"}),
    "choices of another kind": Answer(body={"choices": "none"}),
    "a choice of another kind": Answer(body={"choices": ["none"]}),
    "a list": Answer(body=[1, 2]),
    "no content": Answer(body={"choices": [{"message": {"role": "assistant"}}]}),
    "null": Answer(body=completion(None)),  # type: ignore[arg-type]
    "a number": Answer(body=completion(5)),  # type: ignore[arg-type]
    "not UTF-8": Answer(body=b'{"choices": "\xff\xfe"}'),
    "nested without end": Answer(body=b"[" * 200_000),
    "too long": Answer(body=completion("A" * MAX_ANSWER_BYTES)),
    "too long when it is unpacked": Answer(
        body=gzip.compress(json.dumps(completion("A" * MAX_ANSWER_BYTES)).encode()),
        headers={"Content-Encoding": "gzip"},
    ),
}


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_answer_without_text_is_an_error_and_not_asked_for_again(
    laas: FakeLaas, reply: Answer
) -> None:
    laas.on(do=reply)
    with pytest.raises(ModelError):
        complete(laas)
    assert len(laas.requests) == 1


def test_an_answer_without_end_is_read_to_its_bound_and_no_further(laas: FakeLaas) -> None:
    piece, sent = b" " * 100_000, 0

    def stream(request: Request, _: object) -> Answer:
        def pieces() -> Iterator[bytes]:
            nonlocal sent
            while not request.stopping.is_set() and sent < 1000:
                sent += 1
                yield piece

        return Answer(pieces=pieces())

    laas.on(do=stream)
    with pytest.raises(ModelError, match="^answer too long$"):
        complete(laas)
    # What was sent beyond the bound is in the buffers between the two.
    assert sent < 1000


# --- Secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"), [("LAAS_API_KEY", 401), ("LAAS_PROJECT", 403), ("LAAS_PRESET_HASH", 404)]
)
def test_a_wrong_setting_is_one_error_without_secrets_or_customers_words(
    laas: FakeLaas, name: str, status: int
) -> None:
    wrong = "wrong-value-of-a-setting"
    with pytest.raises(ModelError, match=f"^HTTP {status}$") as failure:
        complete(laas, **{name: wrong})
    assert len(laas.requests) == 1
    printed = "".join(traceback.format_exception(failure.value))
    for secret in (wrong, laas.api_key, laas.preset_hash, "이력서", "9001"):
        assert secret not in printed


@pytest.mark.parametrize("reply", [Answer(400, {"error": PROMPT.text}), GARBAGE])
def test_no_error_shows_the_key_the_prompt_or_the_answer(laas: FakeLaas, reply: Answer) -> None:
    laas.on(do=reply)
    with pytest.raises(ModelError) as failure:
        complete(laas)
    printed = "".join(traceback.format_exception(failure.value))
    for secret in (laas.api_key, "이력서", "Bad Gateway"):
        assert secret not in printed

"""The fake LaaS takes what the protocol has, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.fakes.http import BODY_LIMIT
from tests.fakes.laas import EMPTY_CHOICES, GARBAGE, PATH, FakeLaas

PROMPT = 'tickets: [{"ticket_id": "101"}, {"ticket_id": 102}] and <ticket id="A-3"> of 2025'
USER = {"role": "user", "content": PROMPT}


def ask(
    http: httpx.Client, laas: FakeLaas, *, path: str = PATH, headers: Any = None, **body: Any
) -> httpx.Response:
    right = {"apiKey": laas.api_key, "project": laas.project}
    right["Content-Type"] = "application/json; charset=utf-8"
    whole = json.dumps({"hash": laas.preset_hash, "messages": [USER], **body})
    return http.post(laas.url + path, content=whole, headers={**right, **(headers or {})})


def test_the_usual_answer_names_ticket_ids_of_the_prompt(
    laas: FakeLaas, http: httpx.Client
) -> None:
    whole = ask(http, laas, params={"tone": "calm"}).json()
    answer = json.loads(whole["choices"][0]["message"]["content"])
    assert answer.keys() == {"summary", "examples", "hypotheses", "actions"}
    assert answer["examples"] == ["101", "102", "A-3"]
    assert whole["usage"]["total_tokens"] > whole["usage"]["completion_tokens"]
    assert laas.prompts == [PROMPT]
    assert not laas.refusals


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"path": "/api/preset/chat/completions"}, 404),
        ({"headers": {"apiKey": "no"}}, 401),
        ({"headers": {"project": "NO"}}, 403),
        ({"headers": {"Content-Type": "application/json"}}, 415),
        ({"messages": [{**USER, "content": "x" * BODY_LIMIT}]}, 413),
        ({"hash": None}, 400),
        ({"hash": "0" * 64}, 404),
        ({"messages": [{**USER, "name": "x"}]}, 400),
        ({"messages": [{"role": "system", "content": "x"}, USER]}, 400),
        ({"messages": [{**USER, "content": [{"type": "image_url", "text": "x"}]}]}, 400),
        ({"params": {"n": 1}}, 400),
    ],
)
def test_a_wrong_request_is_refused(
    laas: FakeLaas, http: httpx.Client, change: Any, status: int
) -> None:
    response = ask(http, laas, **change)
    assert response.status_code == status
    assert response.json()["error"]["message"] == laas.refusals[0].error


def test_an_answer_can_be_garbage_or_without_choices(laas: FakeLaas, http: httpx.Client) -> None:
    laas.on(nth=1, do=GARBAGE)
    laas.on(nth=2, do=EMPTY_CHOICES)
    garbage, empty, right = (ask(http, laas) for _ in range(3))
    assert garbage.status_code == 200
    assert garbage.text.startswith("<html>")
    assert empty.json()["choices"] == []
    assert len(right.json()["choices"]) == 1

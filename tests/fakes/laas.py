"""A strict stand-in for LaaS, and for a server with OpenAI's chat completions: both answer in the same form.

with FakeLaas() as laas:
    ...                                     # a client on laas.url, laas.api_key
    laas.on(nth=1, do=Reply(status=429, retry_after=1))
    assert laas.max_concurrent <= 4 and not laas.refusals
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.fakes.http import BODY_LIMIT, JSON, FakeServer, Refused, Reply, Request

PATH = "/api/preset/v2/chat/completions"
OPENAI_PATH = "/v1/chat/completions"
PRESET_HASH = "90571f07e6b60e047620162ecc29b423dba8280aba60dba503aac082082ad0c4"
WHOLE_WEEK = re.compile(r"^<week>\n(?P<data>.*)\n</week>$", re.M)
TICKET_ID = re.compile(r"""\b(?:ticket_)?id["']?\s*[:=]\s*["']?([\w-]+)""")

Content = str | list[dict[str, str]]
"""The protocol allows a string or a list of text parts, in both directions."""


def completion(
    content: Content, *, usage: dict[str, int] | None = None, finish_reason: str = "stop"
) -> dict[str, Any]:
    """An OpenAI chat completion; `usage` is left out when not known."""
    message = {"role": "assistant", "content": content}
    answer: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    }
    return answer if usage is None else {**answer, "usage": usage}


GARBAGE = Reply(body=b"<html><body>Bad Gateway</body></html>")
EMPTY_CHOICES = Reply(body={**completion(""), "choices": []})


class FakeLaas(FakeServer):
    """Answers one preset for one project, and one model.

    Args:
        api_key: of both; a model's server without one takes no other either.
        takes_json_mode: whether the model's server knows `response_format`.
        latency: seconds each accepted request takes.
        answer: content for a prompt; None from it (or no callable) gives the default answer,
            JSON in Korean whose `examples` are ticket ids found in the prompt, or of a whole week one true sentence.
    """

    def __init__(
        self,
        api_key: str = "test-laas-key",
        project: str = "WANTED_DATA",
        preset_hash: str = PRESET_HASH,
        latency: float = 0.0,
        answer: Callable[[str], Content | None] | None = None,
        model: str = "small",
        takes_json_mode: bool = True,
    ) -> None:
        super().__init__()
        self.api_key, self.project, self.preset_hash = api_key, project, preset_hash
        self.latency, self.answer = latency, answer
        self.model, self.takes_json_mode = model, takes_json_mode

    @property
    def prompts(self) -> list[str]:
        """The prompt of each request that had one, in order of arrival."""
        return [_prompt(each.payload) for each in self.requests if _has_messages(each.payload)]

    def respond(self, request: Request) -> Reply:
        checks = _OPENAI_CHECKS if request.method == OPENAI_PATH else _REQUEST_CHECKS
        for status, error, passes in checks:
            if not passes(self, request):
                raise Refused(error, status=status)
        request.stopping.wait(self.latency)
        prompt = _prompt(request.payload)
        content = self.answer(prompt) if self.answer else None
        if content is None:
            content = self._default_answer(prompt)
        sizes = len(prompt) // 4 + 1, len(str(content)) // 4 + 1
        usage = dict(
            zip(
                ("prompt_tokens", "completion_tokens", "total_tokens"),
                (*sizes, sum(sizes)),
                strict=True,
            )
        )
        return Reply(body=completion(content, usage=usage))

    def refuse(self, refused: Refused) -> Reply:
        error = {"message": refused.error, "code": refused.status}
        return Reply(status=refused.status, body={"error": error})

    def _default_answer(self, prompt: str) -> str:
        if week := WHOLE_WEEK.search(prompt):
            label, total = list(json.loads(week["data"])["tickets"].items())[-1]
            summary = f"{label} 문의는 {total:,}건입니다."
            return json.dumps({"summary": summary}, ensure_ascii=False)
        ids = list(dict.fromkeys(TICKET_ID.findall(prompt)))[:3]
        return json.dumps(
            {
                "summary": f"문의가 지난주보다 늘었습니다. 확인한 티켓은 {len(ids)}건입니다.",
                "examples": ids,
                "hypotheses": ["최근 배포 이후 같은 오류가 반복되었을 수 있습니다."],
                "actions": ["담당 팀이 대표 예시를 재현해 봅니다."],
            },
            ensure_ascii=False,
        )


def _has_messages(payload: Any) -> bool:
    messages = payload.get("messages") if isinstance(payload, dict) else None
    return isinstance(messages, list) and bool(messages) and all(map(_is_message, messages))


def _is_message(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and message.keys() == {"role", "content"}
        and bool(_is_text(message["content"]) or _are_text_parts(message["content"]))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _are_text_parts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(part, dict)
            and part.keys() == {"type", "text"}
            and part["type"] == "text"
            and _is_text(part["text"])
            for part in value
        )
    )


def _is_string_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _prompt(payload: dict[str, Any]) -> str:
    content = payload["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _mentions_json(messages: list[dict[str, Any]]) -> bool:
    return any("json" in str(message["content"]).lower() for message in messages)


_Check = tuple[int, str, Callable[["FakeLaas", Request], bool]]
_REQUEST_CHECKS: tuple[_Check, ...] = (
    (404, "no such path", lambda _, r: r.verb == "POST" and r.method == PATH),
    (401, "apiKey is missing or wrong", lambda s, r: r.headers["apiKey"] == s.api_key),
    (403, "project is missing or wrong", lambda s, r: r.headers["project"] == s.project),
    (
        415,
        "Content-Type must be application/json; charset=utf-8",
        lambda _, r: (r.content_type, r.headers.get_content_charset()) == (JSON, "utf-8"),
    ),
    (413, "body is over 1 MB", lambda _, r: len(r.body) <= BODY_LIMIT),
    (400, "body must be a JSON object", lambda _, r: isinstance(r.payload, dict)),
    (
        400,
        "body has hash, messages and params, nothing else",
        lambda _, r: r.payload.keys() <= {"hash", "messages", "params"},
    ),
    (400, "hash must be a string", lambda _, r: isinstance(r.payload.get("hash"), str)),
    (
        400,
        "messages must be role and content, a string or a list of text parts",
        lambda _, r: _has_messages(r.payload),
    ),
    (
        400,
        "role must be user or assistant: the preset holds the system prompt",
        lambda _, r: all(m["role"] in ("user", "assistant") for m in r.payload["messages"]),
    ),
    (
        400,
        "the last message must be the user's",
        lambda _, r: r.payload["messages"][-1]["role"] == "user",
    ),
    (
        400,
        "params must map strings to strings",
        lambda _, r: _is_string_map(r.payload.get("params", {})),
    ),
    (404, "no such preset hash", lambda s, r: r.payload["hash"] == s.preset_hash),
)
"""Status, what is wrong, and what a right request passes, in the order they are asked.

The protocol page gives each rule; where it only shows an example (the charset, no further
fields) the fake asks for exactly that example.
"""

_OPENAI_CHECKS: tuple[_Check, ...] = (
    (404, "no such path", lambda _, r: r.verb == "POST"),
    (
        401,
        "the key is missing or wrong",
        lambda s, r: r.headers["Authorization"] == (f"Bearer {s.api_key}" if s.api_key else None),
    ),
    (
        400,
        "apiKey and project are LaaS's",
        lambda _, r: "apiKey" not in r.headers and "project" not in r.headers,
    ),
    (415, "Content-Type must be application/json", lambda _, r: r.content_type == JSON),
    (413, "body is over 1 MB", lambda _, r: len(r.body) <= BODY_LIMIT),
    (
        400,
        "body has model, messages and response_format, nothing else",
        lambda _, r: (
            isinstance(r.payload, dict)
            and {"model", "messages"}
            <= r.payload.keys()
            <= {"model", "messages", "response_format"}
        ),
    ),
    (404, "no such model", lambda s, r: r.payload["model"] == s.model),
    (
        400,
        "messages must be the system's and the user's",
        lambda _, r: (
            _has_messages(r.payload)
            and [message["role"] for message in r.payload["messages"]] == ["system", "user"]
        ),
    ),
    (
        400,
        "response_format is not supported",
        lambda s, r: s.takes_json_mode or "response_format" not in r.payload,
    ),
    (
        400,
        "response_format must be json_object, and messages must mention JSON",
        lambda _, r: (
            r.payload.get("response_format", {"type": "json_object"}) == {"type": "json_object"}
            and ("response_format" not in r.payload or _mentions_json(r.payload["messages"]))
        ),
    ),
)
"""As https://platform.openai.com/docs/api-reference/chat has it, for what we send."""

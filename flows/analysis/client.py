"""The LaaS preset API over HTTP: the only access to the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from flows.privacy.masker import Masker
from flows.report.values import printable
from flows.runtime.usage import Usage

ATTEMPTS = 4
TIMEOUT_SECONDS = 120  # one answer can take a minute
LONGEST_WAIT_SECONDS = 60
MAX_ANSWER_BYTES = 2_000_000
_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-f]{4})|(["\\])|.)')


class LaasError(Exception):
    """LaaS failed finally; the message does not contain the prompt, the answer or the key."""

    def __init__(
        self, reason: str, retry_after: float | None = None, *, is_passing: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.is_passing = is_passing


@dataclass(frozen=True)
class Preset:
    """A LaaS preset: where it is, which project pays, and the hash that names its system prompt."""

    base_url: str
    project: str
    hash: str


class LaasClient:
    """Sends prompts to the configured preset. Use as an async context manager.

    408, 429, 5xx and connection faults are tried again with jitter, `Retry-After` is honoured up to a minute, and
    any other refusal is final.
    """

    def __init__(
        self, preset: Preset, api_key: SecretStr, masker: Masker, usage: Usage | None = None
    ) -> None:
        self.preset = preset
        self._usage = usage or Usage()
        self._masker = masker
        self._http = httpx.AsyncClient(
            base_url=preset.base_url,
            headers={
                "project": preset.project,
                "apiKey": api_key.get_secret_value(),
                "Content-Type": "application/json; charset=utf-8",
            },
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=10),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def complete(self, prompt: str) -> str:
        """The model's answer to `prompt`.

        Raises LaasError when there is no answer, and for a prompt that still looks like personal data: tickets are
        masked in SQL, and what the SQL did not foresee is not sent.
        """
        if self._masker.contains_pii(_as_read(prompt)):
            raise LaasError("the prompt looks like personal data and is not sent")
        retrying = AsyncRetrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, LaasError) and error.is_passing
            ),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            reraise=True,
        )
        return await retrying(self._complete_once, prompt)

    async def _complete_once(self, prompt: str) -> str:
        body = {"hash": self.preset.hash, "messages": [{"role": "user", "content": prompt}]}
        try:
            response = await self._http.post("api/preset/v2/chat/completions", json=body)
        except httpx.RequestError as error:
            raise LaasError(type(error).__name__, is_passing=True) from None
        self._usage.laas_calls += 1
        status = response.status_code
        if status in (408, 429) or status >= 500:
            raise LaasError(f"HTTP {status}", _retry_after(response), is_passing=True)
        if status != 200:
            raise LaasError(f"HTTP {status}")
        answer = _json(response)
        self._usage.laas_tokens += _tokens(answer)
        return _content(answer)


def _as_read(prompt: str) -> str:
    """The prompt as the model reads it: an escape before @ would look like a mailbox, in a number hide it."""
    return printable(
        _JSON_ESCAPE.sub(lambda e: chr(int(e[1], 16)) if e[1] else e[2] or " ", prompt)
    )


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    jittered = wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT_SECONDS)(state)
    asked = error.retry_after if isinstance(error, LaasError) and error.retry_after else 0.0
    return max(jittered, min(asked, LONGEST_WAIT_SECONDS))


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _json(response: httpx.Response) -> Any:
    if len(response.content) > MAX_ANSWER_BYTES:
        raise LaasError("answer too long")
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise LaasError("answer without content") from None


def _tokens(answer: Any) -> int:
    """The tokens that the answer says it cost; 0 where it does not say."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def _content(answer: Any) -> str:
    """The text of a chat completion: a string, or a list of text parts."""
    try:
        content = answer["choices"][0]["message"]["content"]
        if isinstance(content, list):
            content = "".join(part["text"] for part in content)
    except (KeyError, IndexError, TypeError):
        raise LaasError("answer without content") from None
    if not isinstance(content, str) or not content.strip():
        raise LaasError("empty answer")
    return content

"""Asks a model over HTTP: the only access to it."""

from __future__ import annotations

import asyncio
import random
from asyncio import sleep
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx

from catalogue.retry_after import retry_after_seconds
from flows.analysis.apis import ModelApi
from flows.analysis.completion import NoCompletion, Reply, json_of, reply_of, tokens_of
from flows.analysis.prompt import Prompt, as_read
from flows.privacy.masker import Masker
from flows.runtime.usage import Usage

# Before each further attempt, at least: half a minute in all, as long as a gateway needs to start again.
WAITS_SECONDS = (2.0, 4.0, 8.0, 16.0)
JITTER = 0.4
LONGEST_WAIT_SECONDS = 60
CONNECT_SECONDS = 10
FAILURES_IN_A_ROW = 3
MAX_ANSWER_BYTES = 2_000_000


class ModelError(Exception):
    """The model gave no answer; the message does not contain the prompt, the answer or the key."""

    def __init__(
        self,
        reason: str,
        *,
        is_passing: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.is_passing = is_passing
        self.status = status
        self.retry_after = retry_after


class _TimedOut(ModelError):
    pass


class ModelClient:
    """Sends the prompts of one run to one model. Use as an async context manager, as often and as nested as needed.

    408, 429, 5xx, connection faults and, once, an attempt without an answer in time are tried again; any other
    refusal is final. After FAILURES_IN_A_ROW questions that failed finally, the others are not asked.

    Args:
        timeout_seconds: for one attempt, from the connection to the last byte of the answer.
        budget_seconds: for all questions, from the first on.
    """

    def __init__(
        self,
        api: ModelApi,
        masker: Masker,
        usage: Usage | None = None,
        *,
        timeout_seconds: float = 120,
        budget_seconds: float = 900,
    ) -> None:
        self.api = api
        self._masker = masker
        self._usage = usage or Usage()
        self._timeout_seconds = timeout_seconds
        self._budget_seconds = budget_seconds
        self._ends: float | None = None  # of the event loop's clock
        self._failures = 0
        self._users = 0

    async def __aenter__(self) -> Self:
        if not self._users:
            self._http = httpx.AsyncClient(
                base_url=self.api.base_url,
                headers={**self.api.headers, "Content-Type": "application/json; charset=utf-8"},
                # A read time-out would start again with each byte.
                timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
                # The key would go along.
                follow_redirects=False,
            )
        self._users += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._users -= 1
        if not self._users:
            await self._http.aclose()

    async def complete(self, prompt: Prompt, *, is_counted: bool = True) -> Reply:
        """The model's answer to `prompt`; `is_counted` says whether a receipt counts it where it is not asked.

        Raises ModelError when there is no answer, and for a prompt that still looks like personal data: tickets are
        masked in SQL, and what the SQL did not foresee is not sent.
        """
        if self._masker.contains_pii(as_read(prompt.text)):
            raise ModelError("the prompt looks like personal data and is not sent")
        if self._failures >= FAILURES_IN_A_ROW:
            self._usage.questions_not_asked += is_counted
            raise ModelError(f"not asked after {FAILURES_IN_A_ROW} failures in a row")
        now = _clock()
        self._ends = self._ends or now + self._budget_seconds
        if now >= self._ends:
            raise self._out_of_time(is_counted)
        try:
            async with asyncio.timeout_at(self._ends):
                reply = await self._ask(prompt, self._ends)
        except TimeoutError:
            raise self._out_of_time(is_counted) from None
        except ModelError:
            self._failures += 1
            raise
        self._failures = 0
        return reply

    async def ask_once(self, prompt: Prompt) -> Reply:
        """The answer of a single attempt. Raises ModelError."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._ask_plainer_if_refused(prompt)
        except TimeoutError:
            reason = f"no answer within {self._timeout_seconds:g} s"
            raise _TimedOut(reason, is_passing=True) from None

    async def _ask(self, prompt: Prompt, ends: float) -> Reply:
        timeouts = 0
        for at_least in WAITS_SECONDS:
            try:
                return await self.ask_once(prompt)
            except ModelError as error:
                timeouts += isinstance(error, _TimedOut)
                wait = _wait(at_least, error)
                if not error.is_passing or timeouts > 1 or _clock() + wait >= ends:
                    raise
            await sleep(wait)
        return await self.ask_once(prompt)

    async def _ask_plainer_if_refused(self, prompt: Prompt) -> Reply:
        api = self.api  # another question may change it meanwhile
        try:
            return await self._post(api, prompt)
        except ModelError as error:
            plainer = api.plainer
            if plainer is None or error.status not in (400, 422):
                raise
            reply = await self._post(plainer, prompt)
            self.api = plainer
            return reply

    async def _post(self, api: ModelApi, prompt: Prompt) -> Reply:
        try:
            async with self._http.stream("POST", api.path, json=api.body(prompt)) as response:
                self._usage.laas_calls += 1
                if response.status_code != 200:
                    raise _refusal(response)
                answer = json_of(await _body(response))
            self._usage.laas_tokens += tokens_of(answer)
            return reply_of(answer)
        except httpx.RequestError as error:
            raise ModelError(type(error).__name__, is_passing=True) from None
        except NoCompletion as lack:
            raise ModelError(str(lack)) from None

    def _out_of_time(self, is_counted: bool) -> ModelError:
        self._usage.questions_out_of_time += is_counted
        return ModelError(f"the {self._budget_seconds:g} s for all questions are used up")


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _wait(at_least: float, error: ModelError) -> float:
    """Seconds to wait after an error: as long as the server asks, and no less than we would wait ourselves."""
    jittered = at_least * random.uniform(1, 1 + JITTER)  # noqa: S311 (spreads clients out, keeps no secret)
    return max(jittered, min(error.retry_after or 0, LONGEST_WAIT_SECONDS))


def _refusal(response: httpx.Response) -> ModelError:
    status = response.status_code
    if 300 <= status < 400:
        return ModelError(
            f"HTTP {status}, a redirect, is not followed. Set the address it leads to"
        )
    return ModelError(
        f"HTTP {status}",
        is_passing=status in (408, 429) or status >= 500,
        status=status,
        retry_after=retry_after_seconds(response.headers, datetime.now(UTC)),
    )


async def _body(response: httpx.Response) -> bytes:
    """The body as it was before its compression; no more of it is read than an answer may be long."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise ModelError("answer too long")
    return bytes(body)

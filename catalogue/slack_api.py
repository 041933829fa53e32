"""Calls of Slack's Web API, as flows and bot both make them: the client, and what a failed call means."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
)
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from catalogue.retry_after import retry_after_seconds

FAULTS = (ClientError, OSError, ValueError, AttributeError, RecursionError)
"""No answer, half of an answer, or one that is not a JSON object: slack_sdk raises the last three for it."""

LONGEST_WAIT_SECONDS = 60.0
"""No longer, whatever Retry-After says."""

# Slack documents for these that part of the call may have taken effect, or does not say.
_UNSURE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}


class ForeignAddress(ClientError):
    """An address that nothing is sent to: a redirect's, or one without TLS."""


@dataclass(frozen=True)
class Failure:
    """Why a call failed, without a word of what was sent or answered.

    Args:
        reason: Slack's error code, the HTTP status or the type of the fault.
        is_refusal: Slack itself said no, and did nothing.
        is_passing: the same call may succeed later.
        is_unsure: it may have taken effect.
        retry_after: seconds that Slack asks to wait, within limits; 0 where it does not ask.
        needed: the scope that the app lacks.
    """

    reason: str
    is_refusal: bool = False
    is_passing: bool = False
    is_unsure: bool = False
    retry_after: float = 0.0
    needed: str = ""


def failure_of(error: Exception) -> Failure:
    """What a SlackApiError, or one of FAULTS, means."""
    if isinstance(error, ForeignAddress):
        return Failure(str(error))
    if not isinstance(error, SlackApiError):
        return Failure(type(error).__name__, is_passing=True, is_unsure=True)
    answer: Any = error.response  # aiohttp's own where the body is not JSON
    status = answer.status if isinstance(answer, ClientResponse) else answer.status_code
    data = getattr(answer, "data", None)
    data = data if isinstance(data, dict) else {}
    code = str(data.get("error") or "")
    if not re.fullmatch(r"[a-z0-9_]*", code):  # not Slack's: it may quote what was sent
        code = ""
    wait = _asked(answer.headers)
    reason = code or f"HTTP {status}"
    if status == 429 or code == "ratelimited":
        return Failure("ratelimited", is_passing=True, retry_after=wait)
    if status >= 500 or status == 408 or code in _UNSURE or (status == 200 and not code):
        return Failure(reason, is_passing=True, is_unsure=True, retry_after=wait)
    return Failure(reason, is_refusal=bool(code), needed=str(data.get("needed") or ""))


@asynccontextmanager
async def slack_client(
    token: str, api_url: str, *, seconds: float, retry_handlers: Sequence[AsyncRetryHandler] = ()
) -> AsyncIterator[AsyncWebClient]:
    """A client that follows no redirect, and uses no connection without TLS unless Slack's own address is one.

    It does not repeat a call whose answer was lost: that posts twice. slack_sdk would by default.

    Args:
        seconds: for one request, from the connection to the last byte of the answer.
        retry_handlers: of slack_sdk.
    """
    api = urlsplit(api_url)

    async def only_there(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        if request.url.scheme not in ("https", api.scheme):
            raise ForeignAddress("an address without TLS")
        answer = await send(request)
        if 300 <= answer.status < 400:
            answer.close()
            raise ForeignAddress(f"HTTP {answer.status}, a redirect, which is not followed")
        return answer

    async with ClientSession(
        timeout=ClientTimeout(total=seconds), middlewares=[only_there]
    ) as session:
        client = AsyncWebClient(
            token, api_url, session=session, retry_handlers=list(retry_handlers)
        )
        # slack_sdk takes the environment's proxy even for what NO_PROXY names.
        client.proxy = None if proxy_bypass(api.hostname or "") else getproxies().get(api.scheme)
        yield client


class RateLimitHandler(AsyncRateLimitErrorRetryHandler):
    """Calls again after 429: Slack refuses such a call before it takes effect.

    slack_sdk's own handler waits for hours if asked to, and fails on a date or a fraction.
    """

    async def prepare_for_next_attempt_async(
        self, *, state: RetryState, response: HttpResponse | None = None, **rest: Any
    ) -> None:
        await asyncio.sleep(_asked(response.headers if response else {}) or 1)
        state.next_attempt_requested = True
        state.increment_current_attempt()


def _asked(headers: Mapping[str, Any]) -> float:
    """Seconds that Slack asks to wait, within limits; 0 where it does not ask."""
    names = {name.lower(): str(value) for name, value in headers.items()}
    return min(retry_after_seconds(names, datetime.now(UTC)) or 0, LONGEST_WAIT_SECONDS)

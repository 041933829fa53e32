"""Slack's Web API as a transport."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from catalogue.slack import FAULTS, METADATA_SCOPE, WEEKLY, scopes_of
from flows.report.message import Block
from flows.runtime.errors import SlackError
from flows.slack.transport import (
    PICTURE_PREFIX,
    AmbiguousPost,
    Destination,
    Posted,
    RefusedBlocks,
    UnreadableHistory,
)

log = logging.getLogger("voc")

SECONDS_BETWEEN_POSTS = 1.0  # Slack allows about one message a second in a channel
PAGE_SIZE = 200
RATE_LIMIT_RETRIES = 5

_REMEDIES = {
    "not_authed": "Set SLACK_BOT_TOKEN.",
    "invalid_auth": "Check SLACK_BOT_TOKEN.",
    "account_inactive": "The app was removed: install it again and renew SLACK_BOT_TOKEN.",
    "token_revoked": "Renew SLACK_BOT_TOKEN.",
    "channel_not_found": "Set VOC_SLACK_CHANNEL (or --channel) to a channel id such as C0123ABCD.",
    "not_in_channel": "Invite the app to the channel with /invite.",
    "is_archived": "Choose another channel.",
    "thread_not_found": "Check --thread-ts.",
    "ratelimited": "Wait some minutes and run again: what is missing will be posted.",
}
# Slack documents for these that part of the call may have taken effect.
_UNSURE = ("internal_error", "fatal_error")
_REFUSED_BLOCKS = ("invalid_blocks", "invalid_blocks_format")


class WebApiTransport:
    """Posts to and reads from one Slack workspace.

    Only 429 is retried here, because Slack refuses such a call before it takes effect. slack_sdk's connection retry
    is off: when only the reply is lost, that retry posts twice.
    """

    def __init__(self, token: SecretStr, api_url: str) -> None:
        self._client = WebClient(
            token=token.get_secret_value(),
            base_url=api_url,
            retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)],
        )
        self._pace = threading.Lock()
        self._last_post = 0.0

    def identity(self) -> tuple[str, list[str]]:
        """The workspace that the token belongs to and the scopes that it has. Raises SlackError."""
        try:
            answer = self._client.auth_test()
        except SlackApiError as error:
            raise _refusal(error) from None
        except FAULTS as error:
            raise _unreachable(error) from None
        return str(answer["team"]), scopes_of(answer.headers)

    def posted(self, destination: Destination, since: float) -> list[Posted]:
        messages: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self._page(destination, since, cursor)
            messages += page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return [
            posted
            for message in sorted(messages, key=lambda message: float(message["ts"]))
            for posted in _ours(message)
        ]

    def _page(self, destination: Destination, since: float, cursor: str | None) -> Any:
        arguments: dict[str, Any] = {
            "channel": destination.channel,
            "oldest": f"{since:.6f}",
            "include_all_metadata": True,
            "limit": PAGE_SIZE,
            "cursor": cursor,
        }
        try:
            if destination.thread_ts is None:
                page = self._client.conversations_history(**arguments)
            else:
                page = self._client.conversations_replies(ts=destination.thread_ts, **arguments)
        except SlackApiError as error:
            raise _refusal(error, UnreadableHistory) from None
        except FAULTS as error:
            raise _unreachable(error) from None
        # Without their metadata, our messages would not be recognised as ours.
        if (scopes := scopes_of(page.headers)) and METADATA_SCOPE not in scopes:
            raise _lacking(METADATA_SCOPE, UnreadableHistory)
        return page

    def post(
        self,
        destination: Destination,
        text: str,
        blocks: tuple[Block, ...],
        payload: dict[str, Any],
    ) -> str:
        with self._pace:
            time.sleep(max(0.0, self._last_post + SECONDS_BETWEEN_POSTS - time.monotonic()))
            started = time.monotonic()
            try:
                with _telling_refusal_from_doubt():
                    answer = self._client.chat_postMessage(
                        channel=destination.channel,
                        thread_ts=destination.thread_ts,
                        text=text,
                        blocks=list(blocks),
                        metadata={"event_type": WEEKLY, "event_payload": payload},
                        parse="none",
                        unfurl_links=False,
                        unfurl_media=False,
                    )
            finally:
                # A call of SECONDS_BETWEEN_POSTS or longer waited for Retry-After and sent its message at the end.
                ended = time.monotonic()
                self._last_post = started if ended - started < SECONDS_BETWEEN_POSTS else ended
        return str(answer["ts"])

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        title, *_ = alt_text.splitlines()
        with _telling_refusal_from_doubt():
            self._client.files_upload_v2(
                filename=name,
                content=picture,
                title=title,
                alt_txt=alt_text,
                channel=destination.channel,
                thread_ts=destination.thread_ts,
            )


@contextlib.contextmanager
def _telling_refusal_from_doubt() -> Iterator[None]:
    """Raise SlackError where nothing took effect for sure, AmbiguousPost otherwise."""
    try:
        yield
    except SlackApiError as error:
        if not _is_refusal(error.response):
            raise AmbiguousPost(f"HTTP {error.response.status_code}") from None
        raise _refusal(error) from None
    except SlackRequestError:
        raise SlackError("Slack did not take the file.") from None
    except FAULTS as error:
        raise AmbiguousPost(type(error).__name__) from None


def _ours(message: dict[str, Any]) -> Iterator[Posted]:
    if (message.get("metadata") or {}).get("event_type") == WEEKLY:
        yield Posted(message["ts"], message["metadata"]["event_payload"])
    for file in message.get("files") or ():
        if str(file.get("name")).startswith(PICTURE_PREFIX):
            yield Posted(message["ts"], {"key": file["name"]})


def _refusal(error: SlackApiError, lacking: type[SlackError] = SlackError) -> SlackError:
    response = error.response
    if not _is_refusal(response):
        return SlackError(
            f"Slack gave no usable answer (HTTP {response.status_code}). Try again.",
            is_passing=True,
        )
    code = response["error"]
    if code == "missing_scope":
        return _lacking(str(response.get("needed")), lacking)
    kind = RefusedBlocks if code in _REFUSED_BLOCKS else SlackError
    return kind(f"Slack refused: {code}. {_REMEDIES.get(code, 'Run voc doctor.')}")


def _lacking(scope: str, kind: type[SlackError]) -> SlackError:
    return kind(f"Slack refused: missing_scope. Give the app the scope {scope}.")


def _unreachable(fault: Exception) -> SlackError:
    return SlackError(
        f"Slack could not be reached ({type(fault).__name__}). Try again.", is_passing=True
    )


def _is_refusal(response: SlackResponse) -> bool:
    """Whether Slack refused and did nothing. A gateway's error page does not say."""
    code = str(response.get("error") or "")
    return (
        response.status_code < 500
        and code not in _UNSURE
        and re.fullmatch(r"[a-z0-9_]+", code) is not None
    )

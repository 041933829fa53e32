"""Slack's Web API as a transport."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from catalogue.slack import METADATA_SCOPE, WEEKLY, scopes_of
from catalogue.slack_api import FAULTS, Failure, failure_of, slack_client
from flows.report.message import Block
from flows.runtime.errors import SlackError
from flows.slack.blocks import with_block
from flows.slack.patience import AmbiguousPost, Patience, Unavailable
from flows.slack.transport import (
    PICTURE_PREFIX,
    Destination,
    Posted,
    RefusedBlocks,
    UnreadableHistory,
)

CALL_SECONDS = 30.0  # for a whole call, however many bytes still come
SECONDS_BETWEEN_POSTS = 1.0  # Slack allows about one message a second in a channel
PAGE_SIZE = 200

_REMEDIES = {
    "not_authed": "Set SLACK_BOT_TOKEN.",
    "invalid_auth": "Check SLACK_BOT_TOKEN.",
    "account_inactive": "The app was removed: install it again and renew SLACK_BOT_TOKEN.",
    "token_revoked": "Renew SLACK_BOT_TOKEN.",
    "channel_not_found": "Set VOC_SLACK_CHANNEL (or --channel) to a channel id such as C0123ABCD.",
    "not_in_channel": "Invite the app to the channel with /invite.",
    "is_archived": "Choose another channel.",
    "thread_not_found": "Check --thread-ts.",
}
_REFUSED_BLOCKS = ("invalid_blocks", "invalid_blocks_format")


@dataclass(frozen=True)
class _Bot:
    """Who the token belongs to. Another app may post in the channel what looks like ours."""

    user_id: str
    bot_id: str
    app_id: str | None
    workspace_url: str

    @classmethod
    def of(cls, answer: AsyncSlackResponse) -> _Bot:
        if not answer.get("bot_id"):
            raise SlackError("SLACK_BOT_TOKEN is not a bot's. Use the one that begins with xoxb-.")
        url = answer.get("url") or "https://slack.com"
        return cls(str(answer.get("user_id")), str(answer["bot_id"]), answer.get("app_id"), url)

    def posted(self, message: dict[str, Any]) -> Iterator[Posted]:
        """What a message is in the ledger."""
        metadata = message.get("metadata") or {}
        is_ours = message.get("bot_id") == self.bot_id and (
            None in (self.app_id, message.get("app_id")) or message["app_id"] == self.app_id
        )
        if is_ours and metadata.get("event_type") == WEEKLY:
            yield Posted(message["ts"], metadata["event_payload"])
        for file in message.get("files") or ():
            name = str(file.get("name"))
            if file.get("user") == self.user_id and name.startswith(PICTURE_PREFIX):
                yield Posted(message["ts"], {"key": name})


class WebApiTransport:
    """Posts to and reads from one Slack workspace.

    A post is never repeated here: whether it may be, only a look at what was posted can say.

    Args:
        seconds: for one call, from the connection to the last byte of the answer.
    """

    def __init__(self, token: SecretStr, api_url: str, *, seconds: float = CALL_SECONDS) -> None:
        self._token = token
        self._api_url = api_url
        self._seconds = seconds
        self._pace = threading.Lock()
        self._last_post = 0.0

    def identity(self) -> tuple[str, list[str]]:
        """The workspace that the token belongs to and the scopes that it has. Raises SlackError."""
        answer = self.read("auth_test")
        return str(answer.get("team")), scopes_of(answer.headers)

    def posted(
        self, destination: Destination, since: float, patience: Patience | None = None
    ) -> list[Posted]:
        patience = patience or Patience(())
        messages: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = patience.ask(partial(self._page, destination, since, cursor))
            messages += page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        bot = patience.ask(lambda: self._bot)
        ours = (posted for message in messages for posted in bot.posted(message))
        return sorted(ours, key=lambda posted: float(posted.ts or 0))

    @cached_property
    def _bot(self) -> _Bot:
        return _Bot.of(self.read("auth_test"))

    def _page(self, destination: Destination, since: float, cursor: str | None) -> Any:
        arguments: dict[str, Any] = {
            "channel": destination.channel,
            "oldest": f"{since:.6f}",
            "include_all_metadata": True,
            "limit": PAGE_SIZE,
            "cursor": cursor,
        }
        if destination.thread_ts is None:
            page = self.read("conversations_history", **arguments)
        else:
            page = self.read("conversations_replies", ts=destination.thread_ts, **arguments)
        # Without their metadata, our messages would not be recognised as ours.
        if (scopes := scopes_of(page.headers)) and METADATA_SCOPE not in scopes:
            raise _lacking(METADATA_SCOPE, UnreadableHistory)
        if not isinstance(page.get("messages"), list):
            raise Unavailable("no messages")
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
            try:
                answer = self._write(
                    "chat_postMessage",
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
                self._last_post = time.monotonic()  # Slack counts from when the message arrived
        if not answer.get("ts"):
            raise AmbiguousPost("no ts")
        return str(answer["ts"])

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        title, *_ = alt_text.splitlines()
        self._write(
            "files_upload_v2",
            filename=name,
            content=picture,
            title=title,
            alt_txt=alt_text,
            channel=destination.channel,
            thread_ts=destination.thread_ts,
        )

    def append(self, destination: Destination, ts: str, block: Block) -> None:
        # Of a thread Slack always gives the first message too.
        place: dict[str, Any] = {"channel": destination.channel, "limit": 2, "inclusive": True}
        place |= {"oldest": ts, "latest": ts, "include_all_metadata": True}
        method = "conversations_history"
        if destination.thread_ts is not None:
            method, place = "conversations_replies", place | {"ts": destination.thread_ts}
        messages = self.read(method, **place).get("messages") or []
        message = next((each for each in messages if each.get("ts") == ts), None)
        blocks = with_block(message.get("blocks") or (), block) if message else []
        if message and blocks:
            self._write(
                "chat_update",
                channel=destination.channel,
                ts=ts,
                text=message.get("text", ""),
                blocks=blocks,
                metadata=message.get("metadata"),
                parse="none",
            )

    def address_of(self, channel: str, ts: str) -> str:
        """Where a message is seen in the workspace. Raises SlackError."""
        return f"{self._bot.workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"

    def read(self, method: str, **arguments: Any) -> AsyncSlackResponse:
        """Make a call that changes nothing. Raises SlackError, Unavailable among them."""
        try:
            return self._call(method, arguments)
        except (SlackApiError, *FAULTS) as error:
            failure = failure_of(error)
        if failure.is_passing:
            raise Unavailable(failure.reason, failure.retry_after)
        raise _refusal(failure, UnreadableHistory)

    def _write(self, method: str, **arguments: Any) -> AsyncSlackResponse:
        """Make a call that changes something. Raises SlackError: AmbiguousPost where that may have happened."""
        try:
            return self._call(method, arguments)
        except SlackRequestError:
            raise SlackError("Slack did not take the file.") from None
        except (SlackApiError, *FAULTS) as error:
            failure = failure_of(error)
        if failure.is_unsure:
            raise AmbiguousPost(failure.reason, failure.retry_after)
        if failure.is_passing:
            raise Unavailable(failure.reason, failure.retry_after)
        raise _refusal(failure)

    def _call(self, method: str, arguments: dict[str, Any]) -> AsyncSlackResponse:
        async def call() -> AsyncSlackResponse:
            token, seconds = self._token.get_secret_value(), self._seconds
            # The time is for all requests of an upload together.
            async with (
                asyncio.timeout(seconds),
                slack_client(token, self._api_url, seconds=seconds) as client,
            ):
                answer: AsyncSlackResponse = await getattr(client, method)(**arguments)
                return answer

        return asyncio.run(call())


def _refusal(failure: Failure, lacking: type[SlackError] = SlackError) -> SlackError:
    code = failure.reason
    if code == "missing_scope":
        return _lacking(failure.needed, lacking)
    if not failure.is_refusal:
        return SlackError(f"Slack was not reached: {code}. Check SLACK_API_URL and the network.")
    kind = RefusedBlocks if code in _REFUSED_BLOCKS else SlackError
    return kind(f"Slack refused: {code}. {_REMEDIES.get(code, 'Run voc doctor.')}", code=code)


def _lacking(scope: str, kind: type[SlackError]) -> SlackError:
    return kind(f"Slack refused: missing_scope. Give the app the scope {scope}.")

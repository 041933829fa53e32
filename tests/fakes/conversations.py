"""What was said in the channels and threads of the fake Slack, and how it is read in pages."""

from __future__ import annotations

import base64
import copy
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.fakes.http import Refused

PAGE_LIMIT = 999
"""Slack's documented limit for `limit`."""
PAGE_DEFAULT = 100
TEAM = "T0TEST"

Message = dict[str, Any]
Params = dict[str, Any]


class Conversations:
    """All messages, in the order in which they were posted.

    Args:
        clock: gives the Unix time that `ts` is made from.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._last_ts = clock, 0
        self._messages: dict[tuple[str, str], Message] = {}

    def next_ts(self) -> str:
        """Unix time to the microsecond, unique and increasing, "1763370000.000100"."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 100)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add(self, channel: str, fields: Message) -> Message:
        """Post a message, or a reply if `fields` has a `thread_ts`; gives the stored one."""
        thread = fields.get("thread_ts")
        if thread is not None and not self._is_parent(channel, thread):
            raise Refused("thread_not_found", ["thread_ts must be the parent's, not a reply's"])
        message = {"type": "message", "team": TEAM, **fields, "ts": self.next_ts()}
        self._messages[channel, message["ts"]] = message
        if thread is not None:
            parent = self._messages[channel, thread]
            parent["thread_ts"], parent["latest_reply"] = thread, message["ts"]
            parent["reply_count"] = parent.get("reply_count", 0) + 1
            message["parent_user_id"] = parent["user"]
        return message

    def find(self, channel: str, ts: str) -> Message:
        if (channel, ts) not in self._messages:
            raise Refused("message_not_found")
        return self._messages[channel, ts]

    def top_level(self, channel: str) -> list[Message]:
        """The channel's messages without replies, oldest first."""
        return [
            message
            for (place, ts), message in self._messages.items()
            if place == channel and message.get("thread_ts", ts) == ts
        ]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The parent and its replies, oldest first."""
        if not self._is_parent(channel, ts):
            raise Refused("thread_not_found")
        return [
            message
            for (place, _), message in self._messages.items()
            if place == channel and ts in (message["ts"], message.get("thread_ts"))
        ]

    def replies(self) -> dict[str, list[Message]]:
        """The replies of each thread, oldest first, by the parent's `ts`."""
        threads: defaultdict[str, list[Message]] = defaultdict(list)
        for message in self._messages.values():
            if message.get("thread_ts", message["ts"]) != message["ts"]:
                threads[message["thread_ts"]].append(message)
        return dict(threads)

    def _is_parent(self, channel: str, ts: str) -> bool:
        message = self._messages.get((channel, ts))
        return message is not None and message.get("thread_ts", ts) == ts


def read_page(messages: list[Message], params: Params, subject: str, most: int) -> dict[str, Any]:
    """One page of `messages`; the cursor is opaque, and good for its `subject` only.

    Args:
        subject: names the channel or thread.
        most: messages a page, whatever the client's `limit` says.

    Raises:
        Refused: `invalid_limit`, `invalid_cursor`, `invalid_ts_oldest`.
    """
    limit = str(params.get("limit", PAGE_DEFAULT))
    if not limit.isdecimal() or not 1 <= int(limit) <= PAGE_LIMIT:
        raise Refused("invalid_limit", [limit])
    found = _between(messages, params)
    start = 0
    if cursor := params.get("cursor"):
        starts = {_cursor(subject, each): n for n, each in enumerate(found, 1)}
        if cursor not in starts:
            raise Refused("invalid_cursor")
        start = starts[cursor]
    end = start + min(int(limit), most)
    page, more = found[start:end], end < len(found)
    whole = is_true(params.get("include_all_metadata"))
    return {
        "messages": [shown(each, whole_metadata=whole) for each in page],
        "has_more": more,
        "response_metadata": {"next_cursor": _cursor(subject, page[-1]) if more else ""},
    }


def shown(message: Message, *, whole_metadata: bool = False) -> Message:
    """A copy; without `include_all_metadata` Slack gives the metadata's type, not its payload."""
    copied = copy.deepcopy(message)
    if "metadata" in copied and not whole_metadata:
        copied["metadata"] = {"event_type": copied["metadata"]["event_type"]}
    return copied


def is_true(value: Any) -> bool:
    """Whether an argument is true, as JSON or in a form."""
    return value in (True, "true", "1")


def _cursor(subject: str, last: Message) -> str:
    # Base64 with its padding, as Slack's: a client must encode it in a query.
    return base64.b64encode(f"{subject} {last['ts']}".encode()).decode()


def _between(messages: list[Message], params: Params) -> list[Message]:
    """Those after `oldest` and before `latest`; at them too where they are `inclusive`."""
    oldest, latest = (params.get("oldest", 0), params.get("latest", 10**10))
    for name, ts in (("oldest", oldest), ("latest", latest)):
        if not re.fullmatch(r"\d+(\.\d+)?", str(ts)):
            raise Refused(f"invalid_ts_{name}", [str(ts)])
    first, last = Decimal(str(oldest)), Decimal(str(latest))
    at_ends = (first, last) if is_true(params.get("inclusive")) else ()
    moments = ((each, Decimal(each["ts"])) for each in messages)
    return [each for each, ts in moments if first < ts < last or ts in at_ends]

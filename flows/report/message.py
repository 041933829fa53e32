"""A message of a report, and where it was posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from flows.report.values import Category

Block = dict[str, Any]
"""A block of Slack's Block Kit."""

Kind = Literal[
    "summary",
    "overflow",
    "analysis",
    "alert",
    "receipt",
    "correction",
    "late",
    "failed",
    "unposted",
    "answer",
]


@dataclass(frozen=True)
class MessageId:
    """What distinguishes the messages of one report."""

    kind: Kind
    category: Category | None = None
    part: int = 0


SUMMARY = MessageId("summary")


@dataclass(frozen=True)
class Message:
    """One Slack message; `text` is what notifications and screen readers read."""

    id: MessageId
    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Delivered:
    """A message of this report and where it was posted; `is_new` if this run posted it."""

    key: str
    channel: str
    ts: str
    thread_ts: str | None
    is_new: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "channel": self.channel,
            "ts": self.ts,
            "thread_ts": self.thread_ts,
        }

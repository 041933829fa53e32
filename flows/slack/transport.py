"""What a delivery needs from the place that it posts to: Slack or the outbox folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from flows.report.message import Block
from flows.runtime.errors import SlackError
from flows.slack.patience import Patience

PICTURE_PREFIX = "voc-chart-"
"""What the names of our pictures begin with."""


@dataclass(frozen=True)
class Destination:
    """A channel, or with `thread_ts` a thread in it."""

    channel: str
    thread_ts: str | None = None


@dataclass(frozen=True)
class Posted:
    """A message that was posted in the channel or thread, with the metadata that it carries.

    A picture carries no metadata: its key is its name.
    Without `ts` the message was sent, and whether it was posted cannot be found out.
    """

    ts: str | None
    payload: dict[str, Any]


class UnreadableHistory(SlackError):
    """The app lacks a scope for reading what it posted."""


class RefusedBlocks(SlackError):
    """Slack did not accept the blocks; nothing was posted."""


class Transport(Protocol):
    def posted(
        self, destination: Destination, since: float, patience: Patience | None = None
    ) -> list[Posted]:
        """Our messages in the channel (or thread) since an epoch second, newest last. Raises SlackError.

        Without patience there is no second try.
        """

    def post(
        self,
        destination: Destination,
        text: str,
        blocks: tuple[Block, ...],
        payload: dict[str, Any],
    ) -> str:
        """Post one message and return its ts. Raises SlackError, RefusedBlocks, Unavailable and AmbiguousPost
        among them.
        """

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        """Put a PNG into a thread; `posted` finds it by its name. Raises SlackError, AmbiguousPost among them."""

    def append(self, destination: Destination, ts: str, block: Block) -> None:
        """Put a block at the end of our message in the channel (or thread), unless one with its `block_id` is there.

        Raises SlackError.
        """


class DryRunTransport:
    """The transport of a dry run: finds nothing posted, and posts nothing."""

    def posted(
        self, destination: Destination, since: float, patience: Patience | None = None
    ) -> list[Posted]:
        return []

    def post(
        self,
        destination: Destination,
        text: str,
        blocks: tuple[Block, ...],
        payload: dict[str, Any],
    ) -> str:
        return "dry-run"

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        pass

    def append(self, destination: Destination, ts: str, block: Block) -> None:
        pass

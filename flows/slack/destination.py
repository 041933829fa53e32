"""Where a report goes: a channel, or a thread in it."""

from __future__ import annotations

import re

from flows.runtime.errors import UsageError
from flows.slack.transport import Destination

OUTBOX_CHANNEL = "outbox"


def destination_of(channel: str | None, thread_ts: str | None, *, is_slack: bool) -> Destination:
    """The destination that was asked for. Raises UsageError for a channel's name where Slack needs an id.

    Args:
        is_slack: whether messages go to Slack; the outbox folder takes any name, and has a default.
    """
    if thread_ts is not None and not re.fullmatch(r"\d+\.\d+", thread_ts):
        raise UsageError(f"{thread_ts!r} is not a thread_ts. It looks like 1763370000.000100.")
    if not is_slack:
        return Destination(channel or OUTBOX_CHANNEL, thread_ts)
    if channel is None:
        raise UsageError("no channel to post to. Set VOC_SLACK_CHANNEL or use --channel.")
    if not re.fullmatch(r"[CGD][A-Z0-9]{2,}", channel):
        raise UsageError(f"{channel!r} is not a channel id. Use one such as C0123ABCD, not a name.")
    return Destination(channel, thread_ts)

"""Chooses where messages go: to Slack when there is a token, otherwise to the outbox folder."""

from __future__ import annotations

import re
from typing import Any

from catalogue import Texts
from flows.privacy.gate import Gate
from flows.privacy.masker import Masker
from flows.report.message import Block
from flows.runtime.errors import UsageError
from flows.runtime.settings import Settings
from flows.slack.outbox import OutboxTransport
from flows.slack.transport import Destination, Posted, Transport

OUTBOX_CHANNEL = "outbox"


def target_for(settings: Settings, channel: str | None, thread_ts: str | None) -> Destination:
    """The delivery target. Raises UsageError for a channel name where Slack needs an id."""
    if thread_ts is not None and not re.fullmatch(r"\d+\.\d+", thread_ts):
        raise UsageError(f"{thread_ts!r} is no thread_ts. It looks like 1763370000.000100.")
    chosen = channel or settings.slack_channel
    if settings.slack_bot_token is None:
        return Destination(chosen or OUTBOX_CHANNEL, thread_ts)
    if chosen is None:
        raise UsageError("no channel to post to. Set VOC_SLACK_CHANNEL or use --channel.")
    if not re.fullmatch(r"[CGD][A-Z0-9]{2,}", chosen):
        raise UsageError(f"{chosen!r} is no channel id. Use one such as C0123ABCD, not a name.")
    return Destination(chosen, thread_ts)


class DryRunTransport:
    """The transport of a dry run: nothing stands there, and nothing is posted."""

    def posted(self, target: Destination, since: float) -> list[Posted]:
        return []

    def post(
        self, target: Destination, text: str, blocks: tuple[Block, ...], payload: dict[str, Any]
    ) -> str:
        return "dry-run"

    def upload(self, target: Destination, name: str, picture: bytes, alt_text: str) -> None:
        pass


def open_transport(settings: Settings, masker: Masker, *, dry_run: bool) -> Transport:
    """Where messages go, behind the gate that keeps personal data back."""
    return Gate(_ungated(settings, dry_run=dry_run), masker, Texts(settings.locale))


def _ungated(settings: Settings, *, dry_run: bool) -> Transport:
    if dry_run:
        return DryRunTransport()
    if settings.slack_bot_token is None:
        return OutboxTransport(settings.home.resolve() / "outbox")
    from flows.slack.remembered import RememberingTransport
    from flows.slack.web_api import WebApiTransport

    return RememberingTransport(WebApiTransport(settings), settings)

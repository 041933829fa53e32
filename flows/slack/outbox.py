"""A folder as a transport, for trying things without Slack: a JSON file and a readable preview for each message."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from catalogue.slack import WEEKLY
from flows.report.message import Block
from flows.runtime.errors import SlackError
from flows.runtime.workspace import private_folder, write_private
from flows.slack.blocks import with_block
from flows.slack.patience import Patience
from flows.slack.preview import preview
from flows.slack.transport import Destination, Posted


class OutboxTransport:
    """Keeps the same ledger as Slack does: the metadata in the files decides what was posted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def posted(
        self, destination: Destination, since: float, patience: Patience | None = None
    ) -> list[Posted]:
        found = []
        for file in sorted(self._folder.glob("*.json")):
            try:
                message = json.loads(file.read_text(encoding="utf-8"))
                in_thread = destination.thread_ts in (message["thread_ts"], message["ts"])
                is_recent = float(message["ts"]) >= since
                if message["channel"] == destination.channel and in_thread and is_recent:
                    found.append(Posted(message["ts"], message["metadata"]["event_payload"]))
            except (OSError, ValueError, KeyError, TypeError):
                raise _no_message(file) from None
        return found

    def post(
        self,
        destination: Destination,
        text: str,
        blocks: tuple[Block, ...],
        payload: dict[str, Any],
    ) -> str:
        private_folder(self._folder)
        ts = self._next_ts()
        self._write(
            {
                "channel": destination.channel,
                "ts": ts,
                "thread_ts": destination.thread_ts,
                "text": text,
                "blocks": list(blocks),
                "metadata": {"event_type": WEEKLY, "event_payload": payload},
            }
        )
        return ts

    def append(self, destination: Destination, ts: str, block: Block) -> None:
        file = self._folder / f"{ts}.json"
        try:
            message = json.loads(file.read_text(encoding="utf-8"))
            blocks = with_block(message["blocks"], block)
        except (OSError, ValueError, KeyError, TypeError):
            raise _no_message(file) from None
        if blocks:
            self._write(message | {"blocks": blocks})

    def _write(self, message: dict[str, Any]) -> None:
        ts = message["ts"]
        # The preview first: the JSON file is the ledger, and what is in the ledger is complete.
        try:
            write_private(self._folder / f"{ts}.txt", preview(message["blocks"]) + "\n")
            as_json = json.dumps(message, ensure_ascii=False, indent=2)
            write_private(self._folder / f"{ts}.json", as_json)
        except OSError as error:
            reason = f"cannot write to {self._folder}: {error.strerror}"
            raise SlackError(f"{reason}. Make room, or set VOC_HOME.") from None

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        raise SlackError("the outbox keeps no pictures: its messages hold their charts.")

    def forget(self, are_in: Callable[[str, Iterable[str]], bool], *, dry_run: bool) -> int:
        """Blank the messages with certain words; how many there were. Their metadata stays: it is the ledger.

        Args:
            are_in: whether the words are in a message, by its week and its text.
        """
        found = 0
        for file in sorted(self._folder.glob("*.json")):
            try:
                text = file.read_text(encoding="utf-8")
                message = json.loads(text)
                week = str(message["metadata"]["event_payload"].get("report_week"))
                is_blank = not (message["text"] or message["blocks"])
            except (OSError, ValueError, KeyError, TypeError):
                raise _no_message(file) from None
            if is_blank or not are_in(week, [text]):
                continue
            found += 1
            if not dry_run:
                file.with_suffix(".txt").unlink(missing_ok=True)
                blank = message | {"text": "", "blocks": []}
                write_private(file, json.dumps(blank, ensure_ascii=False, indent=2))
        return found

    def _next_ts(self) -> str:
        newest = max((float(file.stem) for file in self._folder.glob("*.json")), default=0.0)
        return f"{max(time.time(), newest + 0.000_01):.6f}"


def _no_message(file: Path) -> SlackError:
    return SlackError(f"{file} is not a message of the outbox. Move it elsewhere.")

"""Posts each message of a report once: what is already in the channel or thread is not posted again."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flows.report.message import SUMMARY, Block, Delivered, Message, MessageId
from flows.report.values import Week
from flows.runtime.errors import SlackError
from flows.slack.blocks import charts, without_charts
from flows.slack.patience import Patience, Unavailable
from flows.slack.preview import preview
from flows.slack.transport import (
    PICTURE_PREFIX,
    Destination,
    Posted,
    RefusedBlocks,
    Transport,
)

log = logging.getLogger("voc")


@dataclass(frozen=True)
class Subject:
    """What a delivery's messages are about: a report week on a source, the subject of a note, or a question.

    `since` is an epoch second; no message on this subject is older. `week` is the report week whose words an answer
    holds, by which `voc purge` finds them: the name of a question is its run.
    """

    name: str
    since: float
    source: str = ""
    week: str | None = None

    @classmethod
    def of_week(cls, week: Week, zone: ZoneInfo, source: str = "") -> Subject:
        """A report is never older than the end of its week."""
        return cls(week.label, datetime.combine(week.end, time.max, zone).timestamp(), source)


class Delivery:
    """One report on its way to one destination.

    The messages that were posted already are the ledger: each carries its key as metadata. They are read once, and
    again after a post without a usable answer. With `force` an earlier report is ignored: `run_id` marks the messages
    of this run. While Slack gives no usable answer, it is asked again after `waits` seconds (default: two minutes in
    all); a post is repeated only after a look at what stands by then.
    """

    def __init__(
        self,
        transport: Transport,
        destination: Destination,
        subject: Subject,
        run_id: str,
        *,
        force: bool = False,
        waits: Sequence[float] | None = None,
    ) -> None:
        self._waits = waits
        self._transport = transport
        self._destination = destination
        self._subject = subject
        self._run_id = run_id
        self._force = force
        self._thread_ts = destination.thread_ts
        self._ledger: dict[str, Posted] = {}
        self._replaces = False
        self._read_ledger(Patience(waits))

    @property
    def thread_ts(self) -> str | None:
        """The thread that replies go to, once the summary was posted."""
        return self._thread_ts

    @property
    def channel(self) -> str:
        """Where the report goes."""
        return self._destination.channel

    @property
    def replaces_earlier(self) -> bool:
        """Whether a forced report replaces one that was posted earlier."""
        return self._replaces

    def key(self, id: MessageId) -> str:
        """What makes a message the same in every run: week, destination, source, kind and category."""
        digest = hashlib.sha256(json.dumps([id.category, id.part]).encode()).hexdigest()[:16]
        subject = f"{self._subject.name}:{self._destination_name()}:{self._subject.source}"
        return f"{subject}{id.kind}:{digest}"

    def find(self, id: MessageId) -> Delivered | None:
        """The message as it was posted already, if it was. Raises SlackError where that is in doubt."""
        posted = self._ledger.get(self.key(id))
        if posted is None:
            return None
        if posted.ts is None:
            raise SlackError(
                "Slack did not answer an earlier post, and the app may not look whether it was posted. Give it the "
                "scopes for reading the channel, or look there yourself and run with --force."
            )
        destination = self._destination_of(id)
        return Delivered(
            self.key(id),
            destination.channel,
            posted.ts,
            destination.thread_ts,
            is_new=posted.payload.get("run") == self._run_id,
        )

    def post(self, message: Message) -> Delivered:
        """Post the message unless it was posted already. Raises SlackError."""
        patience = Patience(self._waits)
        while (found := self.find(message.id)) is None:
            try:
                self._try_to_post(message)
            except Unavailable as fault:
                is_last = not patience.waits(fault)
                self._read_ledger(patience)
                if is_last and self.find(message.id) is None:
                    raise
        return found

    def post_picture(self, message: Message) -> None:
        """Put a posted message's chart into the thread as a picture, unless chart or picture is there already.

        Raises SlackError where that fails. In doubt there is no second try: two pictures are worse than none.
        """
        posted = self._ledger[self.key(message.id)]
        name = self._picture_name(message.id)
        drawable = charts(message.blocks)  # empty where late tickets have made the week quiet
        if posted.payload.get("chart") != "refused" or name in self._ledger or not drawable:
            return
        from flows.slack.picture import drawn  # only such workspaces need the drawing library

        thread = Destination(self._destination.channel, self._thread_ts)
        picture = drawn(drawable), preview(drawable)
        Patience(self._waits).ask(lambda: self._transport.upload(thread, name, *picture))

    def append_to_summary(self, block: Block) -> None:
        """Put a block at the end of the summary, once; nothing where no summary was posted. Raises SlackError."""
        if summary := self.find(SUMMARY):
            self._transport.append(self._destination_of(SUMMARY), summary.ts, block)

    def _picture_name(self, id: MessageId) -> str:
        run = self._run_id if self._force else ""
        digest = hashlib.sha256(f"{self.key(id)}{run}".encode()).hexdigest()[:16]
        return f"{PICTURE_PREFIX}{self._subject.name}-{digest}.png"

    def _try_to_post(self, message: Message) -> None:
        payload = self._payload(message.id)
        ts = self._send(message, payload)
        self._enter(self.key(message.id), Posted(ts, payload))

    def _send(self, message: Message, payload: dict[str, Any]) -> str:
        """Send the message, without its chart where the workspace takes none; the payload then says so."""
        send = partial(self._transport.post, self._destination_of(message.id), message.text)
        try:
            return send(message.blocks, payload)
        except RefusedBlocks:
            if not charts(message.blocks):
                raise
        log.warning("this workspace takes no charts: posting without")
        payload["chart"] = "refused"
        return send(without_charts(message.blocks), payload)

    def _destination_name(self) -> str:
        return "/".join(filter(None, (self._destination.channel, self._destination.thread_ts)))

    def _destination_of(self, id: MessageId) -> Destination:
        in_channel = id.kind in ("summary", "alert")
        thread_ts = self._destination.thread_ts if in_channel else self._thread_ts
        return Destination(self._destination.channel, thread_ts)

    def _payload(self, id: MessageId) -> dict[str, Any]:
        return {
            "key": self.key(id),
            "report_week": self._subject.week or self._subject.name,
            "target": self._destination_name(),
            "kind": id.kind,
            "run": self._run_id,
        }

    def _read_ledger(self, patience: Patience) -> None:
        since = self._subject.since
        self._enter_all(self._transport.posted(self._destination, since, patience))
        if self._destination.thread_ts is None and self._thread_ts is not None:
            thread = Destination(self._destination.channel, self._thread_ts)
            self._enter_all(self._transport.posted(thread, since, patience))

    def _enter_all(self, found: list[Posted]) -> None:
        for posted in found:
            # The name of a picture identifies the run, where one is forced.
            if not self._force or posted.payload.get("run", self._run_id) == self._run_id:
                self._enter(str(posted.payload.get("key")), posted)
            elif posted.payload.get("key") == self.key(SUMMARY):
                self._replaces = True

    def _enter(self, key: str, posted: Posted) -> None:
        self._ledger[key] = posted
        if key == self.key(SUMMARY) and self._destination.thread_ts is None:
            self._thread_ts = posted.ts

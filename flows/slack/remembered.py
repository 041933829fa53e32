"""Posts of an app that may not read its posts back: they are remembered among Prefect's results instead."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from prefect.filesystems import LocalFileSystem, WritableFileSystem
from prefect.results import ResultStore
from prefect.serializers import JSONSerializer

from flows.report.message import Block
from flows.runtime.errors import SlackError
from flows.slack.patience import AmbiguousPost, Patience
from flows.slack.transport import Destination, Posted, Transport, UnreadableHistory

log = logging.getLogger("voc")


class RememberingTransport:
    """A transport that keeps the ledger itself where Slack does not show the posts.

    Slack knows better than our own record, so this is only for an app that lacks a scope. A post is remembered before
    it is sent, and again once Slack has accepted it. A post without an answer cannot be looked up: it stays in doubt,
    and `Posted.ts` is None. So nothing is posted twice; the price is that a person has to look in Slack.
    """

    def __init__(
        self, slack: Transport, open_posts: Callable[[], Path | WritableFileSystem]
    ) -> None:
        self._slack = slack
        self._open_posts = open_posts
        self._is_blind = False

    def posted(
        self, destination: Destination, since: float, patience: Patience | None = None
    ) -> list[Posted]:
        try:
            return self._slack.posted(destination, since, patience)
        except UnreadableHistory as lack:
            if not self._is_blind:
                log.warning("%s Until then what was posted is remembered by Prefect.", lack)
            self._is_blind = True
        return [
            Posted(r["ts"], r["payload"]) for r in self._read(destination) if r["sent"] >= since
        ]

    def post(
        self,
        destination: Destination,
        text: str,
        blocks: tuple[Block, ...],
        payload: dict[str, Any],
    ) -> str:
        with self._remembering(destination, payload) as record:
            record["ts"] = self._slack.post(destination, text, blocks, payload)
            return str(record["ts"])

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        with self._remembering(destination, {"key": name}):
            self._slack.upload(destination, name, picture, alt_text)

    def append(self, destination: Destination, ts: str, block: Block) -> None:
        self._slack.append(destination, ts, block)

    @contextmanager
    def _remembering(
        self, destination: Destination, payload: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Keep a record of what is sent meanwhile, unless Slack refuses the post."""
        record: dict[str, Any] = {"ts": None, "sent": time.time(), "payload": payload}
        if not self._is_blind:
            yield record
            return
        earlier = self._read(destination)
        self._write(destination, [*earlier, record])
        try:
            yield record
        except AmbiguousPost:
            raise
        except SlackError:
            self._write(destination, earlier)
            raise
        self._write(destination, [*earlier, record])

    @cached_property
    def _store(self) -> ResultStore:
        storage = self._open_posts()
        if isinstance(storage, Path):
            storage = LocalFileSystem(basepath=str(storage))
        return ResultStore(
            result_storage=storage,
            serializer=JSONSerializer(),
            cache_result_in_memory=False,
        )

    def _read(self, destination: Destination) -> list[dict[str, Any]]:
        try:
            records: list[dict[str, Any]] = self._store.read(_key(destination)).result
        except Exception as error:
            if _is_absence(error):
                return []
            raise SlackError(
                f"what was posted to {destination.channel} cannot be read from VOC_STATE_URI "
                f"({type(error).__name__}). "
                "Look there, or give the app the scopes for reading the channel."
            ) from None
        return records

    def _write(self, destination: Destination, records: list[dict[str, Any]]) -> None:
        self._store.write(records, _key(destination))


def _key(destination: Destination) -> str:
    return hashlib.sha256(f"{destination.channel}/{destination.thread_ts}".encode()).hexdigest()


def _is_absence(error: Exception) -> bool:
    """Whether a storage's error means that there is nothing under the key: each kind says so in its own way."""
    return type(error).__name__ == "NotFound" or "does not exist" in str(error)

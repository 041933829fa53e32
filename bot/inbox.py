"""Slack's requests from their delivery to the end of their work, so that none is lost when the process ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.listeners.envelope import UNREADABLE

log = logging.getLogger("voc.bot")

ANSWER_SECONDS = 2.0
"""Slack waits three seconds for an answer, then it delivers the request again."""

KEPT_SECONDS = 3600.0
"""Nobody waits any more for an answer to a request that is older."""

Work = Coroutine[Any, Any, BoltResponse]
Dispatch = Callable[[AsyncBoltRequest], Work]


class Inbox:
    """The requests that this process works on.

    Slack delivers a request again until it is answered, and never afterwards. What is answered before its work is
    done is therefore in a file meanwhile, and the next process on the folder goes on with the work. Nothing is done
    twice: a run has an idempotency key, and a reply is looked up.

    A file holds the request's body, which its owner alone can read: a command's `response_url`, with which anybody
    may post for half an hour, is in it. Without that URL a command that is taken up could not be answered.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Not the loop's own threads: they may all be waiting for a name server.
        self._disk = ThreadPoolExecutor(4, "inbox")
        self._work: set[asyncio.Task[BoltResponse]] = set()
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def answer(self, request: AsyncBoltRequest, dispatch: Dispatch) -> BoltResponse:
        """Dispatch the request. The answer comes when the work is done, or after two seconds."""
        work = self._begin(dispatch(request))
        either: set[asyncio.Future[Any]] = {work, self._stopping}
        await asyncio.wait(either, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        if request.context.authorize_result is None:
            # The loop is so busy that Bolt has not checked the signature yet.
            return await asyncio.shield(work)
        loop = asyncio.get_running_loop()
        try:
            kept = await loop.run_in_executor(self._disk, _keep, self._folder, request.body)
        except OSError as error:
            why = error.strerror
            log.error("cannot write to %s (%s): Slack has to deliver again", self._folder, why)
            return BoltResponse(status=503)
        work.add_done_callback(partial(_forget, kept))
        return BoltResponse(status=200)

    def take_up(self, dispatch: Dispatch) -> None:
        """Go on with what an earlier process on the folder has left."""
        for path in sorted(self._folder.glob("*")):
            try:
                kept, request = _taken(path)
            except (BlockingIOError, FileNotFoundError):
                continue  # another process works on it
            except (OSError, *UNREADABLE) as error:
                log.warning("dropped a request of an earlier process: %s", error)
                _remove(path)
            else:
                self._begin(dispatch(request)).add_done_callback(partial(_forget, kept))

    def stop(self) -> None:
        """Answer every request at once from now on."""
        if not self._stopping.done():
            self._stopping.set_result(None)

    async def finish(self, until: float) -> None:
        """Let the work go on until this time of the loop's, then interrupt it; its files stay."""
        if not self._work:
            return
        seconds = until - asyncio.get_running_loop().time()
        _, late = await asyncio.wait(self._work, timeout=max(0.0, seconds))
        if not late:
            return
        log.warning("stopping with %d requests unfinished", len(late))
        for work in late:
            work.cancel()
        await asyncio.wait(late)

    def _begin(self, work: Work) -> asyncio.Task[BoltResponse]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task


@dataclass(frozen=True)
class _Kept:
    """A request's file, which the process that works on it has locked. The lock ends with the process, in any way."""

    path: Path
    file: IO[bytes]


def _keep(folder: Path, body: dict[str, Any]) -> _Kept:
    """Write a request's file; under its final name it is locked and whole. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{uuid4().hex}.part"
    path = draft.with_suffix(".json")
    file = open(draft, "xb", opener=partial(os.open, mode=0o600))  # noqa: SIM115 (open while it is locked)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(body).encode())
        file.flush()
        os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        file.close()
        raise
    return _Kept(path, file)


def _taken(path: Path) -> tuple[_Kept, AsyncBoltRequest]:
    """Lock and read a request's file.

    Raises BlockingIOError while a process works on it, FileNotFoundError once that is done, another OSError, or one
    of UNREADABLE.
    """
    file = path.open("r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _Kept(path, file), _request(path, file)
    except BaseException:
        file.close()
        raise


def _request(path: Path, file: IO[bytes]) -> AsyncBoltRequest:
    status = os.fstat(file.fileno())
    if not status.st_nlink:
        raise FileNotFoundError(path)
    if time.time() - status.st_mtime > KEPT_SECONDS:
        raise ValueError("too old")
    body = json.load(file)
    if path.suffix != ".json" or not isinstance(body, dict):
        raise ValueError("not written to its end, or not by the bot")
    # The signature was checked before the file was written.
    return AsyncBoltRequest(body=body, mode="socket_mode")


def _forget(kept: _Kept, work: asyncio.Task[BoltResponse]) -> None:
    """Remove the file of a request whose work was not interrupted."""
    if not work.cancelled():
        _remove(kept.path)
    kept.file.close()


def _remove(path: Path) -> None:
    """Remove a file. One that cannot be removed does no harm: what is done already is not done twice."""
    with contextlib.suppress(OSError):
        path.unlink()

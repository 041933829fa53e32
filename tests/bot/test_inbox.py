"""Requests that are answered before their work is done: in files, until a process has done it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import inbox
from bot.inbox import Inbox

BODY = {"type": "event_callback", "event": {"text": "2026-W46"}}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "ANSWER_SECONDS", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "requests"


class Work:
    """What Bolt does with a request: it verifies it, then works until it is told that it is done."""

    def __init__(self, *, is_verified: bool = True) -> None:
        self.is_verified = is_verified
        self.bodies: list[dict[str, Any]] = []
        self.done = asyncio.Event()

    async def __call__(self, request: AsyncBoltRequest) -> BoltResponse:
        self.bodies.append(request.body)
        if self.is_verified:
            request.context.set_authorize_result(AuthorizeResult(enterprise_id=None, team_id="T"))
        await self.done.wait()
        return BoltResponse(status=200, body="done")


def request() -> AsyncBoltRequest:
    return AsyncBoltRequest(body=BODY, mode="socket_mode")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_work_that_is_done_soon_gives_the_answer_and_writes_nothing(folder: Path) -> None:
    async def deliver() -> BoltResponse:
        work = Work()
        work.done.set()
        return await Inbox(folder).answer(request(), work)

    assert asyncio.run(deliver()).body == "done"
    assert not folder.exists()


def test_a_request_is_kept_from_its_answer_to_the_end_of_its_work(folder: Path) -> None:
    async def deliver() -> None:
        work = Work()
        answer = await Inbox(folder).answer(request(), work)
        assert (answer.status, answer.body) == (200, "")
        (file,) = files(folder)
        assert json.loads(file.read_text()) == BODY
        assert [path.stat().st_mode & 0o777 for path in (file, folder)] == [0o600, 0o700]
        work.done.set()
        await until(lambda: not files(folder))

    asyncio.run(deliver())


def test_slack_has_to_deliver_again_what_cannot_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    async def deliver() -> BoltResponse:
        return await Inbox(tmp_path / "file" / "requests").answer(request(), Work())

    assert asyncio.run(deliver()).status == 503
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "W46" not in caplog.text


def test_nothing_is_kept_before_its_signature_is_checked(folder: Path) -> None:
    async def deliver() -> None:
        work = Work(is_verified=False)
        answer = asyncio.create_task(Inbox(folder).answer(request(), work))
        await asyncio.sleep(0.2)
        assert not answer.done()
        work.done.set()
        assert (await answer).body == "done"

    asyncio.run(deliver())
    assert not folder.exists()


def test_what_a_process_leaves_the_next_one_does(folder: Path) -> None:
    async def leave() -> None:
        inbox = Inbox(folder)
        answer = asyncio.create_task(inbox.answer(request(), Work()))
        inbox.stop()
        assert (await answer).status == 200
        await inbox.finish(until=0)
        assert files(folder)

    async def take_up() -> None:
        work = Work()
        Inbox(folder).take_up(work)
        await until(lambda: work.bodies == [BODY])
        assert files(folder)
        work.done.set()
        await until(lambda: not files(folder))

    asyncio.run(leave())
    asyncio.run(take_up())


def test_two_bots_on_one_folder_do_not_take_each_other_s_requests(folder: Path) -> None:
    async def both() -> None:
        one, other = Work(), Work()
        await Inbox(folder).answer(request(), one)
        Inbox(folder).take_up(other)
        await asyncio.sleep(0.1)
        assert not other.bodies
        assert len(files(folder)) == 1
        one.done.set()
        await until(lambda: not files(folder))

    asyncio.run(both())


def test_what_is_no_request_or_too_old_is_dropped_with_a_line_each(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "folder").mkdir(parents=True)
    contents = {
        "old.json": json.dumps(BODY),
        "list.json": "[]",
        "deep.json": "[" * 100_000,
        "half.json": '{"type": "ev',
        "draft.part": json.dumps(BODY),
        "odd.json": '{"authorizations": 1, "user": 5}',
        "bytes.json": "\udcff",
    }
    for name, text in contents.items():
        (folder / name).write_text(text, errors="surrogateescape")
    hours_ago = time.time() - 2 * 3600
    os.utime(folder / "old.json", (hours_ago, hours_ago))
    work = Work()

    async def take_up() -> None:
        Inbox(folder).take_up(work)
        await asyncio.sleep(0)

    asyncio.run(take_up())
    assert not work.bodies
    assert [path.name for path in files(folder)] == ["folder"]
    assert len(caplog.records) == len(contents) + 1
    assert "too old" in caplog.text

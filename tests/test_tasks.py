"""Steps of the flow: blocking work leaves the event loop free, and errors are safe to log."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from prefect import flow

from flows.runtime.errors import SourceError
from flows.runtime.failures import UnexpectedError
from flows.runtime.lock import one_run_at_a_time_async
from flows.slack.patience import Patience, Unavailable
from flows.tasks import step

R = TypeVar("R")

pytestmark = pytest.mark.usefixtures("prefect_api")


def in_a_flow(story: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run the steps of a story as Prefect does."""
    result: R = asyncio.run(flow(story)())
    return result


async def turns_during(work: Coroutine[Any, Any, Any]) -> int:
    """How often something else got its turn on the event loop meanwhile."""
    task = asyncio.create_task(work)
    turns = 0
    while not task.done():
        await asyncio.sleep(0.01)
        turns += 1
    await task
    return turns


def test_a_blocking_step_leaves_the_event_loop_free() -> None:
    @step()
    def block() -> None:
        time.sleep(1)

    async def run() -> int:
        await block()  # the first call imports
        return await turns_during(block())

    assert in_a_flow(run) > 10


def test_waiting_for_the_lock_leaves_the_event_loop_free(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from flows.runtime.lock import one_run_at_a_time\n"
        "with one_run_at_a_time(Path(sys.argv[1])): print('held', flush=True); time.sleep(2)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"

    async def take() -> None:
        async with one_run_at_a_time_async(tmp_path):
            pass

    assert asyncio.run(turns_during(take())) > 10
    other.communicate()


def test_only_faults_that_may_pass_are_tried_again() -> None:
    calls: list[bool] = []

    @step(retries=1)
    def fail(is_passing: bool) -> None:
        calls.append(is_passing)
        raise SourceError("the table is missing. Set it.", is_passing=is_passing)

    async def story() -> None:
        for is_passing in (True, False):
            with pytest.raises(SourceError):
                await fail(is_passing)

    in_a_flow(story)
    assert calls == [True, True, False]


def test_a_cancelled_step_waits_for_slack_no_longer() -> None:
    waiting, given_up = threading.Event(), threading.Event()

    def fail() -> None:
        waiting.set()
        raise Unavailable("HTTP 503")

    @step()
    def wait() -> None:
        try:
            Patience((600, 600)).ask(fail)
        finally:
            given_up.set()

    async def story() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.to_thread(waiting.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(given_up.wait, 60)

    in_a_flow(story)


def test_the_words_of_an_unexpected_error_stay_in_the_step() -> None:
    @step()
    def fail() -> None:
        raise LookupError("010-1234-5678")

    async def story() -> None:
        await fail()

    with pytest.raises(UnexpectedError) as caught:
        in_a_flow(story)
    assert "1234" not in str(caught.value)

"""The loop that keeps replies up to date ends when it is told to."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bot.deployments import Deployments
from bot.follower import Follower
from bot.replies import Replies


class NothingRuns:
    """Prefect without a run whose end is still to be told."""

    async def open_runs(self) -> list[object]:
        return []


def test_a_stop_that_comes_together_with_news_ends_the_loop() -> None:
    """On Python 3.11 asyncio.wait_for would take the news and forget the stop: voc-bot hung after SIGTERM."""

    async def stop() -> None:
        follower = Follower(cast(Deployments, NothingRuns()), cast(Replies, None), start_wait=60)
        following = asyncio.create_task(follower.forever())
        await asyncio.sleep(0.01)  # by now it waits for news
        follower.look_now()
        following.cancel()
        async with asyncio.timeout(5):
            await following

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop())

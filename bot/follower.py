"""Keeps the replies on runs up to date: a loop over the runs whose end has not been reported yet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta

from bot.deployments import Deployments
from bot.errors import PrefectUnavailable
from bot.replies import NotTold, Replies
from bot.runs import ENDINGS, Run, due, is_overdue

log = logging.getLogger("voc.bot")

POLL_SECONDS = 2.0
AT_ONCE = 10
"""Replies written at the same time."""

GIVE_UP_AFTER = timedelta(hours=1)
"""When Slack has not accepted a run's end for this long, the bot gives up reporting it."""


class Follower:
    """Reports the progress and the end of runs.

    A replica reports on the runs that it created. It reports on another replica's runs only when their news is
    overdue: then the other replica is gone.
    """

    def __init__(self, deployments: Deployments, replies: Replies, start_wait: float) -> None:
        self._deployments = deployments
        self._replies = replies
        self._start_wait = timedelta(seconds=start_wait)
        self._news = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def look_now(self) -> None:
        """Start the next round now: there is a new run."""
        self._news.set()

    async def forever(self) -> None:
        """Repeat the rounds for ever; wait while Prefect is down."""
        was_down = False
        while True:
            self._news.clear()
            try:
                await self.once()
                was_down = False
            except PrefectUnavailable as error:
                if not was_down:
                    log.warning("Prefect does not answer (%s)", error)
                was_down = True
            # Not asyncio.wait_for: on Python 3.11 it swallows a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._news.wait()

    async def once(self) -> None:
        """Bring every reply up to date."""
        runs = await self._deployments.open_runs()
        now = datetime.now(UTC)
        pools = {run.pool for run in runs}
        attended = {pool: await self._deployments.is_attended(pool) for pool in pools}
        await asyncio.gather(
            *(self._bring_up_to_date(run, now, attended[run.pool]) for run in runs)
        )

    async def _bring_up_to_date(self, run: Run, now: datetime, is_attended: bool) -> None:
        stage = due(run, now, self._start_wait, is_attended=is_attended)
        is_ours, is_end = self._deployments.created(run), stage in ENDINGS
        is_command = run.origin.thread_ts is None
        if stage == run.origin.told:
            return
        if not is_ours and (
            (is_command and not is_end)  # only its own replica can say that
            or not is_overdue(run, stage, now, self._start_wait)
        ):
            return
        is_silent = run.speaks_for_itself(stage)
        if is_silent and not is_end:
            return
        async with self._slots:
            try:
                reply_ts = (
                    None if is_silent else await self._replies.tell(run, stage, is_ours=is_ours)
                )
            except NotTold as error:
                log.warning("flow run %s: %s not told (%s)", run.id, stage, error)
                if not is_end or now - run.since < GIVE_UP_AFTER:
                    return
                reply_ts = None
            try:
                await self._deployments.remember(run.told(stage, reply_ts))
            except PrefectUnavailable as error:
                log.warning("flow run %s: %s not kept (%s)", run.id, stage, error)
                return
        if is_end:
            self._replies.forget(run.origin.call)
            log.info("flow run %s: %s", run.id, stage)

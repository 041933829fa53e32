"""Tells the operators what nobody else can: a report that is missing, and a run whose process or machine is gone.

It lives in the bot because it must work when there is no worker. What it has said stands in Slack, as the metadata of
its notes: so a restart repeats nothing, and notes that a run wrote itself count too.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime, time, timedelta

from bot.deployments import Deployments
from bot.errors import NotDeployed, PrefectUnavailable
from bot.replies import NotTold, Replies, Unreadable
from bot.runs import Run
from bot.settings import BotSettings
from bot.texts import Phrases
from catalogue.ending import STANDING
from catalogue.slack import run_subject
from catalogue.weeks import label_of, newest_week, week_of

log = logging.getLogger("voc.bot")

POLL_SECONDS = 30.0

REMEMBERED = timedelta(days=1)
"""An older crash is left to the next run, which reports it too."""

SPREAD_SECONDS = 10.0
"""Each replica waits a random part of this before it looks once more and posts: two rarely post in one moment."""


class Watchdog:
    """Watches the schedule of `weekly_voc/weekly`, and the crashes of all reports.

    Needs a channel to post to, and VOC_SLACK_CHANNEL to look for the report.
    """

    def __init__(
        self, settings: BotSettings, deployments: Deployments, replies: Replies, phrases: Phrases
    ) -> None:
        self._report_channel = settings.slack_channel
        self._ops_channel = settings.ops_channel
        self._zone = settings.zone
        self._patience = timedelta(minutes=settings.watchdog_minutes)
        self._deployments = deployments
        self._replies = replies
        self._phrases = phrases
        self._settled: set[str] = set()
        """Subjects that need no second look."""

    async def forever(self) -> None:
        """Look every half minute; a fault of Prefect or Slack is logged once, until a look succeeds."""
        if not (self._report_channel or self._ops_channel):
            log.warning("neither VOC_SLACK_CHANNEL nor VOC_OPS_CHANNEL is set: nothing is watched")
            return
        has_failed = False
        while True:
            try:
                await self.look(datetime.now(UTC))
                has_failed = False
            except (PrefectUnavailable, NotTold) as error:
                if not has_failed:
                    log.warning("the watchdog cannot look (%s)", error)
                has_failed = True
            await asyncio.sleep(POLL_SECONDS)

    async def look(self, now: datetime) -> None:
        """Post the notes that are due. Raises PrefectUnavailable or NotTold where that could not be found out."""
        if self._report_channel:
            await self._look_for_report(self._report_channel, now)
        for run in await self._deployments.crashed_since(now - REMEMBERED):
            # Without a channel of theirs, operators read only what is missing from the report's channel.
            if self._ops_channel or not run.is_asked_for:
                await self._note(run_subject(run.id), self._phrases.crash(run), now - REMEMBERED)

    async def _look_for_report(self, channel: str, now: datetime) -> None:
        due = await self._deployments.last_due(now)
        if due is None or now < due + self._patience:
            return
        day = due.astimezone(self._zone).date()
        week = label_of(newest_week(day))
        if week in self._settled:
            return
        last: Run | None = None
        try:
            last = await self._deployments.last_attempt(due, now)
            why = self._phrases.missing_because(last)
        except (PrefectUnavailable, NotDeployed) as error:
            why = self._phrases.no_attempt(error)
        # A run that waits for data comes back: what counts is when its last attempt was due.
        if last and last.is_waiting and now < last.due_at + self._patience:
            return
        week_end = datetime.combine(week_of(day), time.min, self._zone)
        if not await self._stands(channel, week, week_end, last):
            text = self._phrases.missing(week, due, why)
            await self._note(week, text, due, *([run_subject(last.id)] if last else []))
        self._settled.add(week)

    async def _stands(self, channel: str, week: str, since: datetime, last: Run | None) -> bool:
        """Whether the channel has the report; where that cannot be read, whether its run said so."""
        try:
            return await self._replies.find_report(channel, week, since.timestamp()) is not None
        except Unreadable:
            return bool(last and last.completed and last.completed.outcome in STANDING)

    async def _note(self, subject: str, text: str, since: datetime, *others: str) -> None:
        """Post a note on a subject, unless one on it, or on another that says the same, stands already."""
        channel = self._ops_channel or self._report_channel
        assert channel is not None
        subjects = {subject, *others}
        if not subjects & self._settled and not subjects & await self._noted(channel, since):
            await asyncio.sleep(random.uniform(0, SPREAD_SECONDS))  # noqa: S311
            if not subjects & await self._noted(channel, since):
                await self._replies.note(channel, subject, text)
                log.info("the operators were told about %s", subject)
        self._settled.add(subject)

    async def _noted(self, channel: str, since: datetime) -> set[str]:
        try:
            return await self._replies.notes(channel, since.timestamp())
        except Unreadable:
            return set()  # then this process's own memory has to do

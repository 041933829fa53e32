"""The one module that talks to Prefect: starts deployments, and reads and tags their runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType, WorkerStatus
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.server.schemas.schedules import SCHEDULE_TYPES
from prefect.settings import PREFECT_API_URL
from prefect.utilities.urls import url_for
from pydantic import TypeAdapter
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from bot.errors import NotDeployed, PrefectUnavailable, StartError
from bot.runs import OPEN, Origin, Run
from catalogue.ending import WAITING
from catalogue.slack import ASKED
from catalogue.weeks import as_of_week

REPORT = "weekly_voc/on-demand"
WEEKLY = "weekly_voc/weekly"
LONG_TASK = "long_task/long-task"
QUESTIONS = "voc_ask/questions"

WEEKS_KEY = "voc-weeks"
"""Artifact with the first and last week that can be reported, which each report leaves."""
WEEKS_SECONDS, NO_WEEKS_SECONDS = 60.0, 5.0
"""For so long the bot believes what the artifact said, or that there is none."""

REQUEST_TIMEOUT_SECONDS = 5.0
"""For one question to Prefect."""

START_ATTEMPTS = 3
"""To start a run. All attempts with one key give one run, so a short restart goes unnoticed."""

AT_ONCE = 1
"""Questions at the same time. Two writers are enough for a server on SQLite to lock itself out for a while."""

IN_LINE_SECONDS = 120.0
"""How long a question waits for its turn: 200 mentions within ten seconds take one of two slow cores 45 seconds."""

_PAGE = 200
_LONGEST_INTERVAL = timedelta(days=8)
_SCHEDULE = TypeAdapter[SCHEDULE_TYPES](SCHEDULE_TYPES)
_REPORTS = FlowFilter(name=FlowFilterName(any_=[REPORT.split("/", maxsplit=1)[0]]))
_FINAL = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]


class Deployments:
    """Prefect as one replica of the bot sees it. Every method may raise PrefectUnavailable."""

    def __init__(self, client: PrefectClient) -> None:
        self._client = client
        self._replica = uuid4().hex[:12]
        self._calls = count(1)
        self._ids: dict[str, UUID] = {}
        self._weekly: DeploymentResponse | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._weeks_turn = asyncio.Lock()
        self._weeks: tuple[float, date | None] = (-math.inf, None)

    def new_call(self) -> str:
        """A name for one call of `start`."""
        return f"{self._replica}.{next(self._calls)}"

    def created(self, run: Run) -> bool:
        """Whether this replica created the run."""
        return run.origin.call.startswith(f"{self._replica}.")

    async def check(self) -> None:
        """Raises StartError when Prefect does not answer or lacks a deployment that the bot starts."""
        try:
            for name in (REPORT, LONG_TASK):
                await self._deployment_id(name)
        except NotDeployed as error:
            raise StartError(f"{error} (and check that PREFECT_API_URL ends in /api).") from None
        except PrefectUnavailable as error:
            raise StartError(
                f"Prefect at {PREFECT_API_URL.value()} gave no usable answer ({error}). "
                "Start it, or check PREFECT_API_URL and its credentials."
            ) from None

    async def answers(self) -> bool:
        """Whether Prefect answers at all. This check takes no turn: it must not keep requests waiting."""
        try:
            async with _answering():
                return await self._client.api_healthcheck() is None
        except PrefectUnavailable:
            return False

    async def start(
        self,
        deployment: str,
        key: str,
        call: str,
        *,
        channel: str,
        user: str,
        thread_ts: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a deployment ("flow/name"), once for each idempotency key; return the key's run.

        The run's origin names the call that created the run. Raises NotDeployed.
        """
        origin = Origin(channel, user, call, thread_ts, is_question=deployment == QUESTIONS)
        deployment_id = await self._deployment_id(deployment)
        try:
            async with self._turn():
                found = await self._create(deployment_id, key, origin, dict(parameters or {}))
        except ObjectNotFound:
            self._ids.pop(deployment, None)
            raise NotDeployed(deployment) from None
        run = _run(found)
        if run is None:
            raise PrefectUnavailable("a run without the bot's tags has this key")
        return run

    @retry(
        retry=retry_if_exception_type(PrefectUnavailable),
        stop=stop_after_attempt(START_ATTEMPTS),
        reraise=True,
    )
    async def _create(
        self, deployment_id: UUID, key: str, origin: Origin, parameters: dict[str, Any]
    ) -> FlowRun:
        async with _answering():
            return await self._client.create_flow_run_from_deployment(
                deployment_id, parameters=parameters, tags=origin.tags(), idempotency_key=key
            )

    async def open_runs(self) -> list[Run]:
        """All runs, of any replica, whose end has not been reported in Slack yet."""
        found: list[FlowRun] = []
        while True:
            page = await self._runs(_tagged(OPEN), FlowRunSort.ID_DESC, _PAGE, len(found))
            found += page
            if len(page) < _PAGE:
                return [run for each in found if (run := _run(each))]

    async def last_finished(self, channel: str, thread_ts: str) -> tuple[UUID, datetime] | None:
        """Of the runs asked for in this thread, the one that finished last, and its end time."""
        in_thread = _tagged(f"slack:channel={channel}", f"slack:thread={thread_ts}")
        in_thread.state = FlowRunFilterState(type=FlowRunFilterStateType(any_=_FINAL))
        found = await self._runs(in_thread, FlowRunSort.END_TIME_DESC, 1)
        if not found or found[0].end_time is None:
            return None
        return found[0].id, found[0].end_time

    async def recent(self, limit: int = 5) -> list[Run]:
        """The reports that were due last, asked for by anybody; newest first."""
        due = FlowRunFilterExpectedStartTime(before_=datetime.now(UTC))
        async with self._question():
            found = await self._client.read_flow_runs(
                flow_filter=_REPORTS,
                flow_run_filter=FlowRunFilter(expected_start_time=due),
                sort=FlowRunSort.EXPECTED_START_TIME_DESC,
                limit=limit,
            )
        return [_any_run(each) for each in found]

    async def crashed_since(self, moment: datetime) -> list[Run]:
        """The reports whose process or machine was gone, asked for by anybody; newest first."""
        crashed = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED])),
            end_time=FlowRunFilterEndTime(after_=moment),
        )
        async with self._question():
            found = await self._client.read_flow_runs(
                flow_filter=_REPORTS,
                flow_run_filter=crashed,
                sort=FlowRunSort.END_TIME_DESC,
                limit=_PAGE,
            )
        return [_any_run(each) for each in found]

    async def last_due(self, now: datetime) -> datetime | None:
        """When the weekly report was due last, by its schedule, even one that is off; None before the first time.

        Where Prefect does not answer or has lost the deployment, by the schedule as it was known last.
        """
        with contextlib.suppress(PrefectUnavailable, ObjectNotFound):
            async with self._question():
                self._weekly = await self._client.read_deployment_by_name(WEEKLY)
        if self._weekly is None or self._weekly.created is None:
            return None
        since = max(self._weekly.created, now - _LONGEST_INTERVAL)
        schedules = [
            _SCHEDULE.validate_python(each.schedule.model_dump()) for each in self._weekly.schedules
        ]
        dates = [date for s in schedules for date in await s.get_dates(_PAGE, since, now)]
        return max(dates, default=None)

    async def last_attempt(self, due: datetime, now: datetime) -> Run | None:
        """The newest run of the weekly report that was to start at `due` or later. Raises NotDeployed.

        One that has ended because of late data and comes back is the one that will come.
        """
        deployment = DeploymentFilter(
            id=DeploymentFilterId(any_=[await self._deployment_id(WEEKLY)])
        )
        # Prefect schedules next week's run too: of the future only what waits for data counts.
        waiting = _tagged(WAITING)
        waiting.expected_start_time = FlowRunFilterExpectedStartTime(after_=now)
        started = FlowRunFilter(
            expected_start_time=FlowRunFilterExpectedStartTime(after_=due, before_=now)
        )
        for wanted in (waiting, started):
            async with self._question():
                found = await self._client.read_flow_runs(
                    deployment_filter=deployment,
                    flow_run_filter=wanted,
                    sort=FlowRunSort.EXPECTED_START_TIME_DESC,
                    limit=1,
                )
            if found:
                return _any_run(found[0])
        return None

    async def first_week(self) -> date | None:
        """The first week that the latest report found data for, by its Monday; None where no report said so."""
        async with self._weeks_turn:
            until, week = self._weeks
            if time.monotonic() >= until:
                wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[WEEKS_KEY]))
                week = None
                try:
                    async with self._question():
                        found = await self._client.read_latest_artifacts(artifact_filter=wanted)
                    week = _first_week(found[0].data) if found else None
                finally:  # those in line do not ask a Prefect that is down again
                    seconds = WEEKS_SECONDS if week else NO_WEEKS_SECONDS
                    self._weeks = time.monotonic() + seconds, week
            return week

    async def is_attended(self, pool: str | None) -> bool:
        """Whether the pool has a worker online."""
        if pool is None:
            return False
        try:
            async with self._question():
                workers = await self._client.read_workers_for_work_pool(pool)
        except ObjectNotFound:
            return False
        return any(worker.status == WorkerStatus.ONLINE for worker in workers)

    async def remember(self, run: Run) -> None:
        """Save in a run's tags what the bot has said about the run."""
        async with self._question():
            tags = [*run.other_tags, *run.origin.tags()]
            await self._client.update_flow_run(run.id, tags=tags)

    async def _deployment_id(self, name: str) -> UUID:
        if name not in self._ids:
            try:
                async with self._question():
                    self._ids[name] = (await self._client.read_deployment_by_name(name)).id
            except ObjectNotFound:
                raise NotDeployed(name) from None
        return self._ids[name]

    async def _runs(
        self, wanted: FlowRunFilter, sort: FlowRunSort, limit: int, offset: int = 0
    ) -> list[FlowRun]:
        async with self._question():
            return await self._client.read_flow_runs(
                flow_run_filter=wanted, sort=sort, limit=limit, offset=offset
            )

    @asynccontextmanager
    async def _question(self) -> AsyncIterator[None]:
        async with self._turn(), _answering():
            yield

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(IN_LINE_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise PrefectUnavailable(f"no turn within {IN_LINE_SECONDS:g} s") from None
        try:
            yield
        finally:
            self._turns.release()


@asynccontextmanager
async def open_deployments() -> AsyncIterator[Deployments]:
    """Connect to the Prefect API that PREFECT_API_URL names. Raises StartError when it names none."""
    if not PREFECT_API_URL.value():
        # Prefect's client would start a server of its own, which no worker knows.
        raise StartError(
            "PREFECT_API_URL is not set. Set it to the Prefect server's, such as http://127.0.0.1:4200/api."
        )
    async with get_client() as client:
        yield Deployments(client)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Turn every missing or unusable answer of Prefect into PrefectUnavailable."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
            yield
    except TimeoutError:
        raise PrefectUnavailable(f"none within {REQUEST_TIMEOUT_SECONDS:g} s") from None
    except PrefectHTTPStatusError as error:
        raise PrefectUnavailable(f"HTTP {error.response.status_code}") from None
    except (httpx.HTTPError, ValueError) as error:  # ValueError: an answer that is not Prefect's
        raise PrefectUnavailable(type(error).__name__) from None


def _first_week(rows: Any) -> date | None:
    """The first week in the artifact's table; None for any other content."""
    try:
        return as_of_week(json.loads(rows)[0]["first_week"]) - timedelta(days=7)
    except (TypeError, ValueError, LookupError):
        return None


def _tagged(*tags: str) -> FlowRunFilter:
    return FlowRunFilter(tags=FlowRunFilterTags(all_=list(tags)))


def _any_run(found: FlowRun) -> Run:
    """A run, also one that nobody asked for in Slack."""
    return run_of(found, Origin.of_tags(found.tags) or Origin("", "", ""))


def _run(found: FlowRun) -> Run | None:
    origin = Origin.of_tags(found.tags)
    return run_of(found, origin) if origin else None


def run_of(found: FlowRun, origin: Origin) -> Run:
    """A flow run of Prefect's as the bot sees it."""
    state = found.state
    assert state is not None  # every run of a deployment begins as SCHEDULED
    assert found.created is not None
    return Run(
        found.id,
        origin,
        state.type.value,
        state.message or "",
        state.timestamp,
        found.created,
        found.expected_start_time or found.created,
        found.work_pool_name,
        url_for("flow-run", found.id),
        tuple(tag for tag in found.tags if tag != ASKED and not tag.startswith("slack:")),
    )

"""Notes to the operators, who keep the product running: in VOC_OPS_CHANNEL, once for each run.

Without that channel they go to the report's, and only where the report itself is missing there: not when a run failed
that somebody asked for, because the bot tells that person. A week that cannot be reported never concerns operators.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.utilities.urls import url_for

from catalogue import Texts
from catalogue.ending import Failed
from catalogue.slack import ASKED, run_subject
from flows.report.message import Message
from flows.runtime.errors import WEEK, SlackError, VocError
from flows.slack.delivery import Delivery, Subject
from flows.slack.notes import crash_note, failure_note, unposted_note
from flows.slack.patience import Patience
from flows.slack.transport import Destination, Transport

log = logging.getLogger("voc")

REMEMBERED = timedelta(days=14)
"""An older failure is not reported any more."""
WAITS_SECONDS = (2.0, 4.0)
"""Shorter than a report's: a run that fails, often because Slack is away, shall end."""


class Operators:
    """Notes to the operators. Only runs of a deployment write notes: at the command line people see the error."""

    def __init__(
        self, transport: Transport, texts: Texts, ops_channel: str | None, report_channel: str
    ) -> None:
        self._transport = transport
        self._texts = texts
        self._has_channel = ops_channel is not None
        self._channel = Destination(ops_channel or report_channel)

    def note_late_data(self, week: str, message: Message) -> None:
        """Report that there is no report on the week because of its data."""
        if self._concerns_us(runtime.flow_run.tags):
            self._note(week, message)

    def note_failure(self, error: VocError) -> None:
        """Report that this run failed, with the line of its log."""
        run_id = str(runtime.flow_run.id)
        failed = Failed(error.kind, str(error))
        if self._concerns_us(runtime.flow_run.tags, failed):
            self._note(run_subject(run_id), failure_note(self._texts, failed, run_url(run_id)))

    def note_unposted(self, week: str, failures: Mapping[str, SlackError]) -> None:
        """Report the categories' channels that took no alerts of a week, each once."""
        url = run_url(str(runtime.flow_run.id))
        for channel, error in failures.items():
            if self._concerns_us(runtime.flow_run.tags):
                note = unposted_note(self._texts, week, channel, error, url)
                self._note(f"{week} {channel}", note)

    def _concerns_us(self, tags: Iterable[str], failed: Failed | None = None) -> bool:
        if ASKED not in tags:
            return True
        return self._has_channel and not (failed and failed.kind == WEEK)

    def _note(self, subject: str, message: Message) -> None:
        """Post a note, once for its subject. A failure to post is logged: the run itself matters more."""
        if runtime.deployment.id is None:
            return
        with _logged():
            self._post(subject, message)

    async def report_missed_failures(self) -> None:
        """Report earlier runs of this deployment that failed without a note.

        The process of such a run was gone, its settings were wrong, or Slack did not answer.
        """
        if runtime.deployment.id is None:
            return
        ended = FlowRunFilter(
            state=FlowRunFilterState(
                type=FlowRunFilterStateType(any_=[StateType.CRASHED, StateType.FAILED])
            ),
            end_time=FlowRunFilterEndTime(after_=datetime.now(UTC) - REMEMBERED),
        )
        deployment = DeploymentFilter(id=DeploymentFilterId(any_=[UUID(runtime.deployment.id)]))
        async with get_client() as client:
            found = await client.read_flow_runs(
                flow_run_filter=ended,
                deployment_filter=deployment,
                sort=FlowRunSort.END_TIME_DESC,
                limit=20,
            )
        await asyncio.to_thread(self._note_missed, found)

    def _note_missed(self, found: Sequence[FlowRun]) -> None:
        with _logged():
            patience = Patience(WAITS_SECONDS)
            notes = self._transport.posted(self._channel, _oldest_remembered(), patience)
            noted = {str(note.payload.get("report_week")) for note in notes}
            for run in found:
                subject, url = run_subject(run.id), run_url(str(run.id))
                failed = Failed.read((run.state and run.state.message) or "")
                if subject in noted or not self._concerns_us(run.tags, failed):
                    continue
                if run.state_type == StateType.CRASHED:
                    self._post(subject, crash_note(self._texts, url))
                else:
                    self._post(subject, failure_note(self._texts, failed, url))

    def _post(self, subject: str, message: Message) -> None:
        about = Subject(subject, _oldest_remembered())
        run_id = str(runtime.flow_run.id)
        Delivery(self._transport, self._channel, about, run_id, waits=WAITS_SECONDS).post(message)


@contextmanager
def _logged() -> Iterator[None]:
    """Log that Slack takes no note: the run itself matters more."""
    try:
        yield
    except SlackError as error:
        log.warning("no note to the operators: %s", error)


def _oldest_remembered() -> float:
    return time.time() - REMEMBERED.total_seconds()


def run_url(run_id: str) -> str | None:
    """Where the run is shown."""
    return url_for("flow-run", run_id)

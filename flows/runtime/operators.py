"""Notes to the operators, who keep the product running: in VOC_OPS_CHANNEL, once for each run."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
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
from flows.report.message import Message
from flows.runtime.errors import SlackError, VocError
from flows.runtime.failures import UnexpectedError
from flows.slack.delivery import Delivery, Subject
from flows.slack.notes import crash_note, failure_note
from flows.slack.patience import Patience
from flows.slack.transport import Destination, Transport

log = logging.getLogger("voc")

REMEMBERED = timedelta(days=14)
"""An older failure is not reported any more."""
WAITS_SECONDS = (2.0, 4.0)
"""Shorter than a report's: a run that fails, often because Slack is away, shall end."""


class Operators:
    """Notes to the operators. Only runs of a deployment write notes: at the command line people see the error."""

    def __init__(self, transport: Transport, texts: Texts, channel: str) -> None:
        self._transport = transport
        self._texts = texts
        self._channel = Destination(channel)

    def note(self, subject: str, message: Message) -> None:
        """Post a note, once for its subject. A failure to post is logged: the run itself matters more."""
        if runtime.deployment.id is None:
            return
        with _logged():
            self._post(subject, message)

    def note_failure(self, error: VocError) -> None:
        """Report that this run failed, with the line for users if there is one."""
        reason = None if isinstance(error, UnexpectedError) else str(error)
        run_id = str(runtime.flow_run.id)
        self.note(_run_subject(run_id), failure_note(self._texts, reason, run_url(run_id)))

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
                subject, url = _run_subject(str(run.id)), run_url(str(run.id))
                if subject in noted:
                    continue
                if run.state_type == StateType.CRASHED:
                    self._post(subject, crash_note(self._texts, url))
                else:
                    self._post(subject, failure_note(self._texts, None, url))

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


def _run_subject(run_id: str) -> str:
    return f"run {run_id}"


def _oldest_remembered() -> float:
    return time.time() - REMEMBERED.total_seconds()


def run_url(run_id: str) -> str | None:
    """Where the run is shown."""
    return url_for("flow-run", run_id)

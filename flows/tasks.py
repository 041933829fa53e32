"""The steps of the weekly report as Prefect tasks. Every run takes them afresh; only LaaS's answers are kept."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from prefect import runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.page.publishing import Published, Publisher, Record
from flows.report.message import SUMMARY, Delivered, Message
from flows.report.values import Correction, Week, WeeklyReport
from flows.runtime.errors import SourceError, VocError
from flows.runtime.settings import Settings
from flows.runtime.unexpected import redacted_errors
from flows.runtime.usage import Usage
from flows.runtime.workspace import remember, workspace_for
from flows.slack.delivery import Delivery, Subject
from flows.slack.transport import Destination, Transport
from flows.source.file import SourceFile, source_of
from flows.warehouse import dbt
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.marts import (
    Readiness,
    Warehouse,
    open_warehouse,
    read_corrections,
    read_readiness,
    read_report,
    read_week_pair,
)

log = logging.getLogger("voc")

READINESS_POLL_SECONDS = 600.0


def _is_passing(task: object, task_run: object, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, VocError) and error.is_passing


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
@redacted_errors()
def check_target(transport: Transport, target: Destination) -> None:
    """Ask the target for its newest messages: a wrong token or channel shows before dbt runs."""
    transport.posted(target, since=time.time())


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
@redacted_errors()
def check_readiness(settings: Settings, as_of: date, usage: Usage) -> Readiness:
    """Whether the source reaches the end of the report week, once it was found usable."""
    BigQuery(settings).check()
    return read_readiness(settings, as_of, str(runtime.flow_run.id), usage)


@task(cache_policy=NO_CACHE)
@redacted_errors()
def prepare_source(settings: Settings, source: Path | None, as_of: date) -> SourceFile | None:
    """Make a file the source table; None where the source is BigQuery's."""
    return source_of(settings, source, as_of)


@task(cache_policy=NO_CACHE)
@redacted_errors()
def build_models(
    settings: Settings, file: SourceFile | None, as_of: date, usage: Usage
) -> Warehouse:
    """dbt build. Its failure stops the run before anything is posted."""
    log.info("dbt: building the tables")
    workspace = file.workspace if file else workspace_for(settings, None)
    flow_run_id = str(runtime.flow_run.id)
    dbt.build_models(
        dbt.Build(
            settings,
            workspace,
            as_of,
            full_refresh=bool(file and file.needs_full_refresh),
            flow_run_id=flow_run_id,
            usage=usage,
        )
    )
    if file:
        file.mark_built()
        remember(settings, workspace)
    return open_warehouse(settings, workspace, flow_run_id=flow_run_id, usage=usage)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
@redacted_errors()
def read_changes(warehouse: Warehouse, as_of: date) -> WeeklyReport:
    """Read what dbt decided."""
    weeks = read_week_pair(warehouse, as_of)
    if weeks is None:
        raise SourceError(
            f"the source has fewer than two complete weeks before {as_of}. Choose a later week."
        )
    report = read_report(warehouse, weeks)
    counts = ", ".join(f"{status} {count}" for status, count in report.status_counts.items())
    log.info("%s: %s", weeks.comparison.label, counts)
    if not report.has_negative_tickets:
        log.warning("no ticket of the two weeks has the emotion 부정: negative shares are 0")
    return report


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
@redacted_errors()
def open_delivery(
    transport: Transport, target: Destination, scope: Subject, *, force: bool = False
) -> Delivery:
    """Read what already stands in the target."""
    return Delivery(transport, target, scope, run_id=str(runtime.flow_run.id), force=force)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
@redacted_errors()
def find_corrections(
    warehouse: Warehouse, week: Week, delivery: Delivery
) -> tuple[Correction, ...]:
    """What late tickets changed since an earlier week's summary was posted there; nothing if it was not."""
    summary = delivery.find(SUMMARY)
    if summary is None:
        return ()
    return read_corrections(warehouse, week, datetime.fromtimestamp(float(summary.ts), UTC))


@task(cache_policy=NO_CACHE, task_run_name="post {message.id.kind}")
async def post(delivery: Delivery, message: Message) -> Delivered:
    """Post one message, off the event loop: the analyses go on meanwhile."""
    with redacted_errors():
        return await asyncio.to_thread(delivery.post, message)


@task(cache_policy=NO_CACHE)
async def post_picture(delivery: Delivery, message: Message) -> None:
    """Post a message's chart as a picture where it could not hold it. What hinders that hinders nothing else."""
    try:
        with redacted_errors():
            await asyncio.to_thread(delivery.post_picture, message)
    except VocError as error:
        log.warning("no picture of the chart, the sparklines stay: %s", error)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
@redacted_errors()
def write_page(publisher: Publisher, news: Record | None) -> Published:
    """Write the report as a page, and the list of all weeks."""
    return publisher.publish(news)


def publish_page(publisher: Publisher, news: Record | None = None) -> Published | None:
    """Publish the report as a page. What hinders that does not hinder the messages."""
    try:
        return write_page(publisher, news)
    except VocError as error:
        log.warning("the report is not published as a page: %s", error)
        return None


async def wait_until_ready(
    settings: Settings, as_of: date, usage: Usage, *, patient: bool
) -> Readiness:
    """Ask how far the source reaches, again and again while it falls short and there is time."""
    deadline = time.monotonic() + (settings.readiness_wait_minutes * 60 if patient else 0)
    while True:
        readiness = check_readiness(settings, as_of, usage)
        left = deadline - time.monotonic()
        if readiness.is_ready or left <= 0:
            return readiness
        log.info(
            "the source reaches %s only: waiting, %d minutes left", readiness.last_day, left // 60
        )
        await asyncio.sleep(min(READINESS_POLL_SECONDS, left))

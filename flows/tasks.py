"""The steps of the weekly report as Prefect tasks. Every run does all again; only answers from LaaS are kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.analysis.prompt import without_private
from flows.page.forgetting import forget_old
from flows.page.publishing import Published, Publisher
from flows.page.record import Record
from flows.page.store import PageStore
from flows.privacy.kept import masked_errors
from flows.privacy.masker import Masker
from flows.report.message import SUMMARY, Block, Delivered, Message
from flows.report.owners import Owners
from flows.report.values import Category, Correction, Week, WeeklyReport
from flows.runtime.errors import WEEK, SourceError, VocError
from flows.runtime.failures import redacted_errors
from flows.runtime.workspace import Workspaces
from flows.slack.channels import CategoryChannels
from flows.slack.delivery import Delivery, Subject
from flows.slack.patience import Patience, cancellation
from flows.slack.transport import Destination, Transport
from flows.source.file import SourceFile, source_of
from flows.source.options import SourceOptions
from flows.warehouse import dbt
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.connection import Warehouse
from flows.warehouse.marts import (
    read_corrections,
    read_owners,
    read_report,
    read_week_pair,
    warn_of_faults,
)
from flows.warehouse.readiness import Readiness, read_readiness

log = logging.getLogger("voc")

P = ParamSpec("P")
R = TypeVar("R")


async def _is_passing(task: object, task_run: object, state: State[Any]) -> bool:
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, VocError) and error.is_passing


def step(
    *, retries: int = 0, name: str | None = None
) -> Callable[[Callable[P, R]], Task[P, Coroutine[Any, Any, R]]]:
    """Make a blocking function a task: off the event loop, never cached, its errors safe to log.

    Args:
        retries: how often to try again after a fault that may pass.
        name: the name of the task run, with the parameters in braces (default: the function's name).
    """

    def decorate(function: Callable[P, R]) -> Task[P, Coroutine[Any, Any, R]]:
        @wraps(function)
        async def run(*args: P.args, **kwargs: P.kwargs) -> R:
            cancelled = cancellation()
            with redacted_errors(), masked_errors():
                try:
                    return await asyncio.to_thread(function, *args, **kwargs)
                except asyncio.CancelledError:
                    # The thread itself cannot be stopped.
                    cancelled.set()
                    dbt.interrupt()
                    raise

        return task(
            cache_policy=NO_CACHE,
            retries=retries,
            retry_delay_seconds=2,
            retry_condition_fn=_is_passing,
            task_run_name=name,
        )(run)

    return decorate


@step()
def check_destination(transport: Transport, destination: Destination) -> None:
    """Read the newest messages at the destination: a wrong token or channel shows before dbt runs."""
    transport.posted(destination, time.time(), Patience())


@step(retries=2)
def check_readiness(bigquery: BigQuery, as_of: date, timezone: str) -> Readiness:
    """Check that the source is usable, then read whether it has every day of the report week."""
    bigquery.check()
    return read_readiness(bigquery, as_of, timezone)


@step()
def prepare_source(
    workspaces: Workspaces,
    timezone: str,
    source: Path | None,
    as_of: date,
    options: SourceOptions | None,
) -> SourceFile | None:
    """Make a file the source table; None where the source is on BigQuery."""
    return source_of(workspaces, timezone, source, as_of, options)


@step()
def build_models(build: dbt.Build, file: SourceFile | None, workspaces: Workspaces) -> None:
    """Run dbt build. A failure stops the run before anything is posted."""
    log.info("dbt: building the tables")
    dbt.build_models(build)
    if file:
        file.mark_built()
        workspaces.remember(file.workspace)


@step(retries=2)
def read_changes(warehouse: Warehouse, as_of: date, masker: Masker) -> WeeklyReport:
    """Read what dbt decided."""
    weeks = read_week_pair(warehouse, as_of)
    if weeks is None:
        raise SourceError(
            f"the source has fewer than two complete weeks before {as_of}. Choose a later week.",
            kind=WEEK,
        )
    report = without_private(read_report(warehouse, weeks), masker.contains_pii)
    counts = ", ".join(f"{status} {count}" for status, count in report.status_counts.items())
    log.info("%s: %s", weeks.comparison.label, counts)
    warn_of_faults(report.doubts, report.unused_overrides)
    return report


@step(retries=2)
def find_owners(warehouse: Warehouse, report: WeeklyReport) -> Owners:
    """Read who looks after what is announced."""
    return read_owners(warehouse, [change.category for change in report.to_analyse])


@step()
def open_delivery(
    transport: Transport,
    destination: Destination,
    subject: Subject,
    run_id: str,
    *,
    force: bool = False,
) -> Delivery:
    """Read what was posted to the destination already."""
    return Delivery(transport, destination, subject, run_id, force=force)


@step(retries=2)
def find_corrections(
    warehouse: Warehouse, week: Week, delivery: Delivery
) -> tuple[Correction, ...]:
    """What has changed since an earlier week's summary was posted there; nothing if none was posted."""
    summary = delivery.find(SUMMARY)
    if summary is None:
        return ()
    return read_corrections(warehouse, week, datetime.fromtimestamp(float(summary.ts), UTC))


@step(name="post {message.id.kind}")
def post(delivery: Delivery, message: Message) -> Delivered:
    """Post one message, while the analyses go on."""
    return delivery.post(message)


@step()
def open_channels(
    transport: Transport,
    channels: Mapping[Category, str],
    subject: Subject,
    run_id: str,
    *,
    force: bool = False,
) -> CategoryChannels:
    """Read which alerts were posted to the categories' channels already."""

    def open_delivery(channel: str) -> Delivery:
        return Delivery(transport, Destination(channel), subject, run_id, force=force)

    return CategoryChannels(channels, open_delivery)


@step(name="post alert")
def post_alert(channels: CategoryChannels, alert: Message) -> list[Delivered]:
    """Post an alert to its category's channel. A failure stops nothing else."""
    return [delivered] if (delivered := channels.post(alert)) else []


@step()
def note_resolution(earlier: Delivery, resolution: Block) -> None:
    """Put below an earlier week's summary what has become of its alarms. A failure stops nothing else."""
    try:
        earlier.append_to_summary(resolution)
    except VocError as error:
        log.warning("the summary of the week before stays as it is: %s", error)


@step()
def post_picture(delivery: Delivery, message: Message) -> None:
    """Post a message's chart as a picture where the message could not hold it. A failure stops nothing else."""
    try:
        delivery.post_picture(message)
    except VocError as error:
        log.warning("no picture of the chart, the sparklines stay: %s", error)


@step(retries=2)
def write_page(publisher: Publisher, news: Record | None) -> Published:
    """Write the report as a page, and the list of all weeks."""
    return publisher.publish(news)


async def publish_page(publisher: Publisher, news: Record | None = None) -> Published | None:
    """Publish the report as a page. A failure does not stop the messages."""
    try:
        return await write_page(publisher, news)
    except VocError as error:
        log.warning("the report is not published as a page: %s", error)
        return None


async def forget_old_pages(
    pages: PageStore, answers: PageStore, newest: Week, weeks: int | None, zone: ZoneInfo
) -> None:
    """Remove pages, records and answers from more than so many weeks before the newest week; with None keep all.

    The page that is published next leaves them out of its list. A failure does not stop the messages.
    """
    if weeks is None:
        return
    try:
        await asyncio.to_thread(forget_old, pages, answers, newest, weeks, zone)
    except VocError as error:
        log.warning("old pages are not removed: %s", error)

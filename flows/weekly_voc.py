"""The weekly report: dbt decides what changed, LaaS says why, Slack shows it."""

from __future__ import annotations

import logging
import os
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from prefect import flow, runtime
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.states import Completed

from catalogue import Texts
from flows.analysis.analyst import Analyst
from flows.page.publishing import Publisher, Record
from flows.page.store import open_page_store
from flows.privacy.masker import Masker
from flows.report.as_of import checked_as_of
from flows.report.message import MessageId
from flows.report.outcome import RunResult
from flows.report.values import Change, Receipt, Week, WeeklyReport, printable
from flows.runtime.errors import VocError
from flows.runtime.lock import one_run_at_a_time
from flows.runtime.operators import Operations, run_url
from flows.runtime.settings import Settings, load_settings
from flows.runtime.unexpected import redacted_errors
from flows.runtime.usage import Usage
from flows.runtime.workspace import workspace_for
from flows.slack.delivery import Subject
from flows.slack.messages import Composer
from flows.slack.notes import late_data_note
from flows.slack.preview import preview
from flows.slack.transport import Destination, Transport
from flows.slack.transports import open_transport, target_for
from flows.source.file import SourceFile
from flows.source.thresholds import check_thresholds
from flows.tasks import (
    build_models,
    check_target,
    find_corrections,
    open_delivery,
    post,
    post_picture,
    prepare_source,
    publish_page,
    read_changes,
    wait_until_ready,
)
from flows.warehouse.marts import Readiness, Warehouse, read_changed_weeks

log = logging.getLogger("voc")
# Its few lines tell what a run does, on the terminal and in the Prefect UI.
log.setLevel(logging.INFO)


def _run_name() -> str:
    given = runtime.flow_run.parameters
    scheduled = runtime.flow_run.scheduled_start_time.astimezone(load_settings().zone)
    day = given.get("as_of") or scheduled.date()
    return f"voc as of {day}" + (f" in {given['channel']}" if given.get("channel") else "")


@dataclass(frozen=True)
class Job:
    """One run: what to report, where to, and what it uses up."""

    settings: Settings
    as_of: date
    target: Destination
    transport: Transport
    masker: Masker
    composer: Composer
    usage: Usage
    dry_run: bool
    force: bool


@flow(name="weekly_voc", flow_run_name=_run_name)
async def weekly_voc(
    as_of: date | None = None,
    source: Path | None = None,
    channel: str | None = None,
    thread_ts: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    wait_for_data: bool = False,
) -> RunResult:
    """Report the newest week that was complete at `as_of`.

    Args:
        as_of: date in the reporting time zone; default: the date this run was scheduled for.
        source: CSV or Parquet file to read instead of the configured table (target duckdb).
        channel: Slack channel id; default: VOC_SLACK_CHANNEL.
        thread_ts: post into this thread instead of the channel.
        dry_run: build the tables and write the analyses, but post nothing.
        force: post again although this week's report stands there already.
        wait_for_data: wait while BigQuery's source does not reach the end of the week, as on Monday morning.

    Raises VocError: nothing was posted, or a later run posts what is missing.
    """
    os.umask(0o077)  # what a run writes holds customers' words
    usage = Usage()
    settings = load_settings()
    target = target_for(settings, channel, thread_ts)
    masker = Masker.of_project()
    transport = open_transport(settings, masker, dry_run=dry_run)
    composer = composer_for(settings)
    operations = Operations(settings, transport, target)
    try:
        with redacted_errors():
            check_target(transport, target)
            await operations.report_missed_failures()
            check_thresholds()
            scheduled = runtime.flow_run.scheduled_start_time.astimezone(settings.zone)
            as_of = checked_as_of(as_of, scheduled)
            job = Job(settings, as_of, target, transport, masker, composer, usage, dry_run, force)
            readiness = None
            if settings.target == "bigquery" and source is None:
                readiness = await wait_until_ready(settings, as_of, usage, patient=wait_for_data)
                if not readiness.is_ready:
                    return _completed(not_ready(readiness, operations, composer.texts))
            with one_run_at_a_time(settings):
                file = prepare_source(settings, source, as_of)
                last_day = file.last_date if file else readiness.last_day if readiness else None
                return _completed(await report_week(job, file, last_day))
    except VocError as error:
        operations.tell_failure(error)
        raise


async def report_week(job: Job, file: SourceFile | None, last_day: date | None) -> RunResult:
    """Build the tables, publish the page, post the summary, each analysis as soon as it is written, the receipt."""
    settings, composer = job.settings, job.composer
    source_key = f"{file.key}:" if file else ""
    if file and file.ends_before_report_week:
        return RunResult("no_data", file.weeks, last_date=file.last_date)
    warehouse = build_models(settings, file, job.as_of, job.usage)
    report = read_changes(warehouse, job.as_of)
    if not report.has_tickets:
        return RunResult("no_data", report.weeks)
    await publish_artifacts(report, composer)
    publisher = publisher_of(job, warehouse, file, report, last_day)
    page = publish_page(publisher)
    composer = replace(composer, report_url=page.url if page else None)

    scope = Subject.of_week(report.weeks.comparison, settings.zone, source_key)
    delivery = open_delivery(job.transport, job.target, scope, force=job.force)
    analyses, messages, delivered = [], [], []
    for message in composer.summary(report, replaces_earlier=delivery.replaces_earlier):
        messages.append(message)
        delivered.append(await post(delivery, message))
    await post_picture(delivery, messages[0])
    standing = {c: delivery.find(MessageId("analysis", c.category)) for c in report.to_analyse}
    delivered += [message for message in standing.values() if message]
    to_analyse = [change for change, message in standing.items() if message is None]
    analyst = Analyst(settings, job.masker, job.usage)
    async with aclosing(analyst.analyse(to_analyse, report)) as finished:
        async for change, analysis in finished:
            analyses.append(analysis)
            messages.append(composer.analysis(change, analysis))
            delivered.append(await post(delivery, messages[-1]))
    receipt = receipt_of(job, report, last_day)
    messages.append(composer.receipt(receipt))
    delivered.append(await post(delivery, messages[-1]))
    page = publish_page(publisher, Record(tuple(analyses), receipt)) or page
    await acreate_markdown_artifact(messages[-1].text, key="voc-receipt")
    await correct_earlier_reports(job, warehouse, report.weeks.comparison, source_key)
    return RunResult.of(
        report,
        analyses,
        messages,
        delivered,
        dry_run=job.dry_run,
        page=(page.url or page.path) if page else None,
    )


async def correct_earlier_reports(
    job: Job, warehouse: Warehouse, newest: Week, source_key: str
) -> None:
    """Say in a posted week's thread what late tickets have changed since."""
    for week in read_changed_weeks(warehouse, newest):
        scope = Subject.of_week(week, job.settings.zone, source_key)
        earlier = open_delivery(job.transport, job.target, scope)
        if corrections := find_corrections(warehouse, week, earlier):
            await post(earlier, job.composer.correction(week, corrections))


def composer_for(settings: Settings) -> Composer:
    """Messages in the language and with the links of the settings."""
    return Composer(
        Texts(settings.locale),
        settings.version,
        dashboard_url=settings.dashboard_url,
        ticket_url=settings.ticket_url,
    )


def publisher_of(
    job: Job,
    warehouse: Warehouse,
    file: SourceFile | None,
    report: WeeklyReport,
    last_day: date | None,
) -> Publisher:
    """What writes the report as a page."""
    settings = job.settings
    workspace = file.workspace if file else workspace_for(settings, None)
    place = open_page_store(settings, workspace, dry_run=job.dry_run)
    return Publisher(
        place, warehouse, report, last_day, job.masker, settings.version, job.composer.texts
    )


def receipt_of(job: Job, report: WeeklyReport, last_day: date | None) -> Receipt:
    """What the report is made of and what it cost."""
    usage = job.usage
    return Receipt(
        last_day=last_day,
        tickets=sum(row.base_total + row.comparison_total for row in report.rows),
        bytes_billed=usage.bytes_billed if job.settings.target == "bigquery" else None,
        laas_calls=usage.laas_calls,
        laas_tokens=usage.laas_tokens,
        seconds=usage.seconds,
        version=job.settings.version,
    )


def _completed(result: RunResult) -> RunResult:
    """End with week and outcome as the state's message: the bot, among others, reads it in Prefect."""
    log.info("%s", result)
    # Whoever calls the flow gets the state's data.
    return cast(RunResult, Completed(message=str(result), data=result))


def not_ready(readiness: Readiness, operations: Operations, texts: Texts) -> RunResult:
    """Post nothing but a note that the data is late."""
    week = readiness.weeks.comparison
    url = run_url(str(runtime.flow_run.id))
    operations.tell(week.label, late_data_note(texts, week, readiness.last_day, url))
    return RunResult("not_ready", readiness.weeks, last_date=readiness.last_day)


async def publish_artifacts(report: WeeklyReport, composer: Composer) -> None:
    """Show the changes and the summary in the Prefect UI."""
    summary, *_ = composer.summary(report)
    await acreate_table_artifact([_shown(change) for change in report.changes], key="voc-changes")
    await acreate_markdown_artifact(preview(summary.blocks), key="voc-summary")


def _shown(change: Change) -> dict[str, Any]:
    """A row of the artifact. A database refuses what nobody can see, such as a NUL in a category's name."""
    row = change.as_json()
    return {name: printable(v) if isinstance(v, str) else v for name, v in row.items()}

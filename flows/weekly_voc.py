"""The weekly report: dbt decides what changed, a model says why, Slack shows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import AwareDatetime

from catalogue import ending
from catalogue.weeks import label_of, newest_week
from flows.page.record import Announcement, Record
from flows.privacy.kept import keep_artifact, mask_lines_of, masked_errors
from flows.report.as_of import checked_as_of
from flows.report.doubts import doubt_as_json
from flows.report.message import SUMMARY, Delivered, Message, MessageId
from flows.report.outcome import RunResult
from flows.report.owners import NOBODY, Owners
from flows.report.values import (
    UNOPENED,
    Analysis,
    PastWeek,
    Receipt,
    Week,
    WeeklyReport,
    to_look_at_first,
)
from flows.runtime.assembly import Assembly
from flows.runtime.errors import VocError
from flows.runtime.failures import ends_in_one_line, redacted_errors
from flows.runtime.lock import one_run_at_a_time_async
from flows.runtime.operators import Operators, run_url
from flows.runtime.schedule import other_zone_of_this_run
from flows.runtime.settings import settings_of_process
from flows.runtime.waiting import come_back
from flows.slack.channels import CategoryChannels
from flows.slack.delivery import Delivery, Subject
from flows.slack.messages import Composer
from flows.slack.notes import late_data_note
from flows.slack.preview import preview
from flows.slack.transport import Destination
from flows.source.file import SourceFile
from flows.source.thresholds import check_rules
from flows.tasks import (
    build_models,
    check_destination,
    check_readiness,
    find_corrections,
    find_owners,
    forget_old_pages,
    note_resolution,
    open_channels,
    open_delivery,
    post,
    post_alert,
    post_picture,
    prepare_source,
    publish_page,
    read_changes,
)
from flows.warehouse import dbt
from flows.warehouse.marts import read_changed_weeks
from flows.warehouse.readiness import Readiness

log = logging.getLogger("voc")
# The few lines of this logger say what a run does, on the terminal and in the Prefect UI.
log.setLevel(logging.INFO)
mask_lines_of(log)


SECONDS_FOR_OPENING = 60.0
"""How long the summary waits for what the model says of the first change and the whole week."""


def _run_name() -> str:
    given = runtime.flow_run.parameters
    try:
        asked = given.get("as_of")
        as_of = date.fromisoformat(str(asked)) if asked else _scheduled_at().date()
        week = label_of(newest_week(as_of))
    except VocError:
        week = "?"  # wrong settings: the flow itself says so
    return f"voc {week}" + (f" in {given['channel']}" if given.get("channel") else "")


@flow(name="weekly_voc", flow_run_name=_run_name)
@ends_in_one_line
async def weekly_voc(
    as_of: date | None = None,
    source: Path | None = None,
    channel: str | None = None,
    thread_ts: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    wait_for_data: bool = False,
    wait_until: AwareDatetime | None = None,
) -> State[RunResult]:
    """Report the newest week that was complete at `as_of`.

    Args:
        as_of: date in the reporting time zone; default: the date this run was scheduled for.
        source: CSV, Parquet or .xlsx file to read instead of the configured table (target duckdb).
        channel: Slack channel id; default: VOC_SLACK_CHANNEL.
        thread_ts: post into this thread instead of the channel.
        dry_run: build the tables and write the analyses, but post nothing.
        force: post again even if this week's report was posted already.
        wait_for_data: wait until BigQuery's source reaches the end of the week, as on Monday morning: end as
            `not_ready`, and let the deployment run again in ten minutes.
        wait_until: when that wait is over; default: VOC_READINESS_WAIT_MINUTES from now.

    The state's message is a line of `catalogue.ending`. What a failed run has not posted, a later run posts.
    """
    dbt.warm_up()
    run_id = str(runtime.flow_run.id)
    parts = Assembly(settings_of_process(), flow_run_id=run_id, dry_run=dry_run)
    destination = parts.destination(channel, thread_ts)
    operators = parts.operators(destination)
    try:
        with redacted_errors(), masked_errors():
            await check_destination(parts.transport, destination)
            await operators.report_missed_failures()
            check_rules()
            if as_of is None and (line := await other_zone_of_this_run(parts.settings.timezone)):
                log.warning("%s", line)
            as_of = checked_as_of(as_of, _scheduled_at())
            readiness = None
            if parts.bigquery and source is None:
                if wait_for_data and wait_until is None:
                    wait_until = datetime.now(UTC) + parts.settings.readiness_wait
                readiness = await check_readiness(parts.bigquery, as_of, parts.settings.timezone)
                if not readiness.is_ready:
                    return _completed(
                        await not_ready(readiness, operators, parts, as_of, wait_until)
                    )
            async with one_run_at_a_time_async(parts.home):
                file = await prepare_source(
                    parts.workspaces,
                    parts.settings.timezone,
                    source,
                    as_of,
                    parts.source_options(source),
                )
                last_day = file.last_date if file else readiness.last_day if readiness else None
                return _completed(
                    await report_week(parts, destination, file, as_of, last_day, force=force)
                )
    except VocError as error:
        await asyncio.to_thread(operators.note_failure, error)
        raise


async def report_week(
    parts: Assembly,
    destination: Destination,
    file: SourceFile | None,
    as_of: date,
    last_day: date | None,
    *,
    force: bool,
) -> RunResult:
    """Build the tables, publish the page, post the summary, each analysis as soon as it is written, the receipt."""
    if file and file.ends_before_report_week:
        log.warning("%s", file.without_report_week)
        return RunResult("no_data", file.weeks, last_date=file.last_date)
    workspace = file.workspace if file else parts.workspaces.of(None)
    build = parts.build(workspace, as_of, full_refresh=bool(file and file.needs_full_refresh))
    await build_models(build, file, parts.workspaces)
    warehouse = parts.warehouse(workspace)
    report = await read_changes(warehouse, as_of, parts.masker)
    if not report.has_tickets:
        return RunResult("no_data", report.weeks)
    owners = await find_owners(warehouse, report) if build.has_owners else {}
    publisher = parts.publisher(parts.page_store(workspace), warehouse, report, last_day)
    page = await publish_page(publisher)
    composer = parts.composer(report_url=page.url if page else None)
    await publish_artifacts(report, composer, publisher.past_weeks)

    sent = Sent(composer, owners)
    delivery = await delivery_of(parts, destination, file, report.weeks.comparison, force=force)
    channels = await channels_of(
        parts, destination, file, report.weeks.comparison, owners, force=force
    )
    await post_report(parts, report, sent, delivery, channels)
    operators = parts.operators(destination)
    await asyncio.to_thread(
        operators.note_unposted, report.weeks.comparison.label, channels.failures
    )
    receipt = receipt_of(parts, report, last_day)
    await sent.post(delivery, composer.receipt(receipt, report.weeks, sent.analyses))
    if not parts.dry_run:
        s = parts.settings
        pages, answers = parts.page_store(workspace), parts.kept_answers
        week = report.weeks.comparison
        await forget_old_pages(pages, answers, week, s.page_retention_weeks, s.zone)
    announcement = await announcement_of(parts, sent.delivered[0])
    record = Record(tuple(sent.analyses), receipt, announcement)
    page = await publish_page(publisher, record) or page
    await keep_artifact(
        "voc-receipt", sent.messages[-1].text, "What the report is made of, and its cost"
    )
    if resolution := composer.resolution(report):
        before = await delivery_of(parts, destination, file, report.weeks.base)
        await note_resolution(before, resolution)
    for week in read_changed_weeks(warehouse, report.weeks.comparison):
        earlier = await delivery_of(parts, destination, file, week)
        if corrections := await find_corrections(warehouse, week, earlier):
            await post(earlier, composer.correction(week, corrections))
    return RunResult.of(
        report,
        sent.analyses,
        sent.messages,
        sent.delivered,
        dry_run=parts.dry_run,
        page=(page.url or page.path) if page else None,
        doubts=(doubt_as_json(doubt, parts.texts) for doubt in report.doubts),
        receipt=receipt,
    )


@dataclass
class Sent:
    """What a run has written and posted, in the order of the thread; `delivered` also what earlier runs posted."""

    composer: Composer
    owners: Owners
    analyses: list[Analysis] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)

    async def post(self, delivery: Delivery, message: Message) -> None:
        self.messages.append(message)
        self.delivered.append(await post(delivery, message))


async def post_report(
    parts: Assembly,
    report: WeeklyReport,
    sent: Sent,
    delivery: Delivery,
    channels: CategoryChannels,
) -> None:
    """Post the summary as soon as its first cause is known, and each analysis as soon as it is written."""
    posted = {c: delivery.find(MessageId("analysis", c.category)) for c in report.to_analyse}
    to_analyse = [c for c, m in posted.items() if m is None or channels.lacks(c.category)]
    is_announced = delivery.find(SUMMARY) is not None
    work = parts.analyst.at_work(to_analyse, report, asks_of_week=not is_announced)
    async with work as underway, aclosing(underway.finished()) as finished:
        opening = UNOPENED
        if not is_announced:
            first = to_look_at_first(report.announced)
            opening = await underway.opening(first, SECONDS_FOR_OPENING)
        for message in sent.composer.summary(
            report, opening=opening, replaces_earlier=delivery.replaces_earlier
        ):
            await sent.post(delivery, message)
        await post_picture(delivery, sent.messages[0])
        sent.delivered += [message for message in posted.values() if message]
        sent.delivered += filter(None, (channels.find(change.category) for change in posted))
        async for change, analysis in finished:
            sent.analyses.append(analysis)
            owner = sent.owners.get(change.category, NOBODY)
            if posted[change] is None:
                await sent.post(
                    delivery,
                    sent.composer.analysis(change, analysis, report.weeks, report.doubts, owner.id),
                )
            if channels.lacks(change.category):
                writer = parts.composer(sent.composer.report_url, owner.language)
                alert = writer.alert(change, analysis, report, delivery.channel)
                sent.messages.append(alert)
                sent.delivered += await post_alert(channels, alert)


async def delivery_of(
    parts: Assembly,
    destination: Destination,
    file: SourceFile | None,
    week: Week,
    *,
    force: bool = False,
) -> Delivery:
    """The delivery that posts each message about a week once."""
    subject, run_id = subject_of(parts, file, week), str(runtime.flow_run.id)
    return await open_delivery(parts.transport, destination, subject, run_id, force=force)


def subject_of(parts: Assembly, file: SourceFile | None, week: Week) -> Subject:
    """A report week on this source."""
    return Subject.of_week(week, parts.settings.zone, f"{file.key}:" if file else "")


async def channels_of(
    parts: Assembly,
    destination: Destination,
    file: SourceFile | None,
    week: Week,
    owners: Owners,
    *,
    force: bool,
) -> CategoryChannels:
    """The channels that get the alerts of their categories, if this is the report for everybody."""
    is_for_all, own = parts.is_for_everybody(destination), destination.channel
    named = {category: owner.channel or own for category, owner in owners.items()}
    channels = {c: channel for c, channel in named.items() if is_for_all and channel != own}
    subject, run_id = subject_of(parts, file, week), str(runtime.flow_run.id)
    return await open_channels(parts.transport, channels, subject, run_id, force=force)


async def announcement_of(parts: Assembly, summary: Delivered) -> Announcement | None:
    """Where and when the summary was posted, by this run or an earlier one; None in a dry run."""
    if parts.dry_run:
        return None
    url = None
    if parts.slack:
        try:
            url = await asyncio.to_thread(parts.slack.address_of, summary.channel, summary.ts)
        except VocError as error:
            log.warning("the page gets no link to Slack: %s", error)
    at = datetime.fromtimestamp(float(summary.ts), parts.settings.zone)
    return Announcement(at, url, is_in_thread=summary.thread_ts is not None)


def receipt_of(parts: Assembly, report: WeeklyReport, last_day: date | None) -> Receipt:
    """What the report is made of and what it cost."""
    usage = parts.usage
    return Receipt(
        last_day=last_day,
        tickets=sum(row.base_total + row.comparison_total for row in report.rows),
        comparison_tickets=sum(row.comparison_total for row in report.rows),
        timezone=parts.settings.timezone,
        bytes_billed=usage.bytes_billed if parts.bigquery else None,
        laas_calls=usage.laas_calls,
        laas_tokens=usage.laas_tokens,
        seconds=usage.seconds,
        version=parts.settings.version,
        model=parts.model.api.name if parts.model else "LaaS",
        questions_not_asked=usage.questions_not_asked,
        questions_out_of_time=usage.questions_out_of_time,
    )


async def not_ready(
    readiness: Readiness,
    operators: Operators,
    parts: Assembly,
    as_of: date,
    wait_until: datetime | None,
) -> RunResult:
    """Look again later; when the wait is over, post nothing but a note that the data is late."""
    week = readiness.weeks.comparison
    fixed = {"as_of": as_of, "wait_until": wait_until}
    if wait_until and (later := await come_back(wait_until, fixed)):
        log.info(
            "the source has no tickets of %s yet: looking again at %s, and until %s at the latest",
            ", ".join(map(str, readiness.missing_days)),
            *(f"{moment.astimezone(parts.settings.zone):%H:%M}" for moment in (later, wait_until)),
        )
    else:
        url = run_url(str(runtime.flow_run.id))
        note = late_data_note(
            parts.texts, week, readiness.last_day, url, missing_days=readiness.missing_days
        )
        await asyncio.to_thread(operators.note_late_data, week.label, note)
    return RunResult(
        "not_ready",
        readiness.weeks,
        last_date=readiness.last_day,
        missing_days=readiness.missing_days,
    )


async def publish_artifacts(
    report: WeeklyReport, composer: Composer, weeks: Sequence[PastWeek]
) -> None:
    """Show the changes and the summary in the Prefect UI, and the first and last of the weeks (newest first).

    The bot reads the weeks there, and refuses at once what is before the first.
    """
    first, last = weeks[-1].week.label, weeks[0].week.label
    weeks_row = {"first_week": first, "last_week": last}
    await keep_artifact(
        "voc-weeks", [weeks_row], "The first and the last week that can be reported"
    )
    summary, *_ = composer.summary(report)
    changes = [change.as_json() for change in report.changes]
    await keep_artifact(
        "voc-changes", changes, "What the message flags, as voc status --json has it"
    )
    await keep_artifact("voc-summary", preview(summary.blocks), "The summary as it stands in Slack")


def _scheduled_at() -> datetime:
    """When this run was scheduled for, in the reporting time zone."""
    scheduled: datetime = runtime.flow_run.scheduled_start_time
    return scheduled.astimezone(settings_of_process().zone)


def _completed(result: RunResult) -> State[RunResult]:
    line = ending.Completed(result.weeks.comparison.label, result.outcome)
    log.info("%s", line)
    return Completed(message=str(line), data=result)

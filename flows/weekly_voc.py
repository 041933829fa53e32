"""The weekly report: dbt decides what changed, LaaS says why, Slack shows it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from prefect import flow, runtime, task
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import transform
from flows.analysis.answer import UnusableAnswer, parse_answer
from flows.analysis.client import LaasClient, LaasError
from flows.analysis.prompt import build_prompt
from flows.analysis.rule_based import rule_based_analysis
from flows.as_of import checked_as_of
from flows.bigquery.connection import BigQuery
from flows.errors import SourceError, VocError
from flows.lock import one_run_at_a_time
from flows.operations import Operations, run_url
from flows.outcome import RunResult
from flows.privacy import Masker
from flows.report import Analysis, Change, Correction, Receipt, Week, WeeklyReport
from flows.settings import Settings, load_settings
from flows.slack.delivery import Delivered, Delivery, Scope
from flows.slack.messages import (
    SUMMARY,
    Message,
    MessageId,
    analysis_message,
    correction_message,
    receipt_message,
    summary_messages,
)
from flows.slack.notes import late_data_note
from flows.slack.preview import preview
from flows.slack.transport import Target, Transport
from flows.slack.transports import open_transport, target_for
from flows.source_file import SourceFile, source_of
from flows.state import results_storage
from flows.thresholds import check_thresholds
from flows.usage import Usage
from flows.warehouse import (
    Readiness,
    Warehouse,
    open_warehouse,
    read_changed_weeks,
    read_corrections,
    read_readiness,
    read_report,
    read_week_pair,
)
from flows.workspace import remember, workspace_for

log = logging.getLogger("voc")
# Its few lines tell what a run does, on the terminal and in the Prefect UI.
log.setLevel(logging.INFO)

READINESS_POLL_SECONDS = 600.0


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
    target: Target
    transport: Transport
    masker: Masker
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
    usage = Usage()
    settings = load_settings()
    check_thresholds()
    as_of = checked_as_of(as_of, runtime.flow_run.scheduled_start_time.astimezone(settings.zone))
    target = target_for(settings, channel, thread_ts)
    masker = Masker.of_project()
    transport = open_transport(settings, masker, dry_run=dry_run)
    check_target(transport, target)
    job = Job(settings, as_of, target, transport, masker, usage, dry_run, force)
    operations = Operations(settings, transport, target)
    try:
        await operations.tell_crashes()
        readiness = None
        if settings.target == "bigquery" and source is None:
            readiness = await wait_until_ready(settings, as_of, usage, patient=wait_for_data)
            if not readiness.is_ready:
                return _completed(not_ready(readiness, operations))
        with one_run_at_a_time(settings):
            file = prepare_source(settings, source, as_of)
            last_day = file.last_date if file else None
            if readiness:
                last_day = readiness.last_day
            return _completed(await report_week(job, file, last_day))
    except Exception as error:
        operations.tell_failure(error)
        raise


async def report_week(job: Job, file: SourceFile | None, last_day: date | None) -> RunResult:
    """Build the tables, post the summary, each analysis as soon as it is written, and the receipt."""
    settings, source_key = job.settings, f"{file.key}:" if file else ""
    if file and file.ends_before_report_week:
        return RunResult("no_data", file.weeks, last_date=file.last_date)
    warehouse = build_models(settings, file, job.as_of, job.usage)
    report = read_changes(warehouse, job.as_of)
    if not report.has_tickets:
        return RunResult("no_data", report.weeks)
    await publish_artifacts(report, settings)

    delivery = open_delivery(job, report.weeks.comparison, source_key, force=job.force)
    analyses, messages, delivered = [], [], []
    for message in summary_messages(
        report,
        settings.dashboard_url,
        settings.version,
        replaces_earlier=delivery.replaces_earlier,
    ):
        messages.append(message)
        delivered.append(await post(delivery, message))
    standing = {c: delivery.standing(MessageId("analysis", c.category)) for c in report.to_analyse}
    delivered += [message for message in standing.values() if message]
    to_analyse = [change for change, message in standing.items() if message is None]
    async with aclosing(analyse(job, to_analyse, report)) as finished:
        async for change, analysis in finished:
            analyses.append(analysis)
            messages.append(analysis_message(change, analysis))
            delivered.append(await post(delivery, messages[-1]))
    messages.append(receipt_message(receipt_of(job, report, last_day)))
    delivered.append(await post(delivery, messages[-1]))
    await acreate_markdown_artifact(messages[-1].text, key="voc-receipt")
    await correct_earlier_reports(job, warehouse, report.weeks.comparison, source_key)
    return RunResult.of(report, analyses, messages, delivered, dry_run=job.dry_run)


async def correct_earlier_reports(
    job: Job, warehouse: Warehouse, newest: Week, source_key: str
) -> None:
    """Say in a posted week's thread what late tickets have changed since."""
    for week in read_changed_weeks(warehouse, newest):
        earlier = open_delivery(job, week, source_key, force=False)
        if corrections := find_corrections(warehouse, week, earlier):
            await post(earlier, correction_message(week, corrections))


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


def _is_passing(task: object, task_run: object, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, VocError) and error.is_passing


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


def not_ready(readiness: Readiness, operations: Operations) -> RunResult:
    """Post nothing but a note that the data is late."""
    week = readiness.weeks.comparison
    url = run_url(str(runtime.flow_run.id))
    operations.tell(week.label, late_data_note(week, readiness.last_day, url))
    return RunResult("not_ready", readiness.weeks, last_date=readiness.last_day)


# Every run looks afresh: only LaaS answers are kept between runs.
@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
def check_target(transport: Transport, target: Target) -> None:
    """Ask the target for its newest messages: a wrong token or channel shows before dbt runs."""
    transport.posted(target, since=time.time())


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
def check_readiness(settings: Settings, as_of: date, usage: Usage) -> Readiness:
    """Whether the source reaches the end of the report week, once it was found usable."""
    BigQuery(settings).check()
    return read_readiness(settings, as_of, str(runtime.flow_run.id), usage)


@task(cache_policy=NO_CACHE)
def prepare_source(settings: Settings, source: Path | None, as_of: date) -> SourceFile | None:
    """Make a file the source table; None where the source is BigQuery's."""
    return source_of(settings, source, as_of)


@task(cache_policy=NO_CACHE)
def build_models(
    settings: Settings, file: SourceFile | None, as_of: date, usage: Usage
) -> Warehouse:
    """dbt build. Its failure stops the run before anything is posted."""
    log.info("dbt: building the tables")
    workspace = file.workspace if file else workspace_for(settings, None)
    flow_run_id = str(runtime.flow_run.id)
    transform.build_models(
        transform.Build(
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
    if not any(row.base_negative or row.comparison_negative for row in report.rows):
        log.warning("no ticket of the two weeks has the emotion 부정: negative shares are 0")
    return report


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
def open_delivery(job: Job, week: Week, source_key: str, *, force: bool) -> Delivery:
    """Read what already stands in the target."""
    return Delivery(
        job.transport,
        job.target,
        Scope.of_week(week, job.settings.zone, source_key),
        run_id=str(runtime.flow_run.id),
        force=force,
    )


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_passing)
def find_corrections(
    warehouse: Warehouse, week: Week, delivery: Delivery
) -> tuple[Correction, ...]:
    """What late tickets changed since an earlier week's summary was posted there; nothing if it was not."""
    summary = delivery.standing(SUMMARY)
    if summary is None:
        return ()
    return read_corrections(warehouse, week, datetime.fromtimestamp(float(summary.ts), UTC))


@task(cache_policy=NO_CACHE, task_run_name="post {message.id.kind}")
async def post(delivery: Delivery, message: Message) -> Delivered:
    """Post one message, off the event loop: the analyses go on meanwhile."""
    return await asyncio.to_thread(delivery.post, message)


async def publish_artifacts(report: WeeklyReport, settings: Settings) -> None:
    """Show the changes and the summary in the Prefect UI."""
    summary, *_ = summary_messages(report, settings.dashboard_url, settings.version)
    await acreate_table_artifact([c.as_json() for c in report.changes], key="voc-changes")
    await acreate_markdown_artifact(preview(summary.blocks), key="voc-summary")


async def analyse(
    job: Job, changes: Sequence[Change], report: WeeklyReport
) -> AsyncGenerator[tuple[Change, Analysis]]:
    """Analyse each change, a few at a time, and yield each as soon as it is finished."""
    if not changes:
        return
    log.info("analysing %d categories", len(changes))
    settings = job.settings
    slots = asyncio.Semaphore(settings.laas_concurrency)
    async with AsyncExitStack() as stack:
        laas = (
            await stack.enter_async_context(LaasClient(settings, job.masker, job.usage))
            if settings.laas_api_key
            else None
        )
        tasks = [
            asyncio.create_task(_analyse_one(job, change, report, laas, slots))
            for change in changes
        ]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for unfinished in tasks:
                unfinished.cancel()


async def _analyse_one(
    job: Job,
    change: Change,
    report: WeeklyReport,
    laas: LaasClient | None,
    slots: asyncio.Semaphore,
) -> tuple[Change, Analysis]:
    """LaaS's analysis, or the rule-based one where there is no LaaS or it failed for good."""
    evidence = report.evidence_for(change)
    if laas is None:
        return change, rule_based_analysis(evidence)
    asking = ask_laas.with_options(result_storage=results_storage(job.settings, "laas"))
    try:
        async with slots:
            answer = await asking(laas, build_prompt(evidence), job.settings.laas_preset_hash)
        return change, parse_answer(answer, evidence, job.masker.mask)
    except (LaasError, UnusableAnswer) as error:
        log.warning("no analysis from LaaS (%s): writing a rule-based one", error)
        return change, rule_based_analysis(evidence)


def _answer_key(context: object, parameters: dict[str, Any]) -> str:
    # The prompt holds the week, the category and all numbers.
    asked = parameters["preset_hash"] + parameters["prompt"]
    return hashlib.sha256(asked.encode()).hexdigest()


@task(persist_result=True, cache_key_fn=_answer_key)
async def ask_laas(laas: LaasClient, prompt: str, preset_hash: str) -> str:
    """The model's answer; the same question is asked once. The client retries what may pass."""
    return await laas.complete(prompt)

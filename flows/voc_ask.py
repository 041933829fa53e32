"""Answers one question in its thread, from the tables that the report has built. It imports no dbt: people wait."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import UUID

from prefect import flow, runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed

from catalogue import ending
from catalogue.weeks import label_of, newest_week
from flows.privacy.kept import mask_lines_of, masked_errors
from flows.questions.answers import answer_to
from flows.report.answers import Answer, Suggestions, Unavailable
from flows.report.values import Analysis, Change, WeeklyReport
from flows.runtime.assembly import Assembly
from flows.runtime.errors import NoTables, TablesInUse
from flows.runtime.failures import ends_in_one_line, redacted_errors
from flows.runtime.settings import settings_of_process
from flows.slack.delivery import Delivery, Subject

log = logging.getLogger("voc")
log.setLevel(logging.INFO)
mask_lines_of(log)

CLOCKS_DIFFER = timedelta(minutes=10)
"""By how much Slack's clock may be behind Prefect's."""


def _run_name() -> str:
    channel = runtime.flow_run.parameters.get("channel")
    return "question" + (f" in {channel}" if channel else "")


@flow(name="voc_ask", flow_run_name=_run_name)
@ends_in_one_line
async def voc_ask(
    question: str, channel: str | None = None, thread_ts: str | None = None
) -> State[None]:
    """Post the answer to a question, once: the same flow run posts nothing again.

    Args:
        question: in people's words, such as `유저 / 이력서 왜?`.
        channel: Slack channel id; default: VOC_SLACK_CHANNEL.
        thread_ts: post into this thread instead of the channel.

    The state's message is a line of `catalogue.ending`.
    """
    run_id = str(runtime.flow_run.id)
    parts = Assembly(settings_of_process(), flow_run_id=run_id)
    destination = parts.destination(channel, thread_ts)
    now = datetime.now(parts.settings.zone)

    async def explain(change: Change, report: WeeklyReport) -> Analysis:
        return await parts.analyst.analyse_one(change, report)

    with redacted_errors(), masked_errors():
        answer: Answer
        try:
            answer = await answer_to(question, parts.sources(), explain)
        except (NoTables, TablesInUse) as error:
            answer = Unavailable(is_busy=isinstance(error, TablesInUse))
        message = parts.answers.answer(answer)
        started: datetime = runtime.flow_run.scheduled_start_time
        since = (started - CLOCKS_DIFFER).timestamp()
        week = _week(answer, now)
        subject = Subject(f"question {run_id}", since, week=week)
        delivery = await asyncio.to_thread(Delivery, parts.transport, destination, subject, run_id)
        await asyncio.to_thread(delivery.post, message)
        if parts.masker.contains_pii(question):
            await keep_masked(parts.masker.mask(question))
    line = ending.Completed(week, _outcome(answer))
    log.info("%s", line)
    return Completed(message=str(line))


async def keep_masked(question: str) -> None:
    """Let Prefect keep a question without the personal data in it: its parameters stay for as long as the run."""
    parameters = runtime.flow_run.parameters | {"question": question}
    async with get_client() as client:
        await client.update_flow_run(UUID(runtime.flow_run.id), parameters=parameters)


def _outcome(answer: Answer) -> str:
    match answer:
        case Suggestions():
            return "asked_back"
        case Unavailable():
            return "no_answer"
    return "answered"


def _week(answer: Answer, now: datetime) -> str:
    """The week that an answer is about; where it is about none, the newest complete one."""
    if isinstance(answer, Suggestions | Unavailable):
        return label_of(newest_week(now.date()))
    return answer.weeks.comparison.label

"""`voc ask`: the answer to a question, as it would stand in Slack."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from flows.cli.commands.progress import progress_on_stderr
from flows.cli.commands.tables import computed_week
from flows.questions.answers import answer_to
from flows.report.answers import Answer, Suggestions
from flows.report.values import Analysis, Change, WeeklyReport
from flows.runtime.assembly import Assembly
from flows.runtime.errors import SourceError, UsageError
from flows.slack.preview import preview


def answer_question(
    parts: Assembly, question: str, *, as_of: date | None, source: Path | None
) -> Answer:
    """Answer a question; of suggestions only those of several categories are returned. Raises VocError."""
    workspace = None
    if source is not None or as_of is not None:
        found = computed_week(parts, as_of, source, with_texts=source is not None).workspace
        workspace = lambda: found  # noqa: E731
    else:
        parts.source_options(None)  # options on a file need one

    async def explain(change: Change, report: WeeklyReport) -> Analysis:
        if parts.model is None:
            from flows.analysis.rule_based import rule_based_analysis

            return rule_based_analysis(report.material_for(change), parts.texts)
        # Prefect keeps the answer, for the next question and for the report.
        from flows.cli.commands.run import prefect_api

        with progress_on_stderr(), prefect_api(parts.home):
            from prefect import flow

            @flow(name="voc_ask_why")
            async def why() -> Analysis:
                return await parts.analyst.analyse_one(change, report)

            return await why()

    answer = asyncio.run(answer_to(question, parts.sources(workspace, as_of), explain))
    if isinstance(answer, Suggestions):
        instead = " or ".join(map(repr, answer.questions))
        if answer.reason == "not_understood":
            raise UsageError(f"{answer.asked!r} was not understood. Ask {instead}.")
        if answer.reason == "no_week":
            raise SourceError(
                f"{answer.asked!r} names a week that was not computed. Ask {instead}."
            )
    return answer


def show_answer(answer: Answer, parts: Assembly) -> None:
    """Print the message as it looks in Slack."""
    shown = parts.masker.clean(preview(parts.answers.answer(answer).blocks))
    Console(highlight=False).print(Text(shown), soft_wrap=True)

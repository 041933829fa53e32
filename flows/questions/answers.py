"""Finds the answer to a question in the marts. Why something got worse, a model is asked where no report says it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from catalogue import Texts
from flows.analysis.prompt import (
    EXAMPLES_BY_RULE,
    quoted,
    samples_for_prompt,
    shown_first,
    without_private,
)
from flows.privacy.masker import Masker
from flows.questions.reading import (
    Asked,
    CategoryAsked,
    ComparisonAsked,
    ExamplesAsked,
    StatusAsked,
    TrendAsked,
    Unclear,
    read_question,
)
from flows.report.answers import (
    Answer,
    CategoryAnswer,
    ComparisonAnswer,
    ExamplesAnswer,
    Reason,
    StatusAnswer,
    Suggestions,
    TrendAnswer,
)
from flows.report.categories import Levels, Names
from flows.report.values import (
    ANALYSED,
    Analysis,
    Category,
    Change,
    Example,
    Week,
    WeeklyReport,
    WeekPair,
)
from flows.report.writing import category_name
from flows.runtime.errors import NoTables, SourceError, TablesInUse
from flows.warehouse.connection import Warehouse
from flows.warehouse.marts import (
    read_categories,
    read_category_history,
    read_newest_week_pair,
    read_status,
    read_tickets,
    read_week,
    read_week_labels,
    read_week_pair,
    read_weeks_compared,
    read_words,
)

HISTORY_WEEKS = 8
SHOWN_EXAMPLES = 2
MOST_EXAMPLES = 5
SUGGESTED_WEEKS = 3
PATIENCE_SECONDS = 4.0
"""How long to wait for tables that are being written: a short write passes, a whole report does not."""
POLL_SECONDS = 0.2

Explain = Callable[[Change, WeeklyReport], Awaitable[Analysis]]
"""Writes the analysis of a row; the report holds what is known of its category."""


@dataclass(frozen=True)
class Sources:
    """Where answers come from.

    Args:
        warehouse: opens the marts; raises NoTables where there are none.
        published: the analyses that a run has published of a week.
        today: in the reporting time zone.
        as_of: the date as of which a week that no question names is the newest complete one; None for the newest.
    """

    warehouse: Callable[[], Warehouse]
    published: Callable[[Week], Sequence[Analysis]]
    masker: Masker
    texts: Texts
    today: date
    as_of: date | None = None


async def answer_to(question: str, sources: Sources, explain: Explain) -> Answer:
    """Answer a question in people's words. Raises VocError, NoTables and TablesInUse among them."""
    try:
        answer, report = await _patiently(partial(_read, question, sources))
    except (NoTables, TablesInUse):
        raise
    except SourceError as error:
        # BigQuery's refusals do not say whether there is no table yet, or no such dataset.
        if await asyncio.to_thread(sources.warehouse().has, "dim_voc_weeks"):
            raise
        raise NoTables(str(error)) from None
    if not (isinstance(answer, CategoryAnswer) and answer.wants_why and answer.explained):
        return answer
    if answer.analysis or report is None:
        return answer
    if report.samples:
        return replace(answer, analysis=await explain(answer.explained, report))
    # Of an old week no ticket is left to reason from. The checks of sentences take half a second to import.
    from flows.analysis.rule_based import rule_based_analysis

    material = report.material_for(answer.explained)
    return replace(answer, analysis=rule_based_analysis(material, sources.texts))


async def _patiently(
    read: Callable[[], tuple[Answer, WeeklyReport | None]],
) -> tuple[Answer, WeeklyReport | None]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await asyncio.to_thread(read)
        except TablesInUse:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(POLL_SECONDS)


def _read(question: str, sources: Sources) -> tuple[Answer, WeeklyReport | None]:
    """The answer, and for a row that is to be explained what is known of it."""
    warehouse = sources.warehouse()
    names = Names(read_categories(warehouse))
    commands = sources.texts("answer.commands").split(" · ")
    asked = read_question(question, names, sources.today, commands)
    if isinstance(asked, Unclear):
        masked = sources.masker.mask(question)
        reason: Reason = "several" if asked.is_ambiguous else "not_understood"
        return Suggestions(masked, asked.questions, reason), None
    weeks = _weeks_of(asked, warehouse, sources.as_of)
    if weeks is None:
        return _other_weeks(question, asked.levels, warehouse, sources), None
    match asked:
        case CategoryAsked(levels, wants_why):
            return _category(levels, weeks, warehouse, sources, wants_why=wants_why)
        case ExamplesAsked(levels):
            return _examples(levels, weeks, warehouse, sources), None
        case StatusAsked(statuses, levels):
            changes = [row for row in _rows(levels, weeks, warehouse) if row.status in statuses]
            return StatusAnswer(weeks, levels, statuses, tuple(changes)), None
        case TrendAsked(count, levels):
            history = read_category_history(warehouse, levels, weeks.comparison, count)
            return TrendAnswer(weeks, levels, history), None
        case ComparisonAsked():
            rows = read_weeks_compared(warehouse, asked.levels, weeks.base, weeks.comparison)
            return ComparisonAnswer(weeks, asked.levels, rows), None


def _weeks_of(asked: Asked, warehouse: Warehouse, default: date | None) -> WeekPair | None:
    """The weeks that a question is about; None where one of them was never computed. Raises NoTables.

    Without a `default` date the newest week stands for one that the question does not name.
    """
    as_of = (asked.second if isinstance(asked, ComparisonAsked) else asked.as_of) or default
    if as_of is None:
        newest = read_newest_week_pair(warehouse)
        if newest is None:
            raise NoTables("there are fewer than two weeks to compare.")
        return newest
    weeks = read_week_pair(warehouse, as_of)
    if weeks is None or not isinstance(asked, ComparisonAsked) or asked.first is None:
        return weeks
    first = read_week(warehouse, asked.first)
    return WeekPair(weeks.comparison, first) if first else None


def _other_weeks(
    question: str, levels: Levels, warehouse: Warehouse, sources: Sources
) -> Suggestions:
    """The newest weeks that there are, in place of one that there is not."""
    name = category_name(levels) if levels else ""
    newest = read_week_labels(warehouse)[:SUGGESTED_WEEKS]
    return Suggestions(
        sources.masker.mask(question), tuple(f"{week} {name}".strip() for week in newest), "no_week"
    )


def _rows(levels: Levels, weeks: WeekPair, warehouse: Warehouse) -> tuple[Change, ...]:
    rows, _ = read_status(warehouse, weeks)
    return tuple(row for row in rows if row.category[: len(levels)] == levels)


def _category(
    levels: Levels, weeks: WeekPair, warehouse: Warehouse, sources: Sources, *, wants_why: bool
) -> tuple[CategoryAnswer, WeeklyReport | None]:
    changes = _rows(levels, weeks, warehouse)
    history = read_category_history(warehouse, levels, weeks.comparison, HISTORY_WEEKS)
    answer = CategoryAnswer(weeks, levels, history, changes, wants_why=wants_why)
    worst = next((row for row in changes if row.status in ANALYSED), None)
    if worst is None or not (wants_why or len(levels) == 3):
        return answer, None
    report = _known(worst, weeks, warehouse, sources)
    shown = shown_first(samples_for_prompt(report.material_for(worst)))
    analysis = _published(worst, weeks, sources)
    if analysis and analysis.source == "rule_based":
        analysis = None  # a model may still say more
    return (
        replace(
            answer,
            explained=worst,
            keywords=report.keywords,
            examples=quoted(shown[:SHOWN_EXAMPLES]),
            analysis=analysis,
        ),
        report,
    )


def _examples(
    levels: Levels, weeks: WeekPair, warehouse: Warehouse, sources: Sources
) -> ExamplesAnswer:
    """Tickets that the report's thread does not show, where there are others; of the worst category first."""
    worse = [row for row in _rows(levels, weeks, warehouse) if row.status in ANALYSED]
    examples: dict[Category, tuple[Example, ...]] = {}
    wanted = MOST_EXAMPLES
    for change in worse:
        material = _known(change, weeks, warehouse, sources).material_for(change)
        found = quoted(s for s in material.samples if s.week_role == "comparison")
        analysis = _published(change, weeks, sources)
        shown = analysis.examples if analysis else found[:EXAMPLES_BY_RULE]
        others = tuple(each for each in found if each not in shown) or found
        examples[change.category] = others[:wanted]
        wanted -= len(others[:wanted])
        if not wanted:
            break
    return ExamplesAnswer(weeks, levels, {c: e for c, e in examples.items() if e}, bool(worse))


def _known(change: Change, weeks: WeekPair, warehouse: Warehouse, sources: Sources) -> WeeklyReport:
    """What the report knows of one category, so that the model is asked as the report asks it."""
    samples, tickets = read_tickets(warehouse, weeks, change.category)
    keywords, _ = read_words(warehouse, weeks)
    report = WeeklyReport(
        weeks=weeks,
        rows=(change,),
        thresholds=(),
        samples=samples,
        keywords=tuple(k for k in keywords if k.category == change.category),
        tickets=tickets,
    )
    return without_private(report, sources.masker.contains_pii)


def _published(change: Change, weeks: WeekPair, sources: Sources) -> Analysis | None:
    """The analysis that the report has of a row."""
    analyses = sources.published(weeks.comparison)
    return next((each for each in analyses if each.category == change.category), None)

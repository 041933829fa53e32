"""What the page shows of each category: its line in the table, what opens below it, what is on paper. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple
from unicodedata import east_asian_width

from catalogue import Texts
from flows.page.html.charts import Chart, trend
from flows.report.analyses import support_text, supported
from flows.report.evidence import evidence_text
from flows.report.history import history_text
from flows.report.values import (
    STATUSES,
    Analysis,
    Category,
    Change,
    History,
    Material,
    Receipt,
    Sample,
    Ticket,
    WeeklyReport,
)
from flows.report.writing import announced_name, growth, percent, reasons, signed

MAX_TICKET_CHARACTERS = 200

Printed = Literal["", "line", "summary"]
"""What is on paper of a category: nothing, its line, or its line with the summary of its analysis."""

PAPER_LINES = 150
"""Lines that four sheets of A4 or Letter have room for, beside what stands above and below the table."""
NAME_COLUMNS = 40
WHY_COLUMNS = 90
"""Latin letters in a line on paper; a letter of Hangul takes the room of two."""
SUMMARY_LINES = 6
MOST_SUMMARIES = 10


class Link(NamedTuple):
    """A week that has a page, and where it is."""

    week: str
    url: str


@dataclass(frozen=True)
class Contents:
    """What a report's page shows.

    Args:
        analyses: by category; a missing analysis is still being written.
        last_day: the last day that the source reaches, None where it is not known.
        receipt: None while the run goes on.
        index_url: where the list of past reports is.
        ticket_url: address of a ticket with {id} in it; None where there is none.
        neighbours: the pages of the weeks before and after.
    """

    report: WeeklyReport
    history: History
    analyses: Mapping[Category, Analysis]
    last_day: date | None
    receipt: Receipt | None
    version: str
    index_url: str
    ticket_url: str | None = None
    neighbours: tuple[Link | None, Link | None] = (None, None)


class Listed(NamedTuple):
    """A ticket in the list of its category's, and the number by which its week's count links to it."""

    number: int
    ticket: Ticket


class Hypothesis(NamedTuple):
    """What a model or the rules take for a cause, and the tickets behind it: a ticket that was purged is None."""

    text: str
    support: str
    tickets: tuple[tuple[str, Listed | None], ...]


class Row:
    """One category: its line in the table and what opens below it."""

    def __init__(
        self,
        contents: Contents,
        change: Change,
        texts: Texts,
        number: int,
        told_at: Change | None = None,
    ) -> None:
        self._contents = contents
        self.texts = texts
        self.change = change
        self.number = number
        self.name = announced_name(change.category, texts)
        self.told_at = told_at and announced_name(told_at.category, texts)
        self.rank = STATUSES.index(change.status)
        self.analysis = contents.analyses.get(change.category)

    @cached_property
    def chart(self) -> Chart:
        history = self._contents.history
        return trend(history.weeks, history.of(self.change.category))

    @cached_property
    def material(self) -> Material:
        return self._contents.report.material_for(self.change)

    @property
    def why(self) -> list[str]:
        """Each rule that was met, with the numbers that decided it."""
        change, texts = self.change, self.texts
        return [
            texts(
                "html.why_share",
                base=percent(change.base_negative_ratio),
                comparison=percent(change.comparison_negative_ratio),
                points=signed(change.negative_ratio_change_pp or 0),
                reason=texts(f"reason.{reason}"),
            )
            if reason == "negative_ratio"
            else texts(
                "html.why_tickets",
                base=change.base_total,
                comparison=change.comparison_total,
                growth=growth(change, texts),
                reason=texts(f"reason.{reason}"),
            )
            for reason in change.reasons
        ]

    @cached_property
    def tickets(self) -> tuple[Listed, ...]:
        return tuple(Listed(n, ticket) for n, ticket in enumerate(self.material.tickets, start=1))

    @property
    def counts(self) -> Iterator[tuple[str, int, tuple[Listed, ...]]]:
        """Of each week that has tickets here: its role, its count, and those that may be shown."""
        change = self.change
        totals = (("comparison", change.comparison_total), ("base", change.base_total))
        for role, total in totals:
            if of_week := tuple(each for each in self.tickets if each.ticket.week_role == role):
                yield role, total, of_week

    @property
    def hypotheses(self) -> Iterator[Hypothesis]:
        """The hypotheses of its analysis, each with the tickets that are counted beside it."""
        if self.analysis is None:
            return
        by_id = {each.ticket.ticket_id: each for each in self.tickets}
        for text, support in supported(self.analysis):
            counted = () if support is None else (*support.comparison, *support.base)
            yield Hypothesis(
                text,
                ""
                if support is None
                else support_text(support, self._contents.report.weeks.base, self.texts),
                tuple((id_, by_id.get(id_)) for id_ in counted),
            )

    @property
    def evidence(self) -> str:
        """How clear the change is, and since when there are such alarms."""
        base = self._contents.report.weeks.base
        parts = evidence_text(self.change, self.texts), history_text(self.change, base, self.texts)
        return " · ".join(filter(None, parts))

    @property
    def evidence_rank(self) -> float | str:
        """Clear ones first, then by p; empty where there is no mark."""
        if self.change.evidence is None:
            return ""
        return (0 if self.change.is_clear else 2) + (1 if self.change.p is None else self.change.p)

    @property
    def reasons(self) -> str:
        return reasons(self.change, self.texts)

    def samples(self, week_role: str) -> tuple[Sample, ...]:
        return tuple(s for s in self.material.samples if s.week_role == week_role)


def on_paper(rows: Sequence[Row]) -> list[Printed]:
    """What is printed of each row unless all is asked for: the flagged ones, as far as four sheets go."""
    printed: list[Printed] = []
    lines, summaries = PAPER_LINES, 0
    for row in rows:
        lines -= _lines(row)
        if row.change.status == "STABLE" or lines < 0:
            printed.append("")
        elif row.analysis and summaries < MOST_SUMMARIES and lines >= SUMMARY_LINES:
            lines -= SUMMARY_LINES
            summaries += 1
            printed.append("summary")
        else:
            printed.append("line")
    return printed


def _lines(row: Row) -> int:
    """Lines that a row takes on paper, the space around it counted as one."""
    name, why = _columns(row.name), _columns(" · ".join(row.why))
    return -(-name // NAME_COLUMNS) - (-why // WHY_COLUMNS) + 1


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)

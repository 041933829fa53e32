"""The report and the list of past reports as pages, from values. Pure.

A page is one file: nothing in it is loaded from elsewhere, and its policy forbids that. Every word goes through
autoescape and, before that, through the gate: what still looks like personal data is left out, and the page says so.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from catalogue import Texts
from flows.page.html.charts import Chart, trend
from flows.report.analyses import left_out_lines, support_text, supported
from flows.report.doubts import doubt_text
from flows.report.emphasis import shown
from flows.report.evidence import (
    MARKS,
    alarms_text,
    company_texts,
    evidence_text,
    explanation,
)
from flows.report.values import (
    STATUSES,
    Analysis,
    Category,
    Change,
    History,
    Material,
    PastWeek,
    Receipt,
    Sample,
    Status,
    Ticket,
    WeeklyReport,
    most_urgent_first,
    printable,
    to_look_at_first,
)
from flows.report.writing import (
    announced_name,
    category_name,
    growth,
    headline,
    percent,
    reasons,
    signed,
    ticket_address,
    unanswered,
)

TEMPLATES = Path(__file__).parent / "templates"

LooksPrivate = Callable[[str], bool]


@dataclass(frozen=True)
class Contents:
    """What a report's page shows.

    Args:
        analyses: by category; a missing analysis is still being written.
        last_day: the last day that the source reaches, None where it is not known.
        receipt: None while the run goes on.
        index_url: where the list of past reports is.
        ticket_url: address of a ticket with {id} in it; None where there is none.
    """

    report: WeeklyReport
    history: History
    analyses: Mapping[Category, Analysis]
    last_day: date | None
    receipt: Receipt | None
    version: str
    index_url: str
    ticket_url: str | None = None


def report_page(contents: Contents, texts: Texts, looks_private: LooksPrivate) -> str:
    """The page of one week."""
    report, history = contents.report, contents.history
    shown = most_urgent_first((*report.alerts_above, *report.rows))
    first = to_look_at_first(report.announced) or report.rows[0]
    return _render(
        "report.html.j2",
        texts,
        looks_private,
        contents=contents,
        report=report,
        overall=trend(history.weeks, history.overall),
        rows=[_Row(contents, change, texts) for change in shown],
        first=shown.index(first),
        alarms=alarms_text(report.alarms, texts, report.clear_count),
        company=company_texts(report.alarms, texts),
        evidence_explained=explanation(texts),
        marks=MARKS,
        doubts=_doubts(report, texts),
        columns=_columns(texts),
        growth=partial(growth, texts=texts),
        headline=partial(headline, texts=texts),
        left_out=partial(left_out_lines, texts=texts),
        ticket_address=partial(ticket_address, contents.ticket_url)
        if contents.ticket_url
        else None,
        unanswered=partial(unanswered, texts=texts),
        script=_asset("page.js"),
    )


def index_page(
    weeks: Sequence[PastWeek],
    urls: Mapping[str, str],
    texts: Texts,
    looks_private: LooksPrivate,
) -> str:
    """The list of past weeks, newest first; each week whose label has an address in `urls` links to its page."""
    return _render("index.html.j2", texts, looks_private, weeks=weeks, urls=urls, script="")


class _Hypothesis(NamedTuple):
    """What a model or the rules take for a cause, and the tickets behind it: a ticket that was purged is None."""

    text: str
    support: str
    tickets: tuple[tuple[str, Ticket | None], ...]


class _Row:
    """One category: its line in the table and what opens below it."""

    def __init__(self, contents: Contents, change: Change, texts: Texts) -> None:
        self._contents = contents
        self.texts = texts
        self.change = change
        self.name = announced_name(change.category, texts)
        told_at = contents.report.told_at.get(change.category)
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
    def hypotheses(self) -> Iterator[_Hypothesis]:
        """The hypotheses of its analysis, each with the tickets that are counted beside it."""
        if self.analysis is None:
            return
        by_id = {ticket.ticket_id: ticket for ticket in self.material.tickets}
        for text, support in supported(self.analysis):
            counted = () if support is None else (*support.comparison, *support.base)
            yield _Hypothesis(
                text,
                "" if support is None else support_text(support, self.texts),
                tuple((id_, by_id.get(id_)) for id_ in counted),
            )

    @property
    def evidence(self) -> str:
        return evidence_text(self.change, self.texts)

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


def _render(
    template: str, texts: Texts, looks_private: LooksPrivate, *, script: str, **values: object
) -> str:
    @cache  # a page repeats most of its texts
    def judged(text: str) -> str:
        return texts("gate.withheld") if looks_private(text) else text

    def gated(value: object) -> object:
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        return judged(printable(value))

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=gated,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "signed": signed,
        "percent": percent,
        "emphasised": lambda text: _emphasised(judged(printable(str(text)))),
    }
    style = _asset("style.css")
    # Safe without escaping: style and script are ours and have no other origin.
    return environment.get_template(template).render(
        texts=texts,
        statuses=STATUSES,
        label=lambda status: _label(status, texts),
        style=Markup(style),  # noqa: S704
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704
        script_hash=_hash(script),
        **values,
    )


def _emphasised(text: str) -> Markup:
    """What a model wrote, its Markdown emphasis as HTML's."""
    return Markup(shown(text, escape, Markup("<strong>{}</strong>").format))  # noqa: S704


def _doubts(report: WeeklyReport, texts: Texts) -> list[str]:
    """What a reader must know before the numbers."""
    lines = [f"⚠️ {doubt_text(doubt, texts)}" for doubt in report.doubts]
    if report.held_back:
        names = ", ".join(category_name(change.category) for change in report.held_back)
        lines.append(texts("doubt.held_back", count=len(report.held_back), names=names))
    if report.to_analyse and not report.samples:
        lines.append(texts("html.no_samples"))
    return lines


def _columns(texts: Texts) -> tuple[tuple[str, str, str], ...]:
    """The columns that sort: name, the direction of the first click, title."""
    return (
        ("status", "ascending", texts("html.status")),
        ("name", "ascending", texts("html.category")),
        ("evidence", "ascending", texts("html.evidence")),
        ("tickets", "descending", texts("html.tickets")),
        ("growth", "descending", texts("html.growth")),
        ("share", "descending", texts("html.negative_share")),
        ("points", "descending", texts("html.points")),
    )


def _label(status: Status, texts: Texts) -> str:
    return texts(f"status.{status}")


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    """The source expression by which a Content Security Policy allows exactly this text."""
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


def number(value: float) -> str:
    return f"{value:,}"

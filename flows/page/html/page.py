"""The report, the list of past reports and how the product did as pages, from values. Pure.

A page is one file: nothing in it is loaded from elsewhere, and its policy forbids that. Every word goes through
autoescape and, before that, through the gate: what still looks like personal data is left out, and the page says so.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from catalogue import Texts
from flows.page.html.charts import trend
from flows.page.html.levels import levels_of
from flows.page.html.product import PRODUCT_WEEKS, ProductWeek, facts, meanings
from flows.page.html.rows import (
    MAX_TICKET_CHARACTERS,
    Contents,
    Link,
    Printed,
    Row,
    on_paper,
)
from flows.page.record import Record
from flows.report.analyses import left_out_lines
from flows.report.doubts import doubt_text
from flows.report.emphasis import shown
from flows.report.evidence import MARKS, alarms_text, company_texts, explanation
from flows.report.history import past_alerts_text
from flows.report.values import (
    STATUSES,
    PastWeek,
    Status,
    WeeklyReport,
    most_urgent_first,
    printable,
    to_look_at_first,
)
from flows.report.words import words_text
from flows.report.writing import (
    all_tickets_text,
    category_name,
    decided,
    growth,
    percent,
    signed,
    ticket_address,
    unanswered,
    week_before_text,
    week_number,
)

TEMPLATES = Path(__file__).parent / "templates"

LooksPrivate = Callable[[str], bool]


def report_page(contents: Contents, texts: Texts, looks_private: LooksPrivate) -> str:
    """The page of one week."""
    report, history = contents.report, contents.history
    listed = most_urgent_first((*report.alerts_above, *report.rows))
    first = to_look_at_first(report.announced) or report.rows[0]
    told_at = report.told_at
    rows = [
        Row(contents, change, texts, number, told_at.get(change.category))
        for number, change in enumerate(listed, start=1)
    ]
    numbers = {row.change.category: row.number for row in rows}
    printed = on_paper(rows)
    week_names = {
        "comparison": week_number(report.weeks.comparison),
        "base": week_before_text(report.weeks.base, texts),
    }
    return _render(
        "report.html.j2",
        texts,
        looks_private,
        contents=contents,
        report=report,
        overall=trend(history.weeks, history.overall),
        rows=rows,
        analysed={change.category for change in report.to_analyse},
        numbers=numbers,
        name_of=category_name,
        levels=levels_of(report.rows, numbers),
        on_paper=printed,
        on_paper_line=_paper_line(rows, printed, texts),
        max_ticket_characters=MAX_TICKET_CHARACTERS,
        csv_columns=_csv_columns(texts, week_names),
        first=listed.index(first),
        alarms=alarms_text(report.alarms, texts, report.clear_count),
        company=company_texts(report.alarms, texts),
        words=words_text(report, texts),
        evidence_explained=explanation(texts),
        marks=MARKS,
        doubts=_doubts(report, texts),
        columns=_columns(texts),
        growth=partial(growth, texts=texts),
        decided=partial(decided, texts=texts),
        week_names=week_names,
        all_tickets=all_tickets_text(report, texts),
        past_alerts=past_alerts_text(report, texts, category_name),
        left_out=partial(left_out_lines, texts=texts),
        ticket_address=partial(ticket_address, contents.ticket_url)
        if contents.ticket_url
        else None,
        unanswered=partial(unanswered, texts=texts),
        script=_asset("page.js"),
    )


def neighbours(
    links: tuple[Link | None, Link | None], texts: Texts, looks_private: LooksPrivate
) -> str:
    """The part of a page that leads to the weeks before and after, as it is now."""
    return _render("neighbours.html.j2", texts, looks_private, script="", neighbours=links).strip()


@dataclass(frozen=True)
class Places:
    """Where the pages of weeks are, by label, and the pages about all weeks."""

    pages: Mapping[str, str]
    index: str
    product: str


def index_page(
    weeks: Sequence[PastWeek],
    records: Mapping[str, Record],
    places: Places,
    texts: Texts,
    looks_private: LooksPrivate,
) -> str:
    """The list of past weeks, newest first, with links to their pages and to their messages in Slack."""
    messages = {
        # The address of a message is a long number, which the gate would take for a person's.
        label: Markup(escape(record.announcement.url))  # noqa: S704
        for label, record in records.items()
        if record.announcement and record.announcement.url
    }
    return _render(
        "index.html.j2",
        texts,
        looks_private,
        script="",
        weeks=weeks,
        places=places,
        messages=messages,
    )


def product_page(
    weeks: Sequence[PastWeek],
    records: Mapping[str, Record],
    places: Places,
    texts: Texts,
    looks_private: LooksPrivate,
) -> str:
    """How the product itself did in the last weeks, newest first."""
    shown = [
        ProductWeek(past, records.get(past.week.label, Record()), texts)
        for past in weeks[:PRODUCT_WEEKS]
    ]
    return _render(
        "product.html.j2",
        texts,
        looks_private,
        script="",
        weeks=shown,
        facts=facts(shown, texts),
        meanings=meanings(texts),
        places=places,
    )


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
        "signed_number": signed_number,
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


def _paper_line(rows: Sequence[Row], printed: Sequence[Printed], texts: Texts) -> str:
    """What is not on paper, and how to have it there."""
    flagged = sum(row.change.status != "STABLE" for row in rows)
    return texts(
        "html.on_paper",
        printed=len(printed) - printed.count(""),
        flagged=flagged,
        categories=len(rows),
        all=texts("html.print_all"),
    )


def _csv_columns(texts: Texts, week_names: Mapping[str, str]) -> str:
    """The titles of the columns that page.js writes, separated by bars."""
    titles = {name: title for name, _, title in _columns(texts)}
    share = titles["share"]
    return "|".join(
        (
            titles["status"],
            titles["name"],
            texts("html.reason"),
            titles["evidence"],
            texts("html.tickets_of", week=week_names["base"]),
            texts("html.tickets_of", week=week_names["comparison"]),
            f"{titles['growth']} (%)",
            f"{share} (%)",
            titles["points"],
        )
    )


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


def signed_number(value: int) -> str:
    return f"{value:+,}".replace("-", "−")

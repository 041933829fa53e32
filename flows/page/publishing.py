"""Publishes the report as a page: one file a week with a record of it beside it, and the pages about all weeks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache, cached_property

from pydantic import TypeAdapter, ValidationError

from catalogue import Texts
from flows.page.html.page import Places, index_page, neighbours, product_page, report_page
from flows.page.html.rows import Contents, Link
from flows.page.record import Record
from flows.page.store import PageStore
from flows.privacy.masker import Masker
from flows.report.values import Analysis, History, PastWeek, Week, WeeklyReport
from flows.warehouse.connection import Warehouse
from flows.warehouse.marts import read_history, read_past_weeks

log = logging.getLogger("voc")

INDEX, PRODUCT = "index.html", "product.html"
_PAGE = re.compile(r"(\d{4}-W\d\d)\.html")
_NEIGHBOURS = re.compile(r'<nav class="neighbours.*?</nav>', re.DOTALL)


@dataclass(frozen=True)
class Published:
    """A page that was written: its path (or gs:// address), and the URL where people see it, if there is one."""

    path: str
    url: str | None


_RECORD = TypeAdapter(Record)


def read_record(place: PageStore, week: Week) -> Record:
    """The record that was kept of a week; an empty record where none was kept. Raises UsageError."""
    text = place.read(_record_name(week))
    try:
        return _RECORD.validate_json(text) if text else Record()
    except ValidationError:
        log.warning("%s is not a record of analyses: it is ignored", _record_name(week))
        return Record()


class Publisher:
    """Writes the pages of one week to one place. Its methods raise VocError.

    Args:
        last_day: the last day that the source reaches, None where it is not known.
        ticket_url: address of a ticket with {id} in it.
    """

    def __init__(
        self,
        place: PageStore,
        warehouse: Warehouse,
        report: WeeklyReport,
        last_day: date | None,
        masker: Masker,
        version: str,
        texts: Texts,
        ticket_url: str | None = None,
    ) -> None:
        self._ticket_url = ticket_url
        self._place = place
        self._warehouse = warehouse
        self._report = report
        self._last_day = last_day
        self._looks_private = cache(masker.contains_pii)  # a page is written twice
        self._version = version
        self._texts = texts

    @property
    def week(self) -> Week:
        return self._report.weeks.comparison

    def publish(self, news: Record | None = None) -> Published:
        """Write the page and keep what a run has written.

        Without `news` the analyses are being written, and the page shows the analyses that were kept.
        """
        kept = read_record(self._place, self.week)
        if news is None:
            return self.write(kept)
        record = kept.updated(news)
        keepable = tuple(filter(self._may_be_kept, record.analyses))
        text = _RECORD.dump_json(replace(record, analyses=keepable)).decode()
        self._place.write(_record_name(self.week), text)
        return self.write(record.completed(self._report, self._texts))

    def write(self, record: Record, kept: PageStore | None = None) -> Published:
        """Write the page with what is in the record, the pages about all weeks, and the links to it from others.

        Args:
            kept: where the records of all weeks are; default: beside the page.
        """
        place, name = self._place, page_name(self.week)
        weeks = sorted({*_weeks_with_pages(place), self.week.label})
        contents = Contents(
            report=self._report,
            history=self._history,
            analyses={analysis.category: analysis for analysis in record.analyses},
            last_day=self._last_day,
            receipt=record.receipt,
            version=self._version,
            index_url=place.url(INDEX) or INDEX,
            ticket_url=self._ticket_url,
            neighbours=_neighbours(place, weeks, self.week.label),
        )
        place.write(name, report_page(contents, self._texts, self._looks_private))
        at = weeks.index(self.week.label)
        # An older run, or its end, may have removed what the oldest page leads to.
        others = {weeks[0], *weeks[max(at - 1, 0) : at + 2]} - {self.week.label}
        _link(place, weeks, others, self._texts, self._looks_private)
        write_lists(place, kept or place, self.past_weeks, self._texts, self._looks_private)
        return Published(place.where(name), place.url(name))

    @cached_property
    def _history(self) -> History:
        return read_history(self._warehouse, self.week)

    @cached_property
    def past_weeks(self) -> tuple[PastWeek, ...]:
        """Every week that can be reported, newest first."""
        return read_past_weeks(self._warehouse)

    def _may_be_kept(self, analysis: Analysis) -> bool:
        """Whether nothing in the analysis looks like personal data, as a category's name may."""
        return not any(map(self._looks_private, _strings(asdict(analysis))))


def write_index(
    place: PageStore,
    past_weeks: Sequence[PastWeek],
    texts: Texts,
    looks_private: Callable[[str], bool],
) -> None:
    """Write what leads to pages anew, once some were removed: the lists, and the links from page to page."""
    weeks = _weeks_with_pages(place)
    _link(place, weeks, weeks, texts, looks_private)
    write_lists(place, place, past_weeks, texts, looks_private)


def write_lists(
    place: PageStore,
    kept: PageStore,
    past_weeks: Sequence[PastWeek],
    texts: Texts,
    looks_private: Callable[[str], bool],
) -> None:
    """Write the list of all weeks, and how the product itself did in them."""
    there, recorded = place.names(), kept.names()
    records = {
        past.week.label: read_record(kept, past.week)
        for past in past_weeks
        if _record_name(past.week) in recorded
    }
    places = Places(
        pages={
            past.week.label: place.url(page) or page
            for past in past_weeks
            if (page := page_name(past.week)) in there
        },
        index=place.url(INDEX) or INDEX,
        product=place.url(PRODUCT) or PRODUCT,
    )
    place.write(PRODUCT, product_page(past_weeks, records, places, texts, looks_private))
    place.write(INDEX, index_page(past_weeks, records, places, texts, looks_private))


def _weeks_with_pages(place: PageStore) -> list[str]:
    """The labels of the weeks that have a page, oldest first."""
    return sorted(found[1] for name in place.names() if (found := _PAGE.fullmatch(name)))


def _neighbours(
    place: PageStore, weeks: Sequence[str], week: str
) -> tuple[Link | None, Link | None]:
    """The pages before and after a week's, among the weeks that have one."""

    def link(at: int) -> Link | None:
        if not 0 <= at < len(weeks):
            return None
        name = f"{weeks[at]}.html"
        return Link(weeks[at], place.url(name) or name)

    at = weeks.index(week)
    return link(at - 1), link(at + 1)


def _link(
    place: PageStore,
    weeks: Sequence[str],
    pages: Iterable[str],
    texts: Texts,
    looks_private: Callable[[str], bool],
) -> None:
    """Let pages that stand lead to their neighbours of today; nothing else in them changes."""
    for week in pages:
        page = place.read(f"{week}.html") or ""
        links = neighbours(_neighbours(place, weeks, week), texts, looks_private)
        linked = _NEIGHBOURS.sub(lambda _: links, page, count=1)  # noqa: B023
        if linked != page:
            place.write(f"{week}.html", linked)


def page_name(week: Week) -> str:
    return f"{week.label}.html"


def _record_name(week: Week) -> str:
    return f"{week.label}.json"


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(tuple(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)

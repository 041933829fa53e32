"""Publishes the report as a page: one file a week, a record of its analyses beside it, and the list of all weeks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache, cached_property

from pydantic import TypeAdapter, ValidationError

from catalogue import Texts
from flows.analysis.rule_based import rule_based_analysis
from flows.page.html.page import index_page, report_page
from flows.page.html.rows import Contents
from flows.page.store import PageStore
from flows.privacy.masker import Masker
from flows.report.values import Analysis, History, PastWeek, Receipt, Week, WeeklyReport
from flows.warehouse.connection import Warehouse
from flows.warehouse.marts import read_history, read_past_weeks

log = logging.getLogger("voc")

INDEX = "index.html"


@dataclass(frozen=True)
class Record:
    """What a later run could not find out again: the analyses as they were posted, and the run's receipt."""

    analyses: tuple[Analysis, ...] = ()
    receipt: Receipt | None = None

    def updated(self, news: Record) -> Record:
        """The record with a later run's receipt, and its analyses in place of those on the same categories."""
        by_category = {a.category: a for a in (*self.analyses, *news.analyses)}
        return Record(tuple(by_category.values()), news.receipt)

    def completed(self, report: WeeklyReport, texts: Texts) -> Record:
        """The record with an analysis by rule wherever none was kept."""
        known = {analysis.category for analysis in self.analyses}
        by_rule = (
            rule_based_analysis(report.material_for(change), texts)
            for change in report.to_analyse
            if change.category not in known
        )
        return Record((*self.analyses, *by_rule), self.receipt)


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
        text = _RECORD.dump_json(Record(keepable, record.receipt)).decode()
        self._place.write(_record_name(self.week), text)
        return self.write(record.completed(self._report, self._texts))

    def write(self, record: Record) -> Published:
        """Write the page with what is in the record, and the list of all weeks."""
        place, name = self._place, page_name(self.week)
        contents = Contents(
            report=self._report,
            history=self._history,
            analyses={analysis.category: analysis for analysis in record.analyses},
            last_day=self._last_day,
            receipt=record.receipt,
            version=self._version,
            index_url=place.url(INDEX) or INDEX,
            ticket_url=self._ticket_url,
        )
        place.write(name, report_page(contents, self._texts, self._looks_private))
        write_index(place, self.past_weeks, self._texts, self._looks_private)
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
    """Write the list of all weeks, with links to the pages that exist."""
    there = place.names()
    urls = {
        past.week.label: place.url(page) or page
        for past in past_weeks
        if (page := page_name(past.week)) in there
    }
    place.write(INDEX, index_page(past_weeks, urls, texts, looks_private))


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

"""What is kept of a week beside its page, for a later run and for the pages about all weeks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalogue import Texts
from flows.analysis.rule_based import rule_based_analysis
from flows.report.values import Analysis, Receipt, WeeklyReport


@dataclass(frozen=True)
class Announcement:
    """Where and when a report's summary was posted.

    Args:
        at: the moment, in the reporting time zone.
        url: the message in Slack; None where it is in the outbox.
        is_in_thread: whether somebody had asked for it in a thread.
    """

    at: datetime
    url: str | None
    is_in_thread: bool = False


@dataclass(frozen=True)
class Record:
    """What a later run could not find out again: the analyses as posted, the run's receipt, where the report is."""

    analyses: tuple[Analysis, ...] = ()
    receipt: Receipt | None = None
    announcement: Announcement | None = None

    def updated(self, news: Record) -> Record:
        """The record with a later run's receipt, and its analyses in place of those on the same categories.

        Of two announcements the channel's counts, then the first: that is when people had the report.
        """
        by_category = {a.category: a for a in (*self.analyses, *news.analyses)}
        announced = filter(None, (self.announcement, news.announcement))
        first = min(announced, key=lambda each: (each.is_in_thread, each.at), default=None)
        return Record(tuple(by_category.values()), news.receipt, first)

    def completed(self, report: WeeklyReport, texts: Texts) -> Record:
        """The record with an analysis by rule wherever none was kept."""
        known = {analysis.category for analysis in self.analyses}
        by_rule = (
            rule_based_analysis(report.material_for(change), texts)
            for change in report.to_analyse
            if change.category not in known
        )
        return Record((*self.analyses, *by_rule), self.receipt, self.announcement)

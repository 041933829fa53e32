"""The result of a run: the value that the flow returns and `voc run --json` prints. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from flows.report.message import Delivered, Message
from flows.report.values import STATUSES, Analysis, Receipt, WeeklyReport, WeekPair

Outcome = Literal["posted", "already_posted", "dry_run", "quiet", "no_data", "not_ready"]


@dataclass(frozen=True)
class RunResult:
    """`messages` are what this run wrote, `delivered` is where the report was posted (empty in a dry run).

    `last_date` is the date of the newest ticket where the source ends before the report week, `missing_days` are days
    of the week that are not loaded yet; `page` is the address of the report's page, or its path if it has no address;
    `doubts` are printed as they are.
    """

    outcome: Outcome
    weeks: WeekPair
    report: WeeklyReport | None = None
    analyses: tuple[Analysis, ...] = ()
    messages: tuple[Message, ...] = ()
    delivered: tuple[Delivered, ...] = ()
    last_date: date | None = None
    page: str | None = None
    doubts: tuple[dict[str, Any], ...] = ()
    missing_days: tuple[date, ...] = ()
    receipt: Receipt | None = None

    @classmethod
    def of(
        cls,
        report: WeeklyReport,
        analyses: Iterable[Analysis],
        messages: Iterable[Message],
        delivered: Sequence[Delivered],
        *,
        dry_run: bool,
        page: str | None = None,
        doubts: Iterable[dict[str, Any]] = (),
        receipt: Receipt | None = None,
    ) -> RunResult:
        """The result of a run that completed; the outcome is the first that applies."""
        outcome: Outcome = "posted" if report.has_news else "quiet"
        if not any(message.is_new for message in delivered):
            outcome = "already_posted"
        if dry_run:
            outcome, delivered = "dry_run", ()
        return cls(
            outcome,
            report.weeks,
            report,
            tuple(analyses),
            tuple(messages),
            tuple(delivered),
            page=page,
            doubts=tuple(doubts),
            receipt=receipt,
        )

    def as_json(self) -> dict[str, Any]:
        report = self.report
        alarms = report.alarms if report else None
        return {
            "outcome": self.outcome,
            "report_week": self.weeks.comparison.as_json(),
            "base_week": self.weeks.base.as_json(),
            "status_counts": report.status_counts if report else dict.fromkeys(STATUSES, 0),
            "alarms": alarms.alarms if alarms else None,
            "strong_alarms": alarms.strong_alarms if alarms else None,
            "alarms_by_chance": alarms.alarms_by_chance if alarms else None,
            "alerts": [change.as_alert() for change in report.to_analyse] if report else [],
            "rising_words": [word.as_json() for word in report.rising_words] if report else [],
            "changes": [change.as_json() for change in report.changes] if report else [],
            "analyses": [analysis.as_json() for analysis in self.analyses],
            "messages": [delivered.as_json() for delivered in self.delivered],
            "doubts": list(self.doubts),
            "missing_days": [day.isoformat() for day in self.missing_days],
            "receipt": self.receipt.as_json() if self.receipt else None,
        }

"""How the product itself did, week by week: from the marts and from what its runs have recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from catalogue import Texts
from flows.page.record import Record
from flows.report.doubts import doubt_text
from flows.report.values import PastWeek, Receipt

PRODUCT_WEEKS = 26
DUE = time(9, 30)
"""Of the Monday after the week: half an hour after the schedule, when the bot would miss the report."""


class ProductWeek:
    """One week: what its run recorded and what the marts hold of it. What was not recorded is None."""

    def __init__(self, past: PastWeek, record: Record, texts: Texts) -> None:
        self.past = past
        self.announcement = record.announcement
        self.receipt: Receipt | None = record.receipt
        self.answers = [a for a in record.analyses if a.source != "rule_based"]
        self.by_rule = len(record.analyses) - len(self.answers)
        self.sentences_left_out = sum(answer.sentences_left_out for answer in self.answers)
        self.has_record = record != Record()
        self._texts = texts

    @property
    def is_on_time(self) -> bool | None:
        if self.announcement is None:
            return None
        at = self.announcement.at
        due = datetime.combine(self.past.week.end + timedelta(days=1), DUE, at.tzinfo)
        return at <= due

    @property
    def doubts(self) -> Iterator[str]:
        return (doubt_text(doubt, self._texts) for doubt in self.past.doubts)


def facts(weeks: Sequence[ProductWeek], texts: Texts) -> list[tuple[str, str]]:
    """The sums of the weeks: a title and what is true of it. What nothing was recorded of has a dash."""
    posted = [week.is_on_time for week in weeks if week.is_on_time is not None]
    receipts = [week.receipt for week in weeks if week.receipt]
    answers = sum(len(week.answers) for week in weeks)
    billed = [receipt.bytes_billed for receipt in receipts if receipt.bytes_billed is not None]
    doubtful = sum(bool(week.past.doubts) for week in weeks)
    cost = [
        *([texts("html.megabytes", megabytes=sum(billed) / len(billed) / 1e6)] if billed else []),
        *(
            [
                texts(
                    "html.tokens",
                    tokens=round(sum(each.laas_tokens for each in receipts) / len(receipts)),
                )
            ]
            if receipts
            else []
        ),
    ]
    return [
        (
            texts("html.on_time"),
            texts("html.of_weeks", count=sum(posted), weeks=len(posted)) if posted else "–",
        ),
        (
            texts("html.alarms"),
            texts(
                "html.alarms_of_weeks",
                alarms=sum(week.past.alarms for week in weeks),
                strong=sum(week.past.strong_alarms for week in weeks),
                chance=round(sum(week.past.alarms_by_chance for week in weeks)),
            ),
        ),
        (
            texts("html.answers"),
            texts(
                "html.answers_of_weeks",
                answers=answers,
                sentences=sum(week.sentences_left_out for week in weeks),
            )
            if answers
            else "–",
        ),
        (texts("html.cost"), " · ".join(cost) or "–"),
        (texts("html.faults"), texts("html.of_weeks", count=doubtful, weeks=len(weeks))),
    ]


def meanings(texts: Texts) -> list[str]:
    """What each of those numbers is, and what nothing is recorded of."""
    parts = ("on_time", "alarms", "answers", "cost", "faults")
    return [texts(f"html.meaning_{part}", due=f"{DUE:%H:%M}") for part in parts]

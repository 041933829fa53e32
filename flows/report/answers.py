"""The values that answer a question. Pure; numbers, statuses and evidence are the marts'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flows.report.categories import Levels
from flows.report.values import (
    Analysis,
    Category,
    CategoryWeek,
    Change,
    Example,
    Keyword,
    Status,
    Week,
    WeekPair,
)

Reason = Literal["several", "not_understood", "no_week"]


@dataclass(frozen=True)
class CategoryAnswer:
    """How a category is doing, or all categories below a level (`levels` without one: all there are).

    `history` ends with the comparison week; `changes` are its rows, the most urgent first. Keywords, examples and
    analysis are about `explained`: the worst row, where a category or the reason is asked for; None where nothing got
    worse.
    """

    weeks: WeekPair
    levels: Levels
    history: tuple[CategoryWeek, ...]
    changes: tuple[Change, ...]
    keywords: tuple[Keyword, ...] = ()
    examples: tuple[Example, ...] = ()
    wants_why: bool = False
    explained: Change | None = None
    analysis: Analysis | None = None

    kind = "category"

    @property
    def change(self) -> Change | None:
        """The row of the category itself; None for an upper level, and where the week has no row for it."""
        return next((c for c in self.changes if c.category == self.levels), None)

    def as_json(self) -> dict[str, Any]:
        return {
            **_of_weeks(self.weeks, self.levels),
            "weeks": [week.as_json() for week in self.history],
            "rows": [change.as_json() for change in self.changes],
            "keywords": [
                {
                    "keyword": k.label,
                    "base_count": k.base_count,
                    "comparison_count": k.comparison_count,
                }
                for k in self.keywords
            ],
            "examples": [_example_as_json(example) for example in self.examples],
            "analysis": self.analysis.as_json() if self.analysis else None,
        }


@dataclass(frozen=True)
class StatusAnswer:
    """The categories with one of these statuses in the comparison week, the most urgent first."""

    weeks: WeekPair
    levels: Levels
    statuses: tuple[Status, ...]
    changes: tuple[Change, ...]

    kind = "statuses"

    def as_json(self) -> dict[str, Any]:
        return {
            **_of_weeks(self.weeks, self.levels),
            "statuses": list(self.statuses),
            "rows": [change.as_json() for change in self.changes],
        }


@dataclass(frozen=True)
class TrendAnswer:
    """The weeks up to the comparison week, oldest first."""

    weeks: WeekPair
    levels: Levels
    history: tuple[CategoryWeek, ...]

    kind = "trend"

    def as_json(self) -> dict[str, Any]:
        return {
            **_of_weeks(self.weeks, self.levels),
            "weeks": [week.as_json() for week in self.history],
        }


@dataclass(frozen=True)
class ComparedCategory:
    """A category in two weeks."""

    category: Category
    first: CategoryWeek
    second: CategoryWeek

    @property
    def growth(self) -> int:
        return self.second.total_count - self.first.total_count


@dataclass(frozen=True)
class ComparisonAnswer:
    """Two weeks side by side, which need not follow each other; `weeks.base` is the earlier.

    `rows` are in the order of their change in tickets, the largest first.
    """

    weeks: WeekPair
    levels: Levels
    rows: tuple[ComparedCategory, ...]

    kind = "comparison"

    @property
    def first(self) -> CategoryWeek:
        return _sum_of([row.first for row in self.rows], self.weeks.base)

    @property
    def second(self) -> CategoryWeek:
        return _sum_of([row.second for row in self.rows], self.weeks.comparison)

    def as_json(self) -> dict[str, Any]:
        return {
            **_of_weeks(self.weeks, self.levels),
            "weeks": [self.first.as_json(), self.second.as_json()],
            "rows": [
                {
                    "category": list(row.category),
                    "weeks": [row.first.as_json(), row.second.as_json()],
                }
                for row in self.rows
            ],
        }


@dataclass(frozen=True)
class ExamplesAnswer:
    """Masked tickets of the comparison week, by category, the most urgent first.

    Without one, `has_alarms` says whether there is a category that got worse: tickets of others are not kept.
    """

    weeks: WeekPair
    levels: Levels
    examples: Mapping[Category, tuple[Example, ...]]
    has_alarms: bool

    kind = "examples"

    def as_json(self) -> dict[str, Any]:
        return {
            **_of_weeks(self.weeks, self.levels),
            "examples": [
                {"category": list(category), **_example_as_json(example)}
                for category, examples in self.examples.items()
                for example in examples
            ],
        }


@dataclass(frozen=True)
class Suggestions:
    """Questions to ask instead: where several names fit, where nothing was understood, where a week is missing.

    `asked` is the question with personal data masked.
    """

    asked: str
    questions: tuple[str, ...]
    reason: Reason

    kind = "suggestions"

    def as_json(self) -> dict[str, Any]:
        return {"asked": self.asked, "reason": self.reason, "questions": list(self.questions)}


@dataclass(frozen=True)
class Unavailable:
    """There is nothing to answer from: no report was built yet, or one is being built (`is_busy`)."""

    is_busy: bool

    kind = "unavailable"

    def as_json(self) -> dict[str, Any]:
        return {"is_busy": self.is_busy}


Answer = (
    CategoryAnswer
    | StatusAnswer
    | TrendAnswer
    | ComparisonAnswer
    | ExamplesAnswer
    | Suggestions
    | Unavailable
)


def _of_weeks(weeks: WeekPair, levels: Levels) -> dict[str, Any]:
    return {
        "report_week": weeks.comparison.as_json(),
        "base_week": weeks.base.as_json(),
        "category": list(levels),
    }


def _sum_of(weeks: Sequence[CategoryWeek], week: Week) -> CategoryWeek:
    """One week of several categories: their tickets."""
    return CategoryWeek(
        week,
        sum(each.total_count for each in weeks),
        sum(each.negative_count for each in weeks),
        None,
    )


def _example_as_json(example: Example) -> dict[str, Any]:
    return {"ticket_id": example.ticket_id, "quote": example.quote}

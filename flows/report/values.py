"""The values a report is made of, and pure functions on them. Columns are the marts' columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, Literal, TypeVar

from flows.report.emphasis import plain

Status = Literal["CRITICAL", "MONITOR", "IMPROVED", "STABLE"]
STATUSES: tuple[Status, ...] = ("CRITICAL", "MONITOR", "IMPROVED", "STABLE")
ANALYSED: tuple[Status, ...] = ("CRITICAL", "MONITOR")

Mark = Literal["strong", "weak"]
Resolution = Literal["resolved", "still_raised"]

Category = tuple[str, ...]
"""The three names of a category; of what is announced, perhaps the one or two of a level above."""


def levels_named(names: Iterable[str]) -> Category:
    """The names of a row down to its level: in the marts those below it are empty."""
    levels = tuple(names)
    while len(levels) > 1 and levels[-1] == "":
        levels = levels[:-1]
    return levels


Cause = Literal["late", "deleted", "reclassified", "thresholds"]

MAX_KEYWORD_CHARACTERS = 40


def printable(text: str) -> str:
    """The text on one line, without control characters and without marks that change the reading direction."""
    # Invisible characters are removed without a trace: a space in their place would hide a number from the mask.
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)


@dataclass(frozen=True)
class Week:
    """A week: its Monday, its Sunday and its ISO label, such as 2026-W46."""

    start: date
    end: date
    label: str

    def as_json(self) -> dict[str, str]:
        return {"start": self.start.isoformat(), "end": self.end.isoformat(), "label": self.label}


Usual = tuple[int, int]
"""The fewest and the most tickets that a category has in a week without a change (usual_low, usual_high)."""


def usual_range(low: int | None, high: int | None) -> Usual | None:
    """None where it is not known."""
    return None if low is None or high is None else (low, high)


@dataclass(frozen=True)
class Count:
    """Tickets in a week, how many of them are negative, and how many are usual where that was judged."""

    total: int
    negative: int
    usual: Usual | None = None

    @property
    def negative_ratio(self) -> float | None:
        return self.negative / self.total if self.total else None


@dataclass(frozen=True)
class History:
    """The weeks up to a report's, oldest first, and each category's counts in them.

    A category has as many counts as there are weeks: a week without tickets counts 0.
    """

    weeks: tuple[Week, ...]
    counts: Mapping[Category, tuple[Count, ...]]

    def of(self, levels: Category) -> tuple[Count, ...]:
        """The counts of a category, or of all below the names of a level above; without names, of all together."""
        if found := self.counts.get(levels):
            return found
        depth = len(levels)
        below = [counts for names, counts in self.counts.items() if names[:depth] == levels]
        return tuple(
            Count(sum(count.total for count in week), sum(count.negative for count in week))
            for week in ([counts[i] for counts in below] for i in range(len(self.weeks)))
        )

    @property
    def overall(self) -> tuple[Count, ...]:
        """The counts of all categories together."""
        return self.of(())


@dataclass(frozen=True)
class PastWeek:
    """A comparison week: how many categories had each status, its tickets, what its alarms are worth, its faults."""

    week: Week
    status_counts: Mapping[Status, int]
    tickets: int = 0
    alarms: int = 0
    strong_alarms: int = 0
    alarms_by_chance: float = 0.0
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Correction:
    """A category whose status, or the mark of an alarm, has changed in a past week since its report was posted.

    A status is None where the category had no row; the totals are today's. `cause` is what changed: tickets that came
    later, tickets deleted since, tickets classified anew, or the thresholds.
    """

    category: Category
    posted_status: Status | None
    status: Status | None
    base_total: int
    comparison_total: int
    cause: Cause
    posted_evidence: Mark | None = None
    evidence: Mark | None = None


@dataclass(frozen=True)
class Receipt:
    """What a report is made of and what it cost.

    Args:
        last_day: the last day that the source reaches, None where it is not known.
        tickets: tickets counted in the two weeks.
        bytes_billed: what BigQuery billed, None on DuckDB.
        laas_calls: requests to the model; answers kept from an earlier run are not counted.
        laas_tokens: tokens that the model says the requests cost.
        seconds: from the start of the run to the last analysis.
        version: label of the program that wrote the report.
        model: name of the model.
        questions_not_asked: analyses for which the model was not asked, as it had failed several times in a row.
        questions_out_of_time: analyses for which the time for the model was too short.
        comparison_tickets: those of them in the comparison week.
        timezone: the zone whose days make weeks.
    """

    last_day: date | None
    tickets: int
    bytes_billed: int | None
    laas_calls: int
    laas_tokens: int
    seconds: float
    version: str
    model: str = "LaaS"
    questions_not_asked: int = 0
    questions_out_of_time: int = 0
    comparison_tickets: int = 0
    timezone: str = ""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "last_day": self.last_day and self.last_day.isoformat()}


@dataclass(frozen=True)
class WeekPair:
    """The comparison week (the report week) and the base week before it."""

    comparison: Week
    base: Week


@dataclass(frozen=True)
class Driver:
    """What is right below a level that is announced, with its part of the change.

    Args:
        base_total, comparison_total: its tickets; the changes of those of one alert add up to the alert's.
        share: its change in tickets ÷ the alert's; None where that is 0.
        excess_share: of what all of them have beyond the expected, 0 to 1; None where none has more.
        rate_effect, mix_effect: parts of the change in the alert's negative ratio, −1 to 1; None where a week has no
            ticket.
    """

    category: Category
    base_total: int
    comparison_total: int
    share: float | None
    excess_share: float | None
    rate_effect: float | None
    mix_effect: float | None

    @property
    def change(self) -> int:
        return self.comparison_total - self.base_total

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"category": list(self.category), "change": self.change}


@dataclass(frozen=True)
class Change:
    """One row of `fct_voc_weekly_status`; units and meanings are documented there.

    Or of a level above that is announced, of `fct_voc_weekly_drivers`: names below it are empty, status and reason
    are those of the alert. `drivers` are what is right below it, `folded` the alarms that it stands for; both with
    the most tickets beyond the expected first, or the most negative ones where only their share is an alarm.
    """

    week_start: date
    category1: str
    category2: str
    category3: str
    status: Status
    status_reason: str | None
    base_total: int
    comparison_total: int
    base_negative: int
    comparison_negative: int
    total_change_pct: float | None
    base_negative_ratio: float | None
    comparison_negative_ratio: float | None
    negative_ratio_change_pp: float | None
    is_new: bool
    total_last_8_weeks: tuple[int, ...]
    weeks_before: int | None = None
    expected_total: float | None = None
    usual_low: int | None = None
    usual_high: int | None = None
    usual_negative_ratio: float | None = None
    p_increase: float | None = None
    p_decrease: float | None = None
    p_negative: float | None = None
    q_increase: float | None = None
    q_decrease: float | None = None
    q_negative: float | None = None
    chance_of_alarm: float | None = None
    evidence: Mark | None = None
    evidence_note: str | None = None
    is_unusual: bool | None = None
    first_week_start: date | None = None
    alarm_weeks: int = 0
    weeks_since_alarm: int | None = None
    alert_status_before: Status | None = None
    resolution: Resolution | None = None
    drivers: tuple[Driver, ...] = ()
    folded: tuple[Category, ...] = ()

    @property
    def category(self) -> Category:
        return levels_named((self.category1, self.category2, self.category3))

    @property
    def is_clear(self) -> bool:
        """Whether its evidence is strong: the one meaning of "clear" in texts."""
        return self.evidence == "strong"

    @property
    def is_first_seen(self) -> bool:
        """Whether it has its first tickets ever: one without tickets in the base week may also be back."""
        was_there = any(self.total_last_8_weeks[:-1])
        return self.is_new and not was_there and self.first_week_start in (None, self.week_start)

    @property
    def is_share_alone(self) -> bool:
        """Whether only the negative share decided."""
        return self.reasons == ("negative_ratio",)

    @property
    def usual(self) -> Usual | None:
        return usual_range(self.usual_low, self.usual_high)

    @property
    def is_usual(self) -> bool:
        """Whether its tickets are within the usual range."""
        usual = self.usual
        return usual is not None and usual[0] <= self.comparison_total <= usual[1]

    @property
    def p(self) -> float | None:
        """The smallest p value of the rules that were met; None where none was tested."""
        met = (getattr(self, _P_OF_RULES[reason]) for reason in self.reasons)
        return min((p for p in met if p is not None), default=None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules that were met, in the order of `status_reason`."""
        return tuple(self.status_reason.split("+")) if self.status_reason else ()

    def as_json(self) -> dict[str, Any]:
        """The row as `voc … --json` prints it: the mart's columns without the trend."""
        row = {name: getattr(self, name) for name in COLUMNS_OF_CHANGE}
        del row["total_last_8_weeks"]
        first = self.first_week_start
        return row | {
            "week_start": self.week_start.isoformat(),
            "first_week_start": first and first.isoformat(),
        }

    def as_alert(self) -> dict[str, Any]:
        """What is announced, as `voc run --json` prints it."""
        return {
            "level": len(self.category),
            "category": list(self.category),
            "evidence": self.evidence,
            "p": self.p,
            "drivers": [driver.as_json() for driver in self.drivers],
            "folded": [list(category) for category in self.folded],
        }


COLUMNS_OF_CHANGE = tuple(
    field.name for field in fields(Change) if field.name not in ("drivers", "folded")
)
_P_OF_RULES = {
    "volume_increase": "p_increase",
    "negative_ratio": "p_negative",
    "volume_decrease": "p_decrease",
}


def most_urgent_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """By severity, then clear ones before the others, then by p, then by the absolute change in tickets."""
    return tuple(
        sorted(
            changes,
            key=lambda change: (
                STATUSES.index(change.status),
                not change.is_clear,
                2 if change.p is None else change.p,
                -abs(change.comparison_total - change.base_total),
                change.category,
            ),
        )
    )


def to_look_at_first(changes: Sequence[Change]) -> Change | None:
    """Of changes in their order the first clear alarm; where no alarm is clear, the first that is not stable."""
    clear = (c for c in changes if c.status in ANALYSED and c.is_clear)
    return next(clear, next((c for c in changes if c.status != "STABLE"), None))


@dataclass(frozen=True)
class Alarms:
    """A row of `fct_voc_weekly_alarms`: what the alarms of a week are worth; units are documented there."""

    alarms: int
    strong_alarms: int
    alarms_by_chance: float
    week_level: float | None
    negative_share: float | None
    negative_share_expected: float | None
    base_total: int = 0
    comparison_total: int = 0
    base_negative: int = 0
    comparison_negative: int = 0
    usual_low: int | None = None
    usual_high: int | None = None

    @property
    def base(self) -> Count:
        """All tickets of the base week."""
        return Count(self.base_total, self.base_negative)

    @property
    def comparison(self) -> Count:
        """All tickets of the comparison week, with how many are usual."""
        usual = usual_range(self.usual_low, self.usual_high)
        return Count(self.comparison_total, self.comparison_negative, usual)


@dataclass(frozen=True)
class Backtest:
    """A week's alarms under other thresholds: kept, gained and lost, how many of each are clear, and by chance.

    Columns of dbt_project/analyses/backtest.sql; `week` is None in the sum of all weeks.
    """

    week: Week | None
    kept: int
    kept_strong: int
    gained: int
    gained_strong: int
    lost: int
    lost_strong: int
    alarms_by_chance: float
    alarms_by_chance_candidate: float

    @classmethod
    def sum_of(cls, weeks: Sequence[Backtest]) -> Backtest:
        names = [each.name for each in fields(cls)][1:]
        return cls(None, **{name: sum(getattr(week, name) for week in weeks) for name in names})

    def as_json(self) -> dict[str, Any]:
        figures = {each.name: getattr(self, each.name) for each in fields(self)}
        week = figures.pop("week")
        return ({"week": week.as_json()} if week else {}) | figures


@dataclass(frozen=True)
class CategoryWeek:
    """The tickets of one week in a category, or below one of its upper levels.

    `status` is None where none was judged, `usual` also below an upper level.
    """

    week: Week
    total_count: int
    negative_count: int
    status: Status | None
    usual: Usual | None = None
    evidence: Mark | None = None

    @property
    def negative_ratio(self) -> float | None:
        """The share of negative tickets, 0 to 1; None in a week without tickets."""
        return self.negative_count / self.total_count if self.total_count else None

    def as_json(self) -> dict[str, Any]:
        """The week as `voc history --json` prints it, under the names of the marts' columns."""
        return {
            "week_start": self.week.start.isoformat(),
            "week_label": self.week.label,
            "total_count": self.total_count,
            "negative_count": self.negative_count,
            "negative_ratio": self.negative_ratio,
            "status": self.status,
            "usual_low": self.usual[0] if self.usual else None,
            "usual_high": self.usual[1] if self.usual else None,
            "evidence": self.evidence,
        }


@dataclass(frozen=True)
class Sample:
    """A masked ticket that represents a category or level above; `week_role` is comparison or base."""

    category: Category
    week_role: Literal["comparison", "base"]
    ticket_id: str
    is_negative: bool
    title: str
    detail: str
    day: date | None = None

    @property
    def text(self) -> str:
        return self.detail.strip() or self.title.strip()


def keyword_label(keyword: str) -> str:
    """A keyword as it is shown: one without a comma may be a whole text."""
    return printable(keyword[:MAX_KEYWORD_CHARACTERS])


@dataclass(frozen=True)
class Keyword:
    """A keyword that rose in its category: tickets with it in the base and the comparison week."""

    category: Category
    keyword: str
    base_count: int
    comparison_count: int

    @property
    def label(self) -> str:
        return keyword_label(self.keyword)


@dataclass(frozen=True)
class RisingWord:
    """A keyword that rose over the whole service: its tickets in the base and the comparison week, and its p value.

    `category` is the name, of one to three levels, that has most of the new tickets; empty where none has.
    """

    word: str
    base_count: int
    comparison_count: int
    p: float
    category: Category = ()

    @property
    def label(self) -> str:
        return keyword_label(self.word)

    def as_json(self) -> dict[str, Any]:
        return {
            "word": self.word,
            "base": self.base_count,
            "comparison": self.comparison_count,
            "p": self.p,
            "category": list(self.category),
        }


@dataclass(frozen=True)
class Threshold:
    """A row of the seed `status_thresholds` that applies to every category; None: rule not used."""

    status: Status
    min_total: int
    min_increase_pct: int | None
    min_negative_ratio_increase_pp: int | None
    min_decrease_pct: int | None


Override = tuple[Status, tuple[str, ...]]
"""A row of the thresholds for some categories: its status, and the levels that it names, * for any."""


@dataclass(frozen=True)
class Doubt:
    """A fault of the source in a week: a row of `fct_voc_source_doubts`; units and codes are documented there.

    `is_incomplete` says that tickets seem to be missing. `category` and `renamed_to` are of renames only: the levels
    as they were, and the new name of the lowest of them.
    """

    week: Week
    code: str
    is_incomplete: bool
    days: tuple[date, ...]
    category: tuple[str, ...]
    renamed_to: str | None
    observed: float
    usual: float | None


@dataclass(frozen=True)
class WeeklyReport:
    """What one run has to report; rows are in the order of `most_urgent_first`.

    `alerts_above` are the levels above that are announced: their folded alarms are not announced by themselves.
    `past_alerts` were announced in the base week, at any level, and are no alarm any more.
    `rising_words` are of all tickets, the least likely by chance first.
    """

    weeks: WeekPair
    rows: tuple[Change, ...]
    thresholds: tuple[Threshold, ...]
    samples: tuple[Sample, ...]
    keywords: tuple[Keyword, ...]
    doubts: tuple[Doubt, ...] = ()
    alarms: Alarms | None = None
    tickets: tuple[Ticket, ...] = ()
    alerts_above: tuple[Change, ...] = ()
    past_alerts: tuple[Change, ...] = ()
    unused_overrides: tuple[Override, ...] = ()
    rising_words: tuple[RisingWord, ...] = ()

    @property
    def missing_tickets(self) -> tuple[Doubt, ...]:
        """Why the comparison week seems to lack tickets; empty where it does not."""
        return tuple(d for d in self.doubts if d.is_incomplete and d.week == self.weeks.comparison)

    @property
    def is_incomplete(self) -> bool:
        """Whether the comparison week seems to lack tickets: then fewer tickets are no improvement."""
        return bool(self.missing_tickets)

    @property
    def has_tickets(self) -> bool:
        """Whether the comparison week has any ticket: without one there is nothing to compare."""
        return any(row.comparison_total for row in self.rows)

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(row for row in self.rows if row.status != "STABLE")

    @property
    def has_news(self) -> bool:
        """Whether anything has changed: a category, or a level above whose categories are all stable."""
        return bool(self.changes or self.alerts_above)

    @property
    def held_back(self) -> tuple[Change, ...]:
        """What is not announced as improved, because tickets may be missing."""
        return tuple(c for c in self.changes if c.status == "IMPROVED" and self.is_incomplete)

    @property
    def resolved(self) -> tuple[Change, ...]:
        """What was announced in the base week and is over; nothing where tickets may be missing."""
        return self._past("resolved")

    @property
    def still_raised(self) -> tuple[Change, ...]:
        """What was announced in the base week, has not risen further, and has stayed where it was."""
        return self._past("still_raised")

    def _past(self, resolution: Resolution) -> tuple[Change, ...]:
        past = () if self.is_incomplete else self.past_alerts
        return tuple(change for change in past if change.resolution == resolution)

    @property
    def to_analyse(self) -> tuple[Change, ...]:
        """What got worse, each at the level of its cause, the most urgent first."""
        told_at = self.told_at
        alarms = tuple(r for r in self.rows if r.status in ANALYSED and r.category not in told_at)
        return most_urgent_first((*self.alerts_above, *alarms)) if self.alerts_above else alarms

    @property
    def announced(self) -> tuple[Change, ...]:
        """The changes that are told as such: what got worse, and what improved unless tickets may be missing."""
        improved = (c for c in self.changes if c.status == "IMPROVED" and not self.is_incomplete)
        return (*self.to_analyse, *improved)

    @property
    def announced_counts(self) -> dict[str, int]:
        """How many of each status are announced; categories that are stable are counted as they are."""
        counted = Counter(change.status for change in self.announced)
        return {**self.status_counts, **{s: counted[s] for s in STATUSES if s != "STABLE"}}

    @property
    def clear_count(self) -> int:
        """How many of the alarms that are announced are clear."""
        return sum(change.is_clear for change in self.to_analyse)

    @property
    def told_at(self) -> dict[Category, Change]:
        """The alert into which an alarm is folded, by the alarm's category."""
        return {category: change for change in self.alerts_above for category in change.folded}

    @property
    def status_counts(self) -> dict[str, int]:
        counted = Counter(row.status for row in self.rows)
        return {status: counted[status] for status in STATUSES}

    def material_for(self, change: Change) -> Material:
        samples, keywords, tickets = self._by_category
        return Material(
            change=change,
            weeks=self.weeks,
            samples=samples.get(change.category, ()),
            keywords=keywords.get(change.category, ()),
            tickets=tickets.get(change.category, ()),
        )

    @cached_property
    def _by_category(self) -> tuple[_Grouped[Sample], _Grouped[Keyword], _Grouped[Ticket]]:
        """Grouped once: to look through all tickets for each of 5,000 categories takes minutes.

        A level above has samples and keywords of its own, and the tickets of all below it.
        """
        below = [(t.category[:depth], t) for t in self.tickets for depth in (1, 2, 3)]
        return (
            _grouped((s.category, s) for s in self.samples),
            _grouped((k.category, k) for k in self.keywords),
            _grouped(below),
        )


@dataclass(frozen=True)
class Ticket:
    """A masked ticket of a category that got worse: every one of both weeks is there, to be counted."""

    category: Category
    week_role: Literal["comparison", "base"]
    ticket_id: str
    text: str


_OfCategory = TypeVar("_OfCategory", Sample, Keyword, Ticket)
_Grouped = Mapping[Category, tuple[_OfCategory, ...]]


def _grouped(values: Iterable[tuple[Category, _OfCategory]]) -> _Grouped[_OfCategory]:
    found: dict[Category, list[_OfCategory]] = {}
    for category, value in values:
        found.setdefault(category, []).append(value)
    return {category: tuple(each) for category, each in found.items()}


@dataclass(frozen=True)
class Material:
    """All that may be said about one category: its numbers, samples, rising keywords, and all its tickets."""

    change: Change
    weeks: WeekPair
    samples: tuple[Sample, ...]
    keywords: tuple[Keyword, ...]
    tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True)
class Support:
    """The tickets behind a hypothesis: the ids of those that hold one of its words, of how many in each week."""

    words: tuple[str, ...]
    base: tuple[str, ...]
    comparison: tuple[str, ...]
    base_total: int
    comparison_total: int

    def as_json(self) -> dict[str, Any]:
        return {
            "words": list(self.words),
            "base": {"count": len(self.base), "total": self.base_total, "tickets": list(self.base)},
            "comparison": {
                "count": len(self.comparison),
                "total": self.comparison_total,
                "tickets": list(self.comparison),
            },
        }


@dataclass(frozen=True)
class Example:
    """A masked sample quoted by its ticket id."""

    ticket_id: str
    quote: str


@dataclass(frozen=True)
class Analysis:
    """Why a category got worse: 요약 / 대표 예시 / 원인 가설 / 후속 조치."""

    category: Category
    source: Literal["laas", "model", "rule_based"]
    summary: str
    examples: tuple[Example, ...]
    hypotheses: tuple[str, ...]
    actions: tuple[str, ...]
    supports: tuple[Support, ...] = ()
    sentences_left_out: int = 0

    @property
    def is_markdown(self) -> bool:
        """Whether marks in its words are emphasis. What is written by rule quotes words of customers as they are."""
        return self.source != "rule_based"

    def as_json(self) -> dict[str, Any]:
        said = plain if self.is_markdown else str
        return {
            "category": list(self.category),
            "source": self.source,
            "summary": said(self.summary),
            "examples": [{"ticket_id": e.ticket_id, "quote": e.quote} for e in self.examples],
            "hypotheses": list(map(said, self.hypotheses)),
            "actions": list(map(said, self.actions)),
            "evidence": [support.as_json() for support in self.supports],
            "sentences_left_out": self.sentences_left_out,
        }


@dataclass(frozen=True)
class Opening:
    """What a model says of the week before anything else, checked: nothing where it was not asked or is late.

    Args:
        cause: one sentence on what is to be looked at first, with the tickets that it was counted in.
        paragraph: at most three sentences on the whole week.
    """

    cause: tuple[str, Support] | None = None
    paragraph: str | None = None


UNOPENED = Opening()

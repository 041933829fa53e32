"""Random worlds: tickets that come late, repeat, change and vanish over some Mondays, and a plain reference for them.

The reference knows the rules as they are told (docs and seed), nothing of the SQL: it counts all tickets anew for every
week, in Python's own calendar and exact fractions.
"""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.evidence_reference import alarms, evidence
from tests.test_properties import Pair, Rule, judged, rules_for

WEEK = timedelta(weeks=1)
# With daylight saving that ends within the weeks of a world, and without.
ZONES = ("Asia/Seoul", "America/New_York", "Europe/Berlin")
FIRST_WEEK = date(2026, 9, 7)
WEEKS, MONDAYS = 10, 3
NAMES = ("유저", "기업", "결제", "지원")
# The same name to a reader.
SPELLINGS = (
    lambda name: name,
    lambda name: f" {name}",
    lambda name: f"{name}\n",
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: f"{name[:1]}\u200b{name[1:]}",
)
EMOTIONS = ("부정", "부정", "중립", "긍정", " 부정 ", None, "", "화남")
Category = tuple[str, str, str]


@dataclass(frozen=True)
class Row:
    """A row of the source table."""

    id: str
    event_create_time: datetime
    category1: str | None
    category2: str | None
    category3: str | None
    overall_emotion: str | None


@dataclass
class World:
    """A source over time; the same seed makes the same world."""

    seed: int
    rows: list[Row] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.zone = ZONES[self.seed % len(ZONES)]
        self._next_id = 1000
        self.mondays = [FIRST_WEEK + (WEEKS + n) * WEEK for n in range(MONDAYS)]
        for week in range(WEEKS):
            self._load(FIRST_WEEK + week * WEEK, self._random.randint(60, 140))

    def next_monday(self, monday: date) -> None:
        """What happens to the source in a week: a new week, late and repeated tickets, deletions, changes of class."""
        draw = self._random
        self._load(monday - WEEK, draw.randint(60, 140))
        for _ in range(draw.randint(1, 3)):
            self._load(self._any_week(monday), draw.randint(1, 40))
        self.rows += draw.sample(self.rows, 15)  # inserted once more
        for _ in range(draw.randint(0, 2)):
            gone = self._any_week(monday)
            self.rows = [
                row for row in self.rows if week_of(row, self.zone) != gone or draw.random() < 0.4
            ]
        old, new = draw.sample(NAMES, 2)
        since = self._any_week(monday)
        self.rows = [
            replace(row, category2=new)
            if row.category2 == old and week_of(row, self.zone) >= since
            else row
            for row in self.rows
        ]

    def override(self) -> None:
        """Rows of thresholds for some categories; a name may be spelled in any way."""
        draw = self._random
        for status in ("CRITICAL", "MONITOR"):
            levels = (draw.choice(NAMES), draw.choice((None, *NAMES)), None)
            self.rules.append(
                Rule(status, levels, draw.randint(1, 15), draw.randint(0, 60), 15, None)
            )

    def _load(self, week: date, count: int) -> None:
        zone, draw = ZoneInfo(self.zone), self._random
        monday = datetime.combine(week, time(), zone).astimezone(UTC)
        after = datetime.combine(week + WEEK, time(), zone).astimezone(UTC)
        for _ in range(count):
            self._next_id += 1
            at = draw.choice(
                (
                    monday,
                    after - timedelta(microseconds=1),
                    monday + draw.random() * (after - monday),
                )
            )
            one, two, three = (
                name and draw.choice(SPELLINGS)(name)
                for name in (draw.choice((*NAMES, None, " ")) for _ in range(3))
            )
            id_ = draw.choice((str(self._next_id), f"{self._next_id} ", str(self._next_id - 1)))
            self.rows.append(Row(id_, at, one, two, three, draw.choice(EMOTIONS)))

    def _any_week(self, monday: date) -> date:
        weeks = (monday - FIRST_WEEK) // WEEK
        return FIRST_WEEK + self._random.randrange(weeks - 1) * WEEK


def week_of(row: Row, zone: str) -> date:
    day = row.event_create_time.astimezone(ZoneInfo(zone)).date()
    return day - timedelta(days=day.weekday())


def normalised(text: str | None) -> str:
    """One spelling of a name or an id."""
    visible = (text or "").replace("\u200b", "")
    return " ".join(unicodedata.normalize("NFC", visible).split())


def counted(rows: Iterable[Row], zone: str) -> dict[date, dict[Category, list[int]]]:
    """Tickets and negative tickets by week and category: of each id the latest row, then the smallest md5."""
    versions: dict[tuple[date, str], list[tuple[Any, Category, bool]]] = defaultdict(list)
    for row in rows:
        one, two, three = (
            normalised(level) or "(미분류)"
            for level in (row.category1, row.category2, row.category3)
        )
        category = (one, two, three)
        is_negative = normalised(row.overall_emotion) == "부정"
        written = "|".join((*category, str(is_negative).lower()))
        age = (datetime.max.replace(tzinfo=UTC) - row.event_create_time) // timedelta(
            microseconds=1
        )
        rank = (age, hashlib.md5(written.encode()).hexdigest())
        versions[week_of(row, zone), normalised(row.id)].append((rank, category, is_negative))
    counts: dict[date, dict[Category, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for (week, _), found in versions.items():
        _, category, is_negative = min(found)
        counts[week][category][0] += 1
        counts[week][category][1] += is_negative
    return counts


def _normalised_levels(rule: Rule) -> tuple[str | None, str | None, str | None]:
    one, two, three = (normalised(level) or None for level in rule.levels)
    return one, two, three


def expected(
    rows: Iterable[Row], zone: str, rules: list[Rule], as_of: date
) -> dict[tuple[date, Category], dict[str, Any]]:
    """The status mart, for every complete week that has a week before it."""
    counts = counted(rows, zone)
    rules = [rule._replace(levels=_normalised_levels(rule)) for rule in rules]
    first, last = min(counts), as_of - timedelta(days=as_of.weekday()) - WEEK
    found = {}
    week = first + WEEK
    while week <= last:
        before, now = counts.get(week - WEEK, {}), counts.get(week, {})
        for category in before.keys() | now.keys():
            base, comparison = before.get(category, [0, 0]), now.get(category, [0, 0])
            status, reason = judged(Pair(*base, *comparison), rules_for(category, rules))
            found[week, category] = {
                "status": status,
                "status_reason": reason,
                "base_total": base[0],
                "comparison_total": comparison[0],
                "base_negative": base[1],
                "comparison_negative": comparison[1],
                "total_last_8_weeks": [
                    counts.get(week - n * WEEK, {}).get(category, [0, 0])[0]
                    for n in range(7, -1, -1)
                ],
            }
        week += WEEK
    return found


def expected_evidence(
    rows: Iterable[Row], zone: str, rules: list[Rule], as_of: date
) -> tuple[dict[tuple[date, Category], dict[str, Any]], dict[date, dict[str, Any]]]:
    """The evidence of the same rows, and that of each week, by the formulas of docs/evidence.md."""
    counts = counted(rows, zone)
    rules = [rule._replace(levels=_normalised_levels(rule)) for rule in rules]
    first, end = min(counts), as_of - timedelta(days=as_of.weekday())
    weeks = [first + n * WEEK for n in range((end - first) // WEEK)]
    company = {
        category: [tuple_of(counts.get(week, {}).get(category, [0, 0])) for week in weeks]
        for category in {category for week in weeks for category in counts.get(week, {})}
    }
    found = evidence(company, rules)
    of_weeks = alarms(found, len(weeks))
    return (
        {(weeks[n], category): row for (category, n), row in found.items()},
        {weeks[n]: row for n, row in of_weeks.items()},
    )


def tuple_of(count: list[int]) -> tuple[int, int]:
    total, negative = count
    return total, negative

"""Tickets made to go wrong: week edges, NULLs, blanks, repeats, every status, and texts with everything in them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from flows import PROJECT_ROOT

Ticket = dict[str, Any]
BASE, COMPARISON = date(2026, 11, 2), date(2026, 11, 9)
SECOND = timedelta(seconds=1)
MONDAY_IN_SEOUL = datetime(2026, 11, 8, 15, tzinfo=UTC)
STATUS_CASES = PROJECT_ROOT / "dbt_project" / "tests" / "fixtures" / "status_cases.csv"

# Overrides and owners on one level, on two and on all three; where they meet, the more specific one counts.
_OVERRIDES = [
    {"status": "CRITICAL", "category1": "경계", "min_total": 500, "min_increase_pct": 10},
    {"status": "CRITICAL", "category2": "(미분류)", "min_total": 15, "min_increase_pct": 40},
    {"status": "CRITICAL", "category3": "c", "min_total": 20, "min_increase_pct": 25},
    {
        "status": "CRITICAL",
        "category1": "경계",
        "category2": "(미분류)",
        "category3": "c",
        "min_total": 1,
        "min_increase_pct": 0,
    },
    {"status": "MONITOR", "category2": "유저", "min_total": 1, "min_increase_pct": 0},
    {"status": "MONITOR", "category3": "none such", "min_total": 1, "min_increase_pct": 0},
]
_OWNERS = [
    {"owner": "U0ALL", "channel": "C0ALL"},
    {"category1": " 경계\u200b ", "owner": "S0EDGE", "channel": "G0EDGE", "language": "en"},
    {"category2": "(미분류)", "owner": "W0REST"},
    {"category1": "경계", "category2": "(미분류)", "category3": "c"},
    {"category3": "none such", "owner": "U0NONE"},
]
SEED_ROWS: dict[str, list[dict[str, Any]]] = {
    "status_thresholds": _OVERRIDES,
    "category_owners": _OWNERS,
}

KOREAN = (
    "이력서를 올리면 오류가 납니다. 연락처 010-1234-5678",
    "이력서를 올리면 오류가 납니다!! 연락처 010-9999-0000",  # a near-duplicate of the first
    'O\'Reilly "quoted" \\backslash\\ `backtick` {{ jinja }} %s; drop table t; --',
    "\u1112\u1161\u11ab\u1100\u1173\u11af 분해형, 전각 ０１０－１２３４－５６７８, 영\u200b폭",
    "메일 hong@example.com, 주민 900101-1234567, 카드 1234-5678-9012-3456",
    "👩‍👩‍👧 이모지 \t탭\n줄바꿈\r\n" + "긴 글 " * 400,
    "https://example.com/reset?token=abcdef123456 연봉 5,000만원 생일 1990.1.2",
    "   ",
    "",
    None,
)
KEYWORDS = ("앱, 오류", "오류,오류, ,", "", None, "010-1234-5678, 지원", "a,b,c,d,e,f,g,h,i,j,k,l")


def nasty_tickets() -> list[Ticket]:
    rows = [*_status_cases(), *_week_edges(), *_repeats(), *_categories_and_emotions()]
    texts, keywords = cycle(KOREAN), cycle(KEYWORDS)
    return [
        {"title": next(texts), "detail": next(texts), "keywords": next(keywords)} | row
        for row in rows
    ]


def _ticket(id_: str, at: datetime, category: str | None = "경계", **columns: Any) -> Ticket:
    row = {
        "id": id_,
        "event_create_time": at,
        "category1": category,
        "category2": None,
        "category3": "c",
        "overall_emotion": "중립",
        "inbound_outbound": None,
        "main_topic": None,
    }
    return row | columns


def _status_cases() -> Iterator[Ticket]:
    """The worked cases of the rules that take few tickets, spread over the days of both weeks."""
    with STATUS_CASES.open(encoding="utf-8", newline="") as file:
        for case in csv.DictReader(file):
            if int(case["base_total"]) + int(case["comparison_total"]) > 250:
                continue
            for week, role in ((BASE, "base"), (COMPARISON, "comparison")):
                total, negative = int(case[f"{role}_total"]), int(case[f"{role}_negative"])
                for n in range(total):
                    at = datetime.combine(week + timedelta(days=n % 7), datetime.min.time(), UTC)
                    yield _ticket(
                        f"{case['category1']}-{role}-{n}",
                        at + timedelta(hours=3, microseconds=n),
                        case["category1"],
                        category2="b",
                        category3="d",  # no override is for it
                        overall_emotion="부정" if n < negative else "긍정",
                    )


def _week_edges() -> Iterator[Ticket]:
    for weeks in (-2, -1, 0, 1):
        edge = MONDAY_IN_SEOUL + timedelta(weeks=weeks)
        yield _ticket(f"before-{weeks}", edge - timedelta(microseconds=1))
        yield _ticket(f"at-{weeks}", edge)
        yield _ticket(f"after-{weeks}", edge + SECOND)
    # A week without any ticket before it, and one far back.
    yield _ticket("old", datetime(2026, 9, 1, tzinfo=UTC))


def _repeats() -> Iterator[Ticket]:
    at = MONDAY_IN_SEOUL + timedelta(days=2)
    yield _ticket("repeated", at, "이르다")
    yield _ticket("repeated", at + SECOND, "늦다")
    for category in ("x", "y", "z", None):
        yield _ticket("tied", at, category)
    for n, text in enumerate(islice(KOREAN, 6)):
        yield _ticket("tied-text", at, "같다", title=f"{n}", detail=text)
    yield _ticket("two-weeks", at - timedelta(weeks=1))
    yield _ticket("two-weeks", at)


def _categories_and_emotions() -> Iterator[Ticket]:
    at = MONDAY_IN_SEOUL + timedelta(days=3)
    blanks = (None, "", " ", "\t\n", "\u3000", "\xa0", "  유저  ", "유저 ")
    emotions = ("부정", None, "", "부정 ", "화남", "NEGATIVE")
    for n, (blank, emotion) in enumerate(zip(cycle(blanks), islice(cycle(emotions), 48))):
        yield _ticket(f"blank-{n}", at, blank, category2=blank, overall_emotion=emotion)

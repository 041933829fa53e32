"""Values for tests: each function fills in what a test does not care about; keywords override."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

import pytest

from catalogue import Texts
from flows.report.values import (
    Analysis,
    Category,
    Change,
    Doubt,
    Driver,
    Example,
    Keyword,
    Material,
    Sample,
    Status,
    Threshold,
    Ticket,
    Week,
    WeeklyReport,
    WeekPair,
)
from flows.runtime.settings import Settings, load_settings
from flows.slack.messages import Composer

COMPARISON = Week(date(2025, 11, 10), date(2025, 11, 16), "2025-W46")
BASE = Week(date(2025, 11, 3), date(2025, 11, 9), "2025-W45")
WEEKS = WeekPair(comparison=COMPARISON, base=BASE)
CATEGORY: Category = ("유저", "이력서", "업로드 오류")
THRESHOLDS = (
    Threshold("CRITICAL", 20, 30, 20, None),
    Threshold("MONITOR", 10, 20, 10, None),
    Threshold("IMPROVED", 10, None, None, 20),
)
_REASONS: dict[Status, str | None] = {
    "CRITICAL": "volume_increase",
    "MONITOR": "volume_increase",
    "IMPROVED": "volume_decrease",
    "STABLE": None,
}


def build_change(
    status: Status = "CRITICAL",
    category: Category = CATEGORY,
    base: int = 20,
    comparison: int = 40,
    **columns: Any,
) -> Change:
    """A row of the mart from two totals; half the tickets of the comparison week are negative."""
    base_negative, negative = base // 4, comparison // 2
    names = (*category, "", "")
    base_ratio = base_negative / base if base else None
    ratio = negative / comparison if comparison else None
    row: dict[str, Any] = {
        "week_start": COMPARISON.start,
        "category1": names[0],
        "category2": names[1],
        "category3": names[2],
        "status": status,
        "status_reason": _REASONS[status],
        "base_total": base,
        "comparison_total": comparison,
        "base_negative": base_negative,
        "comparison_negative": negative,
        "total_change_pct": 100 * (comparison - base) / base if base else None,
        "base_negative_ratio": base_ratio,
        "comparison_negative_ratio": ratio,
        "negative_ratio_change_pp": (
            None if base_ratio is None or ratio is None else 100 * (ratio - base_ratio)
        ),
        "is_new": base == 0,
        "total_last_8_weeks": (0, 0, 0, 0, 0, 0, base, comparison),
    }
    return Change(**row | columns)


def build_changes(status: Status, count: int, first: int = 1) -> tuple[Change, ...]:
    """Changes of a status in categories of their own, the largest first."""
    return tuple(
        build_change(status, ("유저", status, f"{number}번째 분류"), comparison=2000 - number)
        for number in range(first, first + count)
    )


def build_report(*rows: Change, **values: Any) -> WeeklyReport:
    """A report of the rows given; without any, of one critical change."""
    defaults: dict[str, Any] = {
        "weeks": WEEKS,
        "rows": rows or (build_change(),),
        "thresholds": THRESHOLDS,
        "samples": (),
        "keywords": (),
    }
    return WeeklyReport(**defaults | values)


def build_alert_above(*folded: Category, **columns: Any) -> Change:
    """유저 / 이력서 as it is announced: it rose by 30, most of it in 업로드 오류."""
    changes = ((CATEGORY[2], 24), ("첨부 파일", 10), ("미리보기", 0), ("서식", -4))
    values: dict[str, Any] = {
        "base": 60,
        "comparison": 90,
        "evidence": "strong",
        "p_increase": 1e-5,
        "drivers": tuple(
            Driver(
                (*CATEGORY[:2], name), 15, 15 + change, change / 30, max(change, 0) / 34, 0.01, 0.0
            )
            for name, change in changes
        ),
        "folded": folded,
    }
    return build_change("CRITICAL", CATEGORY[:2], **values | columns)


def build_quiet_report(**values: Any) -> WeeklyReport:
    return build_report(build_change("STABLE"), **values)


def build_doubt(**values: Any) -> Doubt:
    """A doubt about the comparison week: by default its Wednesday was lost."""
    defaults: dict[str, Any] = {
        "week": COMPARISON,
        "code": "days_lost",
        "is_incomplete": True,
        "days": (date(2025, 11, 12),),
        "category": (),
        "renamed_to": None,
        "observed": 1.0,
        "usual": 15.0,
    }
    return Doubt(**defaults | values)


def build_samples(
    count: int,
    role: Literal["comparison", "base"] = "comparison",
    category: Category = CATEGORY,
    **values: Any,
) -> tuple[Sample, ...]:
    """Samples with ids that begin with 9001 in the comparison week and with 8001 in the base week."""
    first = 9001 if role == "comparison" else 8001
    return tuple(
        Sample(
            **{
                "category": category,
                "week_role": role,
                "ticket_id": str(number),
                "is_negative": True,
                "title": f"{number}번 제목",
                "detail": f"이력서를 올리면 {number}번째 오류가 납니다.",
            }
            | values
        )
        for number in range(first, first + count)
    )


def build_material(
    change: Change | None = None,
    samples: Iterable[Sample] | None = None,
    keywords: Iterable[Keyword] = (),
    tickets: Iterable[Ticket] = (),
) -> Material:
    """Material on a change; by default with three samples of each week."""
    default_samples = build_samples(3) + build_samples(3, "base")
    return Material(
        change=change or build_change(),
        weeks=WEEKS,
        samples=default_samples if samples is None else tuple(samples),
        keywords=tuple(keywords),
        tickets=tuple(tickets),
    )


def build_tickets(
    role: Literal["comparison", "base"], texts: Iterable[str], category: Category = CATEGORY
) -> tuple[Ticket, ...]:
    """Tickets with ids that begin with 9001 in the comparison week and with 8001 in the base week."""
    first = 9001 if role == "comparison" else 8001
    return tuple(Ticket(category, role, str(n), text) for n, text in enumerate(texts, first))


def build_analysis(**values: Any) -> Analysis:
    defaults: dict[str, Any] = {
        "category": CATEGORY,
        "source": "laas",
        "summary": "이력서 업로드가 실패한다는 문의가 두 배로 늘었습니다.",
        "examples": (Example("9001", "이력서를 올리면 오류가 납니다."),),
        "hypotheses": ("최근 배포의 파일 크기 제한이 원인일 수 있습니다.",),
        "actions": ("담당 팀이 재현해 봅니다.",),
    }
    return Analysis(**defaults | values)


def build_settings(**environment: str) -> Settings:
    """The settings that a run with these variables reads, on top of the test's environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return load_settings()


KOREAN = Texts("ko")


def build_composer(**links: str | None) -> Composer:
    """A composer that writes Korean, with the links given."""
    return Composer(KOREAN, **links)  # type: ignore[arg-type]

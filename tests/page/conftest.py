"""Fixtures: a report with every status and hostile words in it, and its page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from catalogue import Texts
from flows.page.html.page import report_page
from flows.page.html.rows import Contents
from flows.privacy.masker import Masker
from flows.report.values import (
    Category,
    Count,
    Example,
    History,
    Keyword,
    Receipt,
    Support,
    Week,
    WeeklyReport,
)
from tests.builders import (
    CATEGORY,
    COMPARISON,
    build_analysis,
    build_change,
    build_changes,
    build_report,
    build_samples,
    build_tickets,
)

HOSTILE: Category = ("유저", "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>")
PHONE = "010-4321-8765"
LONG = build_change(
    *("CRITICAL", ("가나다라마바사아자차" * 4, "카타파하" * 10, "분류 이름 " * 8), 10_000, 30_000),
    status_reason="volume_increase+negative_ratio",
    evidence="weak",
    evidence_note="company_wide",
    p_increase=0.1,
    usual_low=8_000,
    usual_high=20_000,
    usual_negative_ratio=0.2,
    weeks_before=3,
)
"""A category whose name and reasons take all the room that there is."""
RECEIPT = Receipt(date(2025, 11, 16), 1234, 5_000_000, 3, 4567, 61.4, "1.2.3")


@pytest.fixture(scope="session")
def masker() -> Masker:
    return Masker.of_project()


@pytest.fixture
def report() -> WeeklyReport:
    """Every status, and rows whose order differs by each column."""
    return build_report(
        build_change("CRITICAL", base=20, comparison=40, evidence="strong", p_increase=1e-5),
        build_change("CRITICAL", HOSTILE, base=0, comparison=30, evidence="weak", p_increase=0.1),
        build_change(
            *("MONITOR", ("기업", "결제", "환불"), 100, 121), evidence="strong", p_increase=1e-3
        ),
        build_change(
            *("IMPROVED", ("커리어", "콘텐츠", "수강 신청"), 60, 0),
            evidence="weak",
            p_decrease=0.03,
        ),
        *build_changes("STABLE", 2),
        samples=(
            *build_samples(3, detail='<b onclick="alert(3)">굵은</b> 글씨 & "따옴표"'),
            *build_samples(2, "base"),
            *build_samples(1, category=HOSTILE, title="<svg onload=alert(4)>", detail=""),
        ),
        keywords=(Keyword(CATEGORY, "<i>사파리</i>", 0, 49),),
        tickets=(
            *build_tickets(
                "comparison", ["사파리 오류 <u>9001</u>", f"사파리 {PHONE}", "다른 문의"]
            ),
            *build_tickets("base", ["사파리 로그인"]),
        ),
    )


@pytest.fixture
def contents(report: WeeklyReport) -> Contents:
    """The page of a finished run; the analysis of one category is still missing."""
    return Contents(
        report,
        build_history(report),
        analyses={
            CATEGORY: build_analysis(
                summary="<script>alert(5)</script> **급증**",
                examples=(Example("<u>1</u>", "“인용”"),),
                hypotheses=("**사파리** 갱신 이후일 수 있습니다.", "알 수 없습니다."),
                supports=(
                    Support(("사파리",), ("8001",), ("9001", "9002", "9999"), 20, 40),
                    Support((), (), (), 20, 40),
                ),
                sentences_left_out=2,
            ),
            HOSTILE: build_analysis(category=HOSTILE, source="rule_based"),
        },
        last_day=date(2025, 11, 16),
        receipt=RECEIPT,
        version="1.2.3",
        index_url="index.html",
    )


@pytest.fixture
def page(contents: Contents, masker: Masker) -> str:
    return report_page(contents, Texts(), masker.contains_pii)


def build_history(report: WeeklyReport, weeks: int = 26) -> History:
    """So many weeks up to the report's, with a rising number of tickets, a quarter of them negative."""
    mondays = [COMPARISON.start - timedelta(weeks=weeks - 1 - n) for n in range(weeks)]
    calendar = tuple(Week(day, day + timedelta(days=6), f"{day:%G-W%V}") for day in mondays)
    counts = tuple(Count(4 * n, n) for n in range(weeks))
    return History(calendar, {row.category: counts for row in report.rows})

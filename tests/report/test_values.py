"""What a report says of itself, and what a run came to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from flows.report.message import Delivered, Message
from flows.report.outcome import RunResult
from flows.report.values import (
    Alarms,
    Count,
    Example,
    History,
    Keyword,
    Receipt,
    Support,
    Ticket,
    WeeklyReport,
)
from tests.builders import (
    BASE,
    CATEGORY,
    COMPARISON,
    WEEKS,
    build_alert_above,
    build_analysis,
    build_change,
    build_changes,
    build_composer,
    build_quiet_report,
    build_report,
    build_samples,
)

MIXED = build_report(
    *build_changes("CRITICAL", 2),
    *build_changes("MONITOR", 1),
    *build_changes("IMPROVED", 3),
    *build_changes("STABLE", 4),
)


# --- The report -------------------------------------------------------------------------------


def test_every_status_is_counted_even_where_there_is_none() -> None:
    assert MIXED.status_counts == {"CRITICAL": 2, "MONITOR": 1, "IMPROVED": 3, "STABLE": 4}
    assert build_quiet_report().status_counts == {
        "CRITICAL": 0,
        "MONITOR": 0,
        "IMPROVED": 0,
        "STABLE": 1,
    }


def test_changes_are_all_but_the_stable_rows_in_the_order_given() -> None:
    assert MIXED.changes == MIXED.rows[:6]


def test_what_got_worse_is_analysed_and_what_improved_is_not() -> None:
    assert MIXED.to_analyse == MIXED.rows[:3]


def test_a_level_above_stands_for_the_alarms_folded_into_it() -> None:
    improved = build_change("IMPROVED", ("기업", "결제", "환불"), 40, 20)
    alone = build_change("MONITOR", ("기업", "결제", "세금계산서"), comparison=30)
    folded = build_change("CRITICAL", evidence="weak", p_increase=0.2)
    above = build_alert_above(folded.category)
    report = build_report(folded, alone, improved, alerts_above=(above,))
    assert report.to_analyse == (above, alone)
    assert report.announced == (above, alone, improved)
    assert report.changes == (folded, alone, improved)
    assert report.announced_counts == {"CRITICAL": 1, "MONITOR": 1, "IMPROVED": 1, "STABLE": 0}
    assert report.clear_count == 1
    assert report.told_at == {CATEGORY: above}
    assert [
        each["level"] for each in RunResult.of(report, [], [], [], dry_run=True).as_json()["alerts"]
    ] == [2, 3]


def test_a_level_above_is_news_where_all_its_categories_are_stable() -> None:
    report = build_report(build_change("STABLE"), alerts_above=(build_alert_above(),))
    assert report.has_news
    assert RunResult.of(report, [], [], delivered(True), dry_run=False).outcome == "posted"


def test_an_alert_is_printed_with_what_explains_it() -> None:
    above = build_alert_above(CATEGORY)
    printed = json.loads(json.dumps(above.as_alert()))
    first, *_, last = printed.pop("drivers")
    assert printed == {
        "level": 2,
        "category": ["유저", "이력서"],
        "evidence": "strong",
        "p": 1e-5,
        "folded": [["유저", "이력서", "업로드 오류"]],
    }
    assert first == {
        "category": ["유저", "이력서", "업로드 오류"],
        "base_total": 15,
        "comparison_total": 39,
        "change": 24,
        "share": 0.8,
        "excess_share": 24 / 34,
        "rate_effect": 0.01,
        "mix_effect": 0.0,
    }
    assert last["change"] == -4
    assert sum(driver.change for driver in above.drivers) == 30


def test_the_tickets_of_a_level_above_are_those_of_all_its_categories() -> None:
    beside, elsewhere = ("유저", "이력서", "첨부 파일"), ("유저", "지원", "취소")
    above = build_alert_above()
    report = build_report(
        alerts_above=(above,),
        samples=(*build_samples(1, category=above.category), *build_samples(2)),
        tickets=tuple(
            Ticket(category, "comparison", category[2], "글")
            for category in (CATEGORY, beside, elsewhere)
        ),
    )
    material = report.material_for(above)
    assert [ticket.ticket_id for ticket in material.tickets] == ["업로드 오류", "첨부 파일"]
    assert len(material.samples) == 1


def test_the_weeks_of_a_level_above_are_the_sums_of_its_categories() -> None:
    history = History(
        (BASE, COMPARISON),
        {
            CATEGORY: (Count(2, 1, (1, 9)), Count(3, 0, (1, 9))),
            ("유저", "이력서", "첨부 파일"): (Count(0, 0), Count(5, 5)),
            ("유저", "지원", "취소"): (Count(1, 0), Count(0, 0)),
        },
    )
    assert history.of(CATEGORY)[0].usual == (1, 9)
    assert history.of(("유저", "이력서")) == (Count(2, 1), Count(8, 5))
    assert history.overall == (Count(3, 1), Count(8, 5))
    assert history.of(("없는", "곳", "")) == (Count(0, 0), Count(0, 0))


@pytest.mark.parametrize(
    ("report", "has_tickets"),
    [
        (build_report(build_change("IMPROVED", comparison=0)), False),
        (build_report(build_change("IMPROVED", comparison=0), build_change("STABLE")), True),
        (build_report(rows=()), False),
    ],
)
def test_a_report_has_tickets_when_the_comparison_week_has_any(
    report: WeeklyReport, has_tickets: bool
) -> None:
    assert report.has_tickets is has_tickets


def test_evidence_is_what_belongs_to_the_category() -> None:
    other = ("유저", "이력서", "다른 오류")
    report = build_report(
        samples=(*build_samples(2), *build_samples(2, "base"), *build_samples(2, category=other)),
        keywords=(Keyword(CATEGORY, "업로드", 1, 2), Keyword(other, "로그인", 1, 2)),
    )
    material = report.material_for(report.changes[0])
    assert material.change == report.changes[0]
    assert material.weeks == report.weeks
    assert [sample.ticket_id for sample in material.samples] == ["9001", "9002", "8001", "8002"]
    assert [keyword.keyword for keyword in material.keywords] == ["업로드"]


def test_a_row_is_printed_with_the_marts_columns_without_the_trend() -> None:
    evidence: dict[str, Any] = {
        "weeks_before": 8,
        "expected_total": 20.5,
        "usual_low": 12,
        "usual_high": 30,
        "usual_negative_ratio": 0.25,
        "p_increase": 0.001,
        "p_decrease": 1.0,
        "p_negative": None,
        "q_increase": 0.01,
        "q_decrease": 1.0,
        "q_negative": None,
        "chance_of_alarm": 0.2,
        "evidence": "strong",
        "evidence_note": "new",
        "is_unusual": True,
        "first_week_start": None,
        "alarm_weeks": 0,
        "weeks_since_alarm": None,
        "alert_status_before": None,
        "resolution": None,
    }
    change = build_change(base=0, comparison=30, week_start=date(2025, 11, 10), **evidence)
    assert json.loads(json.dumps(change.as_json())) == {
        "week_start": "2025-11-10",
        "category1": "유저",
        "category2": "이력서",
        "category3": "업로드 오류",
        "status": "CRITICAL",
        "status_reason": "volume_increase",
        "base_total": 0,
        "comparison_total": 30,
        "base_negative": 0,
        "comparison_negative": 15,
        "total_change_pct": None,
        "base_negative_ratio": None,
        "comparison_negative_ratio": 0.5,
        "negative_ratio_change_pp": None,
        "is_new": True,
        **evidence,
    }


def test_an_analysis_is_printed_with_its_four_sections() -> None:
    analysis = build_analysis(
        summary="**요약**",
        examples=(Example("1", "말"),),
        hypotheses=("*가설*",),
        actions=("조치",),
        supports=(Support(("오류",), ("8001",), ("9001", "9002"), 20, 40),),
        sentences_left_out=1,
    )
    assert json.loads(json.dumps(analysis.as_json())) == {
        "category": ["유저", "이력서", "업로드 오류"],
        "source": "laas",
        "summary": "요약",
        "examples": [{"ticket_id": "1", "quote": "말"}],
        "hypotheses": ["가설"],
        "actions": ["조치"],
        "evidence": [
            {
                "words": ["오류"],
                "base": {"count": 1, "total": 20, "tickets": ["8001"]},
                "comparison": {"count": 2, "total": 40, "tickets": ["9001", "9002"]},
            }
        ],
        "sentences_left_out": 1,
    }


# --- The outcome ------------------------------------------------------------------------------


def delivered(*is_new: bool) -> list[Delivered]:
    return [Delivered(f"key {n}", "C0TEST", f"{n}.0", None, new) for n, new in enumerate(is_new)]


@pytest.mark.parametrize(
    ("report", "is_new", "dry_run", "outcome"),
    [
        (build_report(), (True, True), False, "posted"),
        (build_report(), (False, True), False, "posted"),
        (build_report(), (False, False), False, "already_posted"),
        (build_report(), (True, True), True, "dry_run"),
        (build_report(), (False, False), True, "dry_run"),
        (build_quiet_report(), (True,), False, "quiet"),
        (build_quiet_report(), (False,), False, "already_posted"),
        (build_quiet_report(), (True,), True, "dry_run"),
    ],
)
def test_the_outcome_is_dry_run_before_already_posted_before_quiet_before_posted(
    report: WeeklyReport, is_new: tuple[bool, ...], dry_run: bool, outcome: str
) -> None:
    result = RunResult.of(report, [], [], delivered(*is_new), dry_run=dry_run)
    assert result.outcome == outcome


def test_a_result_is_printed_as_one_object() -> None:
    messages: tuple[Message, ...] = build_composer().summary(MIXED)
    analysis = build_analysis()
    report = replace(MIXED, alarms=Alarms(3, 1, 2.5, 1.0, 0.2, 0.2))
    receipt = Receipt(COMPARISON.end, 1234, None, 3, 4567, 61.4, "1.2.3", questions_not_asked=2)
    result = RunResult.of(
        report, [analysis], messages, delivered(True, False), dry_run=False, receipt=receipt
    )
    printed: dict[str, Any] = json.loads(json.dumps(result.as_json()))
    assert printed == {
        "outcome": "posted",
        "report_week": {"start": "2025-11-10", "end": "2025-11-16", "label": "2025-W46"},
        "base_week": {"start": "2025-11-03", "end": "2025-11-09", "label": "2025-W45"},
        "status_counts": {"CRITICAL": 2, "MONITOR": 1, "IMPROVED": 3, "STABLE": 4},
        "alarms": 3,
        "strong_alarms": 1,
        "alarms_by_chance": 2.5,
        "doubts": [],
        "missing_days": [],
        "receipt": {
            "last_day": "2025-11-16",
            "tickets": 1234,
            "bytes_billed": None,
            "laas_calls": 3,
            "laas_tokens": 4567,
            "seconds": 61.4,
            "version": "1.2.3",
            "model": "LaaS",
            "questions_not_asked": 2,
            "questions_out_of_time": 0,
            "comparison_tickets": 0,
            "timezone": "",
        },
        "alerts": [
            {
                "level": 3,
                "category": list(row.category),
                "evidence": None,
                "p": None,
                "drivers": [],
                "folded": [],
            }
            for row in MIXED.rows[:3]
        ],
        "rising_words": [],
        "changes": [row.as_json() for row in MIXED.rows[:6]],
        "analyses": [analysis.as_json()],
        "messages": [
            {"key": "key 0", "channel": "C0TEST", "ts": "0.0", "thread_ts": None},
            {"key": "key 1", "channel": "C0TEST", "ts": "1.0", "thread_ts": None},
        ],
    }


def test_a_quiet_report_is_listed_as_posted_and_a_dry_run_lists_nothing() -> None:
    quiet = RunResult.of(build_quiet_report(), [], [], delivered(True), dry_run=False)
    dry = RunResult.of(build_quiet_report(), [], [], delivered(True), dry_run=True)
    assert len(quiet.as_json()["messages"]) == 1
    assert dry.as_json()["messages"] == []


def test_without_a_report_everything_is_counted_as_none() -> None:
    printed = RunResult("no_data", WEEKS).as_json()
    assert printed["report_week"] == COMPARISON.as_json()
    assert printed["status_counts"] == {"CRITICAL": 0, "MONITOR": 0, "IMPROVED": 0, "STABLE": 0}
    assert printed["changes"] == printed["analyses"] == printed["messages"] == []
    assert printed["receipt"] is None

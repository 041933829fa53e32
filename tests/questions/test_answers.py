"""Answers are what the marts say, on tables that dbt has built; their messages fit into Slack."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalogue import LOCALES, Texts
from flows.analysis.rule_based import rule_based_analysis
from flows.questions.answers import Sources, answer_to
from flows.report.answers import (
    Answer,
    CategoryAnswer,
    ComparisonAnswer,
    ExamplesAnswer,
    StatusAnswer,
    Suggestions,
    TrendAnswer,
)
from flows.report.values import Analysis, Change, Example, WeeklyReport
from flows.runtime.errors import NoTables, SourceError, TablesInUse
from flows.slack.answers import ASK, AnswerComposer
from flows.slack.preview import preview
from flows.warehouse.connection import DuckDBWarehouse
from tests.builders import build_analysis
from tests.fakes.block_kit import problems, shown_texts
from tests.fakes.message_rules import BLOCKS_TEXT_LIMIT, unescaped
from tests.parts import parts_of

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 18)
UPLOAD = ("유저", "이력서", "업로드 오류")
ALIMTALK = ("유저", "알림", "알림톡 중복 발송")
asked_why: list[Change] = []


@pytest.fixture(autouse=True)
def nobody_was_asked() -> None:
    asked_why.clear()


@pytest.fixture(scope="module")
def of_the_sample(sample_warehouse: Path) -> Sources:
    warehouse = DuckDBWarehouse(sample_warehouse)
    return Sources(lambda: warehouse, lambda week: (), parts_of().masker, Texts("ko"), TODAY)


async def explain(change: Change, report: WeeklyReport) -> Analysis:
    asked_why.append(change)
    return rule_based_analysis(report.material_for(change), Texts("ko"))


def ask(question: str, sources: Sources) -> Answer:
    return asyncio.run(answer_to(question, sources, explain))


def shown(answer: Answer, locale: str = "ko") -> str:
    """The message as a reader sees it, checked as Slack checks it."""
    message = AnswerComposer(Texts(locale)).answer(answer)  # type: ignore[arg-type]
    blocks = list(message.blocks)
    assert problems(blocks) == []
    assert sum(map(len, shown_texts(blocks))) <= BLOCKS_TEXT_LIMIT
    assert unescaped(message.text) == []
    assert message.text.strip()
    return preview(blocks)


def buttons(answer: Answer) -> list[str]:
    """The questions that a message offers."""
    blocks = AnswerComposer(Texts("ko")).answer(answer).blocks
    elements = [e for block in blocks if block["type"] == "actions" for e in block["elements"]]
    assert {element["action_id"] for element in elements} <= {ASK}
    return [element["value"] for element in elements]


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def test_an_upper_level_is_the_sum_of_what_is_below_it(
    of_the_sample: Sources, sample_warehouse: Path
) -> None:
    counted = rows(
        sample_warehouse,
        "select sum(total_count), sum(negative_count) from fct_voc_weekly_counts where category1 = '유저' "
        "and category2 = '이력서' group by week_start order by week_start desc limit 8",
    )
    answer = ask("유저 / 이력서", of_the_sample)
    assert isinstance(answer, CategoryAnswer)
    assert [(w.total_count, w.negative_count) for w in reversed(answer.history)] == counted
    assert {row.category[:2] for row in answer.changes} == {("유저", "이력서")}
    assert asked_why == []
    text = shown(answer)
    assert text.startswith("🔴 CRITICAL · 심각\n유저 / 이력서\n")
    assert "W46, 11.9–15 · 전주(W45)와 비교" in text
    assert "🔴 유저 / 이력서 / 업로드 오류 95 → 171건 (+80.0%) ◆" in text
    assert "상태는 아래 카테고리 가운데 가장 나쁜 것입니다." in text
    assert buttons(answer) == ["유저 / 이력서 왜?"]


def test_a_category_has_its_range_evidence_keywords_and_tickets(of_the_sample: Sources) -> None:
    answer = ask("업로드", of_the_sample)
    text = shown(answer)
    assert "평소 70–108건 · ◆ 뚜렷: 평소라면 1만 주에 한 번도 없는 수" in text
    assert "W46, 11.9–15  171건 · 부정 40.9% · 평소 70–108건 · 🔴 심각 ◆" in text
    assert "늘어난 키워드\n사파리 0 → 138" in text
    assert text.count("\n> ") == 2
    english = shown(answer, "en")
    assert "W46, 9–15 Nov  171 tickets · 40.9% negative · usual 70–108" in english


def test_a_category_shows_the_analysis_that_a_run_has_published(of_the_sample: Sources) -> None:
    known = replace(of_the_sample, published=lambda week: (build_analysis(category=UPLOAD),))
    assert "이력서 업로드가 실패한다는 문의가 두 배로 늘었습니다." in shown(ask("업로드", known))
    by_rule = build_analysis(category=UPLOAD, source="rule_based")
    known = replace(of_the_sample, published=lambda week: (by_rule,))
    assert by_rule.summary not in shown(ask("업로드", known))


def test_why_is_first_what_the_report_says_and_else_is_asked_once(of_the_sample: Sources) -> None:
    known = replace(of_the_sample, published=lambda week: (build_analysis(category=UPLOAD),))
    text = shown(ask("유저 / 이력서 왜?", known))
    assert "이력서 업로드가 실패한다는 문의가 두 배로 늘었습니다." in text
    assert "LaaS 분석" in text
    assert asked_why == []

    answer = ask("유저 / 이력서 왜?", of_the_sample)
    assert [change.category for change in asked_why] == [UPLOAD]
    text = shown(answer)
    assert "‘사파리’ 문의가 0건에서 138건으로 늘었습니다." in text
    assert "후속 조치" in text
    assert buttons(answer) == ["유저 / 이력서 / 업로드 오류 예시 더"]


def test_why_of_everything_leads_to_the_others(of_the_sample: Sources) -> None:
    answer = ask("왜?", of_the_sample)
    assert len(asked_why) == 1
    assert len(buttons(answer)) == 5
    assert all(question.endswith("왜?") for question in buttons(answer)[1:])


def test_of_what_did_not_get_worse_there_is_nothing_to_explain(of_the_sample: Sources) -> None:
    text = shown(ask("출석 이벤트 왜?", of_the_sample))
    assert "41 →" in text
    assert "설명할 것이 없습니다" in text
    assert asked_why == []


def test_why_of_a_week_without_tickets_left_asks_nobody(of_the_sample: Sources) -> None:
    text = shown(ask("W40 결제 왜?", of_the_sample))
    assert "규칙 기반 분석" in text
    assert "W40, 9.28–10.4 · 전주(W39)와 비교" in text
    assert asked_why == []


def test_a_status_lists_its_categories(of_the_sample: Sources, sample_warehouse: Path) -> None:
    found = rows(
        sample_warehouse,
        "select category3 from fct_voc_weekly_status where week_start = '2026-11-09' and status = 'CRITICAL'",
    )
    answer = ask("심각만", of_the_sample)
    assert isinstance(answer, StatusAnswer)
    assert {c.category3 for c in answer.changes} == {leaf for (leaf,) in found}
    assert shown(answer).startswith(f"🔴 심각 · 전체 문의 · {len(found)}개")
    below = ask("결제 심각만", of_the_sample)
    assert isinstance(below, StatusAnswer)
    assert {c.category[:2] for c in below.changes} == {("기업", "결제")}
    assert shown(ask("포인트 심각만", of_the_sample)).startswith("🔴 심각 · 포인트 · 0개")


def test_a_trend_is_as_long_as_asked(of_the_sample: Sources) -> None:
    answer = ask("4주 추이 결제", of_the_sample)
    assert isinstance(answer, TrendAnswer)
    labels = [week.week.label for week in answer.history]
    assert labels == ["2026-W43", "2026-W44", "2026-W45", "2026-W46"]
    assert shown(answer).startswith("기업 / 결제 · 4주  ")
    overall = ask("26주 추이", of_the_sample)
    assert isinstance(overall, TrendAnswer)
    assert len(overall.history) == 10
    shown(overall)


def test_two_weeks_need_not_follow_each_other(
    of_the_sample: Sources, sample_warehouse: Path
) -> None:
    totals = rows(
        sample_warehouse,
        "select sum(total_count) from fct_voc_weekly_counts where week_start in ('2026-09-28', '2026-11-09') "
        "group by week_start order by week_start",
    )
    answer = ask("W46 W40 비교", of_the_sample)
    assert isinstance(answer, ComparisonAnswer)
    assert [(answer.first.total_count,), (answer.second.total_count,)] == totals
    text = shown(answer)
    assert text.startswith("전체 문의 · W40, 9.28–10.4 ↔ W46, 11.9–15")
    assert "– → 🔴 유저 / 알림 / 알림톡 중복 발송 0 → 38건 (–) ◆" in text
    assert "외 " in text
    one = ask("W45 W46 업로드 비교", of_the_sample)
    assert "W46, 11.9–15  171건 · 부정 40.9% · 평소 70–108건 · 🔴 심각 ◆" in shown(one)


def test_examples_are_others_than_those_in_the_thread(of_the_sample: Sources) -> None:
    first = ask("예시 더 알림톡", of_the_sample)
    assert isinstance(first, ExamplesAnswer)
    (examples,) = first.examples.values()
    assert len(examples) == 5
    known = build_analysis(category=ALIMTALK, examples=examples[:3])
    others = ask("예시 더 알림톡", replace(of_the_sample, published=lambda week: (known,)))
    assert isinstance(others, ExamplesAnswer)
    assert not {*known.examples} & {*others.examples[ALIMTALK]}
    assert "예시는 마스킹된 실제 문의입니다." in shown(first)
    assert "나빠진 카테고리(심각·주의)에만" in shown(ask("출석 이벤트 예시", of_the_sample))
    assert "남아 있지 않습니다" in shown(ask("W40 결제 예시", of_the_sample))


def test_a_ticket_that_still_looks_private_is_not_shown(
    of_the_sample: Sources, database: Path
) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update int_flagged_tickets_masked set detail = '제 번호는 010-1234-5678 입니다' "
            "where category3 = '알림톡 중복 발송' and ticket_id in (select ticket_id "
            "from int_flagged_tickets_masked where category3 = '알림톡 중복 발송' order by 1 limit 34)"
        )
    sources = replace(of_the_sample, warehouse=lambda: DuckDBWarehouse(database))
    for question in ("예시 더 알림톡", "알림톡", "알림톡 왜?"):
        assert "010" not in shown(ask(question, sources))


def test_several_names_are_asked_back_and_nonsense_gets_what_can_be_asked(
    of_the_sample: Sources,
) -> None:
    several = ask("오류 왜?", of_the_sample)
    assert isinstance(several, Suggestions)
    assert shown(several).startswith("혹시 이것인가요? ‘오류 왜?’에 맞는 카테고리가 여럿입니다.")
    assert buttons(several)[0] == "유저 / 지원 / 지원 오류 왜"
    assert not isinstance(ask(buttons(several)[0], of_the_sample), Suggestions)

    hostile = "<!channel> *굵게* 010-1234-5678 & kim@example.com\n" + "a" * 10_000
    nothing = ask(hostile, of_the_sample)
    text = shown(nothing)
    assert "<!channel> ＊굵게＊ [전화번호] & [이메일]" in text
    assert len(text) < 500
    assert buttons(nothing) == ["심각만", "4주 추이", "왜?"]
    assert "‘–’" in shown(ask("", of_the_sample))

    no_week = ask("W30 결제", of_the_sample)
    assert "집계되어 있지 않습니다" in shown(no_week)
    assert buttons(no_week)[0] == "2026-W46 기업 / 결제"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_message_fits_whatever_the_tickets_hold(of_the_sample: Sources, locale: str) -> None:
    answer = ask("왜?", of_the_sample)
    assert isinstance(answer, CategoryAnswer)
    analysis = build_analysis(
        category=("<&>" * 60, "&" * 200, "*" * 200),
        summary="&" * 700,
        examples=tuple(Example("&" * 200, "<" * 200) for _ in range(5)),
        hypotheses=("&" * 300,) * 4,
        actions=("<" * 300,) * 4,
    )
    shown(replace(answer, analysis=analysis), locale)
    category = replace(answer, levels=("&" * 120,) * 3, wants_why=False, analysis=analysis)
    shown(replace(category, examples=analysis.examples), locale)
    tickets = ExamplesAnswer(answer.weeks, (), {UPLOAD: analysis.examples}, has_alarms=True)
    shown(tickets, locale)


def test_every_answer_is_json(of_the_sample: Sources) -> None:
    for question in ("결제", "업로드 왜?", "심각만", "추이", "비교", "예시", "오류"):
        answer = ask(question, of_the_sample)
        as_json = answer.as_json()
        assert as_json
        if not isinstance(answer, Suggestions):
            assert as_json["report_week"]["label"] == "2026-W46"
            assert as_json["base_week"]["label"] == "2026-W45"


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process writes to the tables, as dbt does for a whole build."""
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


def test_tables_that_are_being_written_are_said_to_be(
    of_the_sample: Sources, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = replace(of_the_sample, warehouse=lambda: DuckDBWarehouse(database))
    monkeypatch.setattr("flows.questions.answers.PATIENCE_SECONDS", 0.0)
    with held(database), pytest.raises(TablesInUse):
        ask("결제", sources)
    assert isinstance(ask("결제", sources), CategoryAnswer)


def test_a_short_write_is_waited_for(of_the_sample: Sources) -> None:
    warehouse = of_the_sample.warehouse()
    attempts = iter([TablesInUse("in use"), TablesInUse("in use"), None])

    def opened() -> Any:
        if error := next(attempts):
            raise error
        return warehouse

    assert isinstance(ask("결제", replace(of_the_sample, warehouse=opened)), CategoryAnswer)


def test_without_tables_that_is_what_is_said(of_the_sample: Sources, tmp_path: Path) -> None:
    empty, missing = tmp_path / "empty.duckdb", tmp_path / "missing.duckdb"
    duckdb.connect(str(empty)).close()
    for path in (empty, missing):
        with pytest.raises(NoTables):
            ask("결제", replace(of_the_sample, warehouse=lambda: DuckDBWarehouse(path)))  # noqa: B023

    class BigQuery:
        """It refuses in the same words whether a dataset or a table in it is missing."""

        def __init__(self, *, has: bool) -> None:
            self.has = lambda table: has

        def rows(self, sql: str, **parameters: object) -> Any:
            raise SourceError("not found.")

    refused: Any = BigQuery(has=True)
    with pytest.raises(SourceError) as caught:
        ask("결제", replace(of_the_sample, warehouse=lambda: refused))
    assert type(caught.value) is SourceError
    unbuilt: Any = BigQuery(has=False)
    with pytest.raises(NoTables):
        ask("결제", replace(of_the_sample, warehouse=lambda: unbuilt))

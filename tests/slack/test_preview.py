"""The plain-text preview shows what a reader of the message in Slack would read."""

from __future__ import annotations

from flows.slack.preview import preview
from tests.builders import WEEKS, build_analysis, build_change, build_composer, build_report


def section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_summary_reads_as_in_slack() -> None:
    (summary,) = build_composer(dashboard_url="https://bi.example/voc").summary(build_report())
    assert preview(summary.blocks).split("\n\n") == [
        "━━ 📊 VOC 주간 리포트 · W46, 11.10–16 ━━",
        "🔴 심각 1   🟠 주의 0   🟢 개선 0   ⚪ 안정 0\n"
        "먼저 볼 변화: 🔴 유저 / 이력서 / 업로드 오류 20 → 40건 (+100.0%)",
        "월요일부터 일요일까지, 기준주(비교하는 주)는 전주(W45) 11.3–9",
        "🔴 CRITICAL · 심각 1개\n"
        "유저 / 이력서 / 업로드 오류\n"
        "20 → 40건 +100.0%  ▁▁▁▁▁▁▅█\n"
        "부정 25.0% → 50.0% (+25.0%p)  ·  건수 증가",
        "주요 변화 (건)\n1. 업로드 오류: 전주(W45) 20, W46 40",
        "기준: 🔴 한 주 20건 이상, 건수 +30% 이상(신규 포함) 또는 부정 비율 +20%p 이상"
        " / 🟠 한 주 10건 이상, 건수 +20% 이상(신규 포함) 또는 부정 비율 +10%p 이상"
        " / 🟢 한 주 10건 이상, 건수 −20% 이하",
        "[ 다시 실행 ]  [ 대시보드 열기 ]",
    ]


def test_foreign_text_is_shown_as_it_was_written() -> None:
    words = "a < b && b > c &amp; &lt;"
    message = build_composer().analysis(build_change(), build_analysis(summary=words), WEEKS)
    assert f"요약\n{words}\n" in preview(message.blocks) + "\n"


def test_underscores_and_stars_inside_words_stay() -> None:
    assert preview([section("snake_case_name 2*3*4 *굵게* _기울임_ `코드` *5*6")]) == (
        "snake_case_name 2*3*4 굵게 기울임 코드 *5*6"
    )


def test_an_unknown_block_is_named_not_dropped() -> None:
    assert preview([{"type": "table"}, section("끝")]) == "(table)\n\n끝"

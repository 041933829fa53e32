"""The plain-text preview shows what a reader of the message in Slack would read."""

from __future__ import annotations

from flows.slack.preview import preview
from tests.builders import build_analysis, build_change, build_composer, build_report


def section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_summary_reads_as_in_slack() -> None:
    (summary,) = build_composer(dashboard_url="https://bi.example/voc").summary(build_report())
    assert preview(summary.blocks).split("\n\n") == [
        "━━ 📊 VOC 주간 리포트 · 2025-W46 ━━",
        "🔴 심각 1   🟠 주의 0   🟢 개선 0   ⚪ 안정 0\n"
        "먼저 볼 변화: 🔴 유저 / 이력서 / 업로드 오류 20 → 40건 (+100.0%)",
        "비교주 2025.11.10(월) – 2025.11.16(일)  ·  기준주 2025.11.3(월) – 2025.11.9(일)",
        "🔴 CRITICAL · 심각 1개\n"
        "유저 / 이력서 / 업로드 오류\n"
        "20 → 40건 +100.0%  ▁▁▁▁▁▁▅█\n"
        "부정 25.0% → 50.0% (+25.0%p)  ·  건수 증가",
        "주요 변화 (건)\n1. 업로드 오류: 기준주 20, 비교주 40",
        "기준: 🔴 한 주 20건 이상, 건수 +30% 이상(신규 포함) 또는 부정 비율 +20%p 이상"
        " / 🟠 한 주 10건 이상, 건수 +20% 이상(신규 포함) 또는 부정 비율 +10%p 이상"
        " / 🟢 한 주 10건 이상, 건수 −20% 이하",
        "[ 다시 실행 ]  [ 대시보드 열기 ]",
    ]


def test_foreign_text_is_shown_as_it_was_written() -> None:
    words = "a < b && b > c &amp; &lt;"
    message = build_composer().analysis(build_change(), build_analysis(summary=words))
    assert f"요약\n{words}\n" in preview(message.blocks) + "\n"


def test_underscores_and_stars_inside_words_stay() -> None:
    assert preview([section("snake_case_name 2*3*4 *굵게* _기울임_ `코드` *5*6")]) == (
        "snake_case_name 2*3*4 굵게 기울임 코드 *5*6"
    )


def test_an_unknown_block_is_named_not_dropped() -> None:
    assert preview([{"type": "table"}, section("끝")]) == "(table)\n\n끝"

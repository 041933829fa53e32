"""What the messages say, and that Slack takes them whatever the categories are called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalogue import Texts
from flows.analysis.rule_based import rule_based_analysis
from flows.privacy.masker import Masker
from flows.report.message import Block, Message, MessageId
from flows.report.values import (
    STATUSES,
    Alarms,
    Analysis,
    Change,
    Correction,
    Example,
    Keyword,
    Opening,
    Receipt,
    RisingWord,
    Status,
    Support,
    Threshold,
    WeeklyReport,
)
from flows.report.writing import category_name, sparkline
from flows.slack.messages import RESOLUTION, Composer
from flows.slack.preview import preview
from flows.slack.transport import Destination
from tests.builders import (
    CATEGORY,
    COMPARISON,
    KOREAN,
    WEEKS,
    build_alert_above,
    build_analysis,
    build_change,
    build_changes,
    build_composer,
    build_doubt,
    build_material,
    build_quiet_report,
    build_report,
    build_settings,
)
from tests.fakes.slack import FakeSlack
from tests.parts import slack_of

quickly = settings(max_examples=100, deadline=None)

NASTY_NAMES = (
    "<!channel>",
    "<@U0HUMAN> & <https://evil.example|click>",
    "줄\n바꿈\r\n\t탭",
    "`코드` *굵게* _기울임_ ~취소~",
    "```",
    "&amp;",
    "&" * 500,
    "<" * 500,
    "가" * 500,
    "👩‍👩‍👧‍👦🇰🇷" * 40,
    "* " * 250,
    "(미분류)",
    "_외 3개는 스레드에 있습니다._",
)
names = st.one_of(
    st.sampled_from(NASTY_NAMES),
    st.text(max_size=40),
    st.text("&<>`*_~ \n가", min_size=100, max_size=500),
)


@pytest.fixture(scope="module")
def workspace() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


def texts(blocks: Iterable[Block]) -> list[str]:
    """The text of each section, and of each element of a context, of a message."""
    found: list[str] = []
    for block in blocks:
        if block["type"] == "section":
            found.append(block["text"]["text"])
        elif block["type"] == "context":
            found += [element["text"] for element in block["elements"]]
    return found


def section_of(message: Message, status: Status) -> str:
    """The section that lists a status; fails when there is none or more than one."""
    (section,) = [text for text in texts(message.blocks) if f" {status} · " in text]
    return section


def shown_text(value: Any) -> Iterator[str]:
    """Every text that a reader sees, wherever it stands in the blocks."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from shown_text(part)


def post(slack: FakeSlack, messages: Iterable[Message]) -> None:
    """Post them to Slack, which refuses what breaks a limit, a format or an escape."""
    environment = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": f"{slack.url}/api/"}
    configured = build_settings(**environment)
    for message in messages:
        # Each through a transport of its own: a transport waits a second between two posts.
        slack_of(configured).post(Destination("C0TEST"), message.text, message.blocks, {})
    assert not slack.refusals


def assert_within_limits(messages: Iterable[Message]) -> None:
    for message in messages:
        assert len(message.blocks) <= 50
        assert sum(map(len, shown_text(message.blocks))) <= 13_000
        assert all(len(text) <= 3_000 for text in texts(message.blocks))
        assert 0 < len(message.text) <= 4_000


# --- The summary ------------------------------------------------------------------------------


def test_the_summary_has_header_dates_of_both_weeks_and_the_counts_of_all_statuses() -> None:
    report = build_report(
        *build_changes("CRITICAL", 2),
        *build_changes("MONITOR", 1),
        *build_changes("STABLE", 5),
    )
    (summary,) = build_composer().summary(report)
    assert summary.blocks[0]["type"] == "header"
    assert summary.blocks[0]["text"]["text"] == "📊 VOC 주간 리포트 · W46, 11.10–16"
    glance, dates, *_ = texts(summary.blocks)
    counts, worst = glance.splitlines()
    assert counts == "🔴 심각 *2*   🟠 주의 *1*   🟢 개선 *0*   ⚪ 안정 *5*"
    assert worst.startswith("먼저 볼 변화: 🔴 *유저 / CRITICAL / 1번째 분류* ")
    assert dates == "월요일부터 일요일까지, 기준주(비교하는 주)는 전주(W45) 11.3–9"


def test_there_is_a_section_for_each_status_that_has_rows_by_severity() -> None:
    report = build_report(*build_changes("CRITICAL", 1), *build_changes("IMPROVED", 1))
    (summary,) = build_composer().summary(report)
    listed = [
        status for text in texts(summary.blocks) for status in STATUSES if f"{status} ·" in text
    ]
    assert listed == ["CRITICAL", "IMPROVED"]


def test_a_line_tells_counts_change_ratio_change_trend_and_reason() -> None:
    change = build_change(
        base=1000,
        comparison=1500,
        status_reason="volume_increase+negative_ratio",
        base_negative_ratio=0.25,
        comparison_negative_ratio=0.5,
        negative_ratio_change_pp=25.0,
        total_last_8_weeks=(0, 100, 200, 400, 600, 800, 1000, 1500),
    )
    (summary,) = build_composer().summary(build_report(change))
    name, counts, negative = section_of(summary, "CRITICAL").splitlines()[1:]
    assert name == "*유저 / 이력서 / 업로드 오류*"
    assert counts == "`1,000 → 1,500건 +50.0%`  `▁▁▂▃▄▅▆█`"
    assert negative == "부정 25.0% → 50.0% (+25.0%p)  ·  건수 증가 · 부정 비율 상승"


def test_the_numbers_of_a_list_stand_below_each_other() -> None:
    changes = [build_change(base=base, comparison=3000) for base in (9, 1000)]
    (summary,) = build_composer().summary(build_report(*changes))
    spans = re.findall("^`([^`]*)`", section_of(summary, "CRITICAL"), re.M)
    assert spans == ["    9 → 3,000건 +33,233.3%", "1,000 → 3,000건    +200.0%"]


def test_a_chart_shows_the_two_weeks_of_the_first_changes() -> None:
    changes = build_changes("CRITICAL", 8)
    (summary,) = build_composer().summary(build_report(*changes))
    (chart,) = [block for block in summary.blocks if block["type"] == "data_visualization"]
    base, comparison = chart["chart"]["series"]
    assert [point["value"] for point in base["data"]] == [c.base_total for c in changes[:6]]
    assert [p["value"] for p in comparison["data"]] == [c.comparison_total for c in changes[:6]]
    assert chart["chart"]["axis_config"]["categories"][0] == "1. 1번째 분류"


def test_a_chart_shows_shares_where_the_share_decided_and_tells_equal_names_apart() -> None:
    other = ("유저", "이력서", "기타 문의")
    rows = [
        build_change("CRITICAL", ("기업", "아주 긴 이름의 중간 단계입니다", "기타 문의")),
        build_change(
            "CRITICAL",
            other,
            status_reason="negative_ratio",
            base_negative_ratio=0.2,
            comparison_negative_ratio=0.456,
        ),
    ]
    (summary,) = build_composer().summary(build_report(*rows))
    tickets, shares = [block for block in summary.blocks if block["type"] == "data_visualization"]
    assert tickets["chart"]["axis_config"]["categories"] == ["1. 아주 긴 이름의… / 기타 문의"]
    assert (shares["title"], shares["chart"]["axis_config"]["categories"]) == (
        "주요 변화 (부정 비율, %)",
        ["2. 이력서 / 기타 문의"],
    )
    series = {each["name"]: each["data"][0]["value"] for each in shares["chart"]["series"]}
    assert series == {"전주(W45)": 20.0, "W46": 45.6}


def test_the_first_lines_tell_all_tickets_what_decided_and_why() -> None:
    alarms = Alarms(1, 1, 0.1, None, None, None, 80, 100, 20, 30, 70, 120)
    share = build_change(
        status_reason="negative_ratio",
        base_negative_ratio=0.2,
        comparison_negative_ratio=0.5,
        negative_ratio_change_pp=30.0,
    )
    support = Support(("사파리",), ("1",), ("2", "3"), 20, 40)
    opening = Opening(
        ("**사파리**에서 실패합니다.", support), "문의가 늘었습니다. 부정도 늘었습니다."
    )
    (summary,) = build_composer().summary(build_report(share, alarms=alarms), opening=opening)
    first, paragraph, *_ = texts(summary.blocks)
    everything, _, _, worst, cause = first.splitlines()
    assert everything == "전체 문의 100건 (평소 70–120건) · 부정 25.0% → 30.0%"
    assert worst.endswith("*유저 / 이력서 / 업로드 오류* 부정 20.0% → 50.0% (+30.0%p)")
    assert cause == "원인: *사파리*\u200b에서 실패합니다. (사파리 2/40건, 전주(W45) 1건)"
    assert paragraph == "문의가 늘었습니다. 부정도 늘었습니다."


def test_bars_within_the_usual_range_are_left_out() -> None:
    usual: dict[str, Any] = {"usual_low": 10, "usual_high": 30, "weeks_before": 8}
    for comparison, is_shown in ((30, False), (31, True), (9, True)):
        change = build_change(comparison=comparison, **usual)
        (summary,) = build_composer().summary(build_report(change))
        assert ("▁" in section_of(summary, "CRITICAL")) is is_shown


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"alarm_weeks": 3}, "3주째"),
        ({"alarm_weeks": 1, "weeks_since_alarm": 5}, "5주 만에 다시"),
        ({"alarm_weeks": 2, "weeks_since_alarm": 5}, "2주째"),
    ],
)
def test_an_alarm_says_since_when_there_are_such(columns: dict[str, Any], said: str) -> None:
    change = build_change(**CLEAR, **columns)
    (summary,) = build_composer().summary(build_report(change))
    assert section_of(summary, "CRITICAL").endswith(f"한 번도 없는 수 · {said}")
    assert texts(build_composer().analysis(change, build_analysis(), WEEKS).blocks)[0].endswith(
        said
    )


def test_the_first_alarm_of_a_category_says_nothing_of_earlier_ones() -> None:
    (summary,) = build_composer().summary(build_report(build_change(**CLEAR, alarm_weeks=1)))
    assert section_of(summary, "CRITICAL").endswith("한 번도 없는 수")


def past_alert(name: str, status: Status = "STABLE", **columns: Any) -> Change:
    values: dict[str, Any] = {"alert_status_before": "CRITICAL", "resolution": "resolved"}
    return build_change(status, ("유저", "이력서", name), **values | columns)


PAST = (
    past_alert("가"),
    past_alert("나", "IMPROVED"),
    past_alert("다", alert_status_before="MONITOR"),
    past_alert("라", resolution="still_raised"),
)


def test_the_summary_says_what_became_of_the_alarms_of_the_week_before() -> None:
    """What has improved says so where it is listed."""
    report = build_report(build_change(), *PAST, past_alerts=PAST)
    (summary,) = build_composer().summary(report)
    assert texts(summary.blocks)[0].splitlines()[-1] == (
        "전주(W45) 경보: 심각 → 해소 1건 (이력서 / 가) · 주의 → 해소 1건 (이력서 / 다)"
        " · 줄지 않음 1건 (이력서 / 라)"
    )
    assert section_of(summary, "IMPROVED").endswith("전주(W45) 심각 → 해소")


def test_a_level_above_that_has_fallen_is_over_though_it_is_listed_nowhere() -> None:
    above = build_change(
        "IMPROVED", CATEGORY[:2], alert_status_before="MONITOR", resolution="resolved"
    )
    (summary,) = build_composer().summary(build_report(build_change(), past_alerts=(above,)))
    assert texts(summary.blocks)[0].endswith("전주(W45) 경보: 주의 → 해소 1건 (유저 / 이력서)")


def test_the_summary_of_the_week_before_gets_a_line_on_all_that_is_over() -> None:
    report = build_report(build_change(), *PAST, past_alerts=PAST)
    line = build_composer().resolution(report)
    assert line
    assert line["block_id"] == RESOLUTION
    assert line["elements"][0]["text"] == (
        "✅ W46, 11.10–16 리포트에서: 심각 → 해소 2건 (이력서 / 가, 이력서 / 나) · "
        "주의 → 해소 1건 (이력서 / 다) · 줄지 않음 1건 (이력서 / 라)"
    )


@pytest.mark.parametrize("values", [{}, {"doubts": (build_doubt(),)}], ids=["raised", "incomplete"])
def test_where_nothing_is_over_the_week_before_gets_no_line(values: dict[str, Any]) -> None:
    """Nor where tickets may be missing: fewer of them end nothing."""
    past = PAST if values else PAST[-1:]
    report = build_report(build_change(), past_alerts=past, **values)
    assert build_composer().resolution(report) is None


def test_a_category_that_was_there_once_is_back_and_not_new() -> None:
    back = build_change(base=0, comparison=25, first_week_start=date(2024, 1, 1))
    (summary,) = build_composer().summary(build_report(back))
    assert "25건 다시 생김`" in section_of(summary, "CRITICAL")


def test_the_replies_of_a_report_share_no_sentence() -> None:
    """Written by rule, with and without keywords, and none says what its own first lines say."""
    names = [("유저", "이력서", name) for name in "가나다라"]
    changes = [build_change("CRITICAL", name) for name in names]
    said: list[str] = []
    for change in changes:
        keywords = [Keyword(change.category, "업로드", 1, 9)] if change.category3 > "나" else []
        analysis = rule_based_analysis(build_material(change, (), keywords), KOREAN)
        said += dict.fromkeys([analysis.summary, *analysis.actions])
        assert str(change.comparison_total) not in analysis.summary.partition("부정")[0]
    sentences = [sentence for text in said for sentence in re.split(r"(?<=\.)\s", text)]
    assert len(sentences) == len(set(sentences))
    assert len(sentences) > 8


def test_a_decrease_and_a_category_that_is_gone_have_signs_and_no_ratio() -> None:
    gone = build_change("IMPROVED", base=30, comparison=0)
    (summary,) = build_composer().summary(build_report(gone))
    assert re.search("`30 → 0건 −100.0%`.*\n부정 23.3% → –  ·", section_of(summary, "IMPROVED"))


def test_a_new_category_is_called_new_instead_of_a_percentage() -> None:
    (summary,) = build_composer().summary(build_report(build_change(base=0, comparison=25)))
    assert re.search("`0 → 25건 신규`.*\n부정 – → 48.0%  ·", section_of(summary, "CRITICAL"))
    assert "신규" in summary.text


def test_lines_stand_in_the_order_given() -> None:
    changes = [build_change("MONITOR", (name, "", "")) for name in ("나중", "가운데", "처음")]
    (summary,) = build_composer().summary(build_report(*changes))
    section = section_of(summary, "MONITOR")
    assert section.index("나중") < section.index("가운데") < section.index("처음")


@pytest.mark.parametrize(
    ("thresholds", "criteria"),
    [
        (
            [Threshold("CRITICAL", 20, 30, 20, None), Threshold("IMPROVED", 10, None, None, 20)],
            "기준: 🔴 한 주 20건 이상, 건수 +30% 이상(신규 포함) 또는 부정 비율 +20%p 이상"
            " / 🟢 한 주 10건 이상, 건수 −20% 이하",
        ),
        (
            [Threshold("CRITICAL", 55, None, 44, None), Threshold("MONITOR", 33, 22, None, None)],
            "기준: 🔴 한 주 55건 이상, 부정 비율 +44%p 이상"
            " / 🟠 한 주 33건 이상, 건수 +22% 이상(신규 포함)",
        ),
    ],
)
def test_the_criteria_are_the_thresholds_given(
    thresholds: Sequence[Threshold], criteria: str
) -> None:
    (summary,) = build_composer().summary(build_report(thresholds=tuple(thresholds)))
    assert summary.blocks[-2]["type"] == "context"
    assert texts(summary.blocks)[-1] == criteria


BOTH_KINDS = pytest.mark.parametrize(
    "report", [build_report(), build_quiet_report()], ids=["changes", "quiet"]
)


@BOTH_KINDS
def test_the_dashboard_button_is_there_only_with_an_address(report: WeeklyReport) -> None:
    (without,) = build_composer().summary(report)
    (with_address,) = build_composer(dashboard_url="https://bi.example/voc").summary(report)
    assert with_address.blocks[:-1] == without.blocks[:-1]
    (rerun,) = without.blocks[-1]["elements"]
    assert with_address.blocks[-1]["elements"][0] == rerun
    assert with_address.blocks[-1]["elements"][1]["url"] == "https://bi.example/voc"


@BOTH_KINDS
def test_the_button_asks_the_bot_for_the_same_week(report: WeeklyReport) -> None:
    (summary,) = build_composer().summary(report)
    (rerun,) = summary.blocks[-1]["elements"]
    assert (rerun["action_id"], rerun["value"]) == ("rerun", "2025-W46")


@BOTH_KINDS
def test_a_report_says_that_it_replaces_an_earlier_one(report: WeeklyReport) -> None:
    (usual,) = build_composer(version="1.2.3").summary(report)
    (forced,) = build_composer(version="1.2.3").summary(report, replaces_earlier=True)
    assert "대신합니다" not in str(usual.blocks)
    assert "앞서 올린 W46, 11.10–16 리포트를 대신합니다" in texts(forced.blocks)[-1]


@BOTH_KINDS
def test_the_footer_says_which_version_wrote_it(report: WeeklyReport) -> None:
    (summary,) = build_composer(version="1.2.3+<abc>").summary(report)
    assert summary.blocks[-2]["type"] == "context"
    assert texts(summary.blocks)[-1].endswith("voc-analyst 1.2.3+&lt;abc&gt;")


def test_the_notification_tells_the_counts_and_the_first_change() -> None:
    rows = (build_change(category=("결제", "환불", "지연")), *build_changes("MONITOR", 2))
    (summary,) = build_composer().summary(build_report(*rows))
    assert summary.text == (
        "VOC W46, 11.10–16: 심각 1, 주의 2, 개선 0. 먼저 볼 변화: 결제 / 환불 / 지연 20 → 40건 (+100.0%)"
    )


CLEAR: dict[str, Any] = {
    "evidence": "strong",
    "p_increase": 1e-5,
    "usual_low": 12,
    "usual_high": 30,
    "weeks_before": 8,
}
UNCLEAR = CLEAR | {"evidence": "weak", "p_increase": 0.1}


def test_the_summary_says_what_its_alarms_are_worth_and_where_to_look_first() -> None:
    report = build_report(
        build_change("CRITICAL", ("가", "나", "약함"), comparison=50, **UNCLEAR),
        build_change("MONITOR", ("가", "나", "뚜렷"), comparison=44, **CLEAR),
        alarms=Alarms(2, 1, 1.4, 0.63, 0.45, 0.33),
    )
    (summary,) = build_composer().summary(report)
    headlines = texts(summary.blocks)[0].splitlines()
    assert headlines[1:] == [
        "경보 2건 중 뚜렷한 변화 1건 · 변화가 없어도 약 1건은 나옵니다",
        "전체 문의가 평소의 63%입니다",
        "부정 비율이 모든 카테고리에서 함께 움직였습니다 (33 → 45%): 분류 모델이 바뀌었는지 확인하세요",
        "먼저 볼 변화: 🟠 *가 / 나 / 뚜렷* 20 → 44건 (+120.0%)",
    ]
    assert "\n평소 12–30건 · ◆ 뚜렷: 평소라면 1만 주에 한 번도 없는 수" in section_of(
        summary, "MONITOR"
    )
    assert "\n평소 12–30건 · ◇ 약함: 평소에도 10주에 한 번" in section_of(summary, "CRITICAL")
    assert "◆ 최근 8주와 비교해 p ≤ 0.01" in texts(summary.blocks)[-1]
    assert summary.text == (
        "VOC W46, 11.10–16: 뚜렷한 변화 1건 · 심각 1, 주의 1, 개선 0. "
        "먼저 볼 변화: 가 / 나 / 뚜렷 20 → 44건 (+120.0%)"
    )


def test_a_level_above_names_what_explains_it_and_the_alarms_that_it_stands_for() -> None:
    others = [("유저", "이력서", name) for name in ("첨부 파일", "미리보기", "서식")]
    rows = [build_change("MONITOR", category) for category in (CATEGORY, *others)]
    above = build_alert_above(CATEGORY, *others)
    report = build_report(*rows, alerts_above=(above,))
    message = build_composer().summary(report)[0]
    *lines, explained, folded = section_of(message, "CRITICAL").splitlines()
    assert lines[1] == "*유저 / 이력서 전체*"
    assert explained == "주로 업로드 오류 +24, 첨부 파일 +10"
    assert folded == "아래 경보 4건 포함: 업로드 오류, 첨부 파일, 미리보기 외 1개"
    assert "MONITOR · " not in str(message.blocks)
    assert "🔴 심각 *1*   🟠 주의 *0*" in texts(message.blocks)[0]
    assert "심각 1, 주의 0" in message.text
    assert "유저 / 이력서 전체 60 → 90건" in message.text
    reply = build_composer().analysis(above, build_analysis(category=above.category), WEEKS)
    assert reply.id == MessageId("analysis", ("유저", "이력서"))
    assert reply.text.startswith("CRITICAL 유저 / 이력서 전체: ")
    assert explained in texts(reply.blocks)[0]


def test_a_level_above_that_is_worse_by_its_negative_ratio_names_points() -> None:
    above = build_alert_above(status_reason="negative_ratio", p_negative=1e-5)
    message = build_composer().summary(build_report(alerts_above=(above,)))[0]
    explained = "주로 업로드 오류 +1.0%p, 첨부 파일 +1.0%p, 미리보기 +1.0%p 외 1개"
    assert explained in section_of(message, "CRITICAL").splitlines()


def test_without_evidence_nothing_is_said_of_it() -> None:
    (summary,) = build_composer().summary(build_report())
    assert not any(mark in text for text in shown_text(summary.blocks) for mark in "◆◇")


@BOTH_KINDS
def test_the_words_that_rise_are_the_last_line_of_the_summary(report: WeeklyReport) -> None:
    word = RisingWord("<!channel> *카카오*", 0, 12, 1e-4, ("유저", "로그인"))
    (summary,) = build_composer().summary(replace(report, rising_words=(word,)))
    line = texts(summary.blocks)[0].splitlines()[-1]
    assert line.startswith("새로 늘어난 말: ‘&lt;!channel&gt; ＊카카오＊")
    assert line.endswith("’ 0 → 12건 (유저 / 로그인)")


def test_any_words_fit_into_the_summary() -> None:
    word = RisingWord("&" * 500, 0, 10**9, 1e-4, ("<" * 500,) * 3)
    (summary,) = build_composer().summary(build_report(rising_words=(word,) * 5))
    assert_within_limits([summary])


def test_a_quiet_week_says_what_moved_everywhere() -> None:
    report = build_quiet_report(alarms=Alarms(0, 0, 2.0, 0.5, 0.2, 0.2))
    (message,) = build_composer().summary(report)
    assert texts(message.blocks)[0].splitlines()[1:] == ["전체 문의가 평소의 50%입니다"]


def test_an_alarm_whose_mark_has_changed_is_corrected() -> None:
    correction = Correction(
        *(build_change().category, "CRITICAL", "CRITICAL", 38, 69, "late"),
        posted_evidence="strong",
        evidence="weak",
    )
    message = build_composer().correction(COMPARISON, [correction])
    assert "🔴 CRITICAL ◆ → 🔴 CRITICAL ◇ (38 → 69건)" in texts(message.blocks)[0]
    again = build_composer().correction(COMPARISON, [replace(correction, evidence="strong")])
    assert message.id != again.id


def test_a_quiet_week_is_announced_in_one_line() -> None:
    report = build_report(*build_changes("STABLE", 7))
    (message,) = build_composer().summary(report)
    (line,) = texts(message.blocks)
    assert message.text == line
    assert "\n" not in line
    assert all(part in line for part in ("W46, 11.10–16", "7개 카테고리"))


# --- Any number of changes --------------------------------------------------------------------


def places(report: WeeklyReport, messages: Sequence[Message]) -> list[list[int]]:
    """For each change of the report the indices of the messages that list it, by its totals."""
    blocks = ["\n".join(texts(message.blocks)) for message in messages]
    return [
        [
            index
            for index, text in enumerate(blocks)
            for _ in re.findall(f"` *{change.base_total:,} → *{change.comparison_total:,}건", text)
        ]
        for change in report.changes
    ]


def left_out(summary: Message) -> int:
    """How many changes the summary says it leaves out."""
    said = re.findall(
        r"^_외 (\d+)개는 스레드에 있습니다\._$", "\n".join(texts(summary.blocks)), re.M
    )
    return sum(map(int, said))


@pytest.mark.parametrize("count", [1, 20, 400])
def test_what_the_summary_has_no_room_for_is_counted_there_and_listed_once(count: int) -> None:
    report = build_report(
        *build_changes("CRITICAL", count, first=1),
        *build_changes("MONITOR", count, first=501),
        *build_changes("IMPROVED", count, first=1001),
    )
    summary, *overflow = build_composer(dashboard_url="https://bi.example/voc").summary(report)
    found = places(report, [summary, *overflow])
    assert all(len(each) == 1 for each in found)
    in_summary = [each == [0] for each in found]
    assert left_out(summary) == in_summary.count(False)
    assert bool(overflow) == (count == 400)
    # Of each status the first, and that is the most important, rows are in the summary.
    for start in range(0, 3 * count, count):
        of_status = in_summary[start : start + count]
        assert of_status == sorted(of_status, reverse=True)
        assert of_status[0]
    # And each heading tells how many there are, shown or not.
    for status in STATUSES[:-1]:
        assert section_of(summary, status).splitlines()[0].endswith(f" {count}개*")
    assert_within_limits([summary, *overflow])


def test_the_overflow_goes_on_in_the_order_given_in_numbered_messages() -> None:
    report = build_report(*build_changes("CRITICAL", 200))
    summary, *overflow = build_composer().summary(report)
    found = [place for (place,) in places(report, [summary, *overflow])]
    assert found == sorted(found)
    assert [message.id.part for message in overflow] == list(range(1, len(overflow) + 1))
    assert {message.id.kind for message in overflow} == {"overflow"}


def test_changes_of_a_status_that_fit_leave_no_overflow() -> None:
    (summary,) = build_composer().summary(build_report(*build_changes("CRITICAL", 10)))
    assert left_out(summary) == 0


@st.composite
def reports(draw: st.DrawFn) -> WeeklyReport:
    """A report on categories with any names; every change has totals of its own."""
    drawn = draw(
        st.lists(
            st.tuples(names, names, names, st.sampled_from(STATUSES), st.booleans()),
            min_size=1,
            max_size=80,
        )
    )
    rows = [
        build_change(
            status,
            (first, second, third),
            base=0 if is_new else 7_000_000 + number,
            comparison=1_000_000 + number,
            status_reason="volume_increase+negative_ratio",
            total_last_8_weeks=(0, 1, 2, 3, 4, 5, 7_000_000, 1_000_000),
        )
        for number, (first, second, third, status, is_new) in enumerate(drawn)
    ]
    return build_report(*sorted(rows, key=lambda row: STATUSES.index(row.status)))


@quickly
@given(report=reports(), url=st.sampled_from([None, "https://bi.example/voc?a=1&b=2"]))
def test_slack_takes_the_summary_of_any_categories(
    workspace: FakeSlack, report: WeeklyReport, url: str | None
) -> None:
    messages = build_composer(dashboard_url=url).summary(report)
    assert_within_limits(messages)
    assert all(len(each) == 1 for each in places(report, messages))
    post(workspace, messages)


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_slack_takes_many_changes_of_one_bad_name(slack: FakeSlack, name: str) -> None:
    rows = [
        replace(change, category1=name, category2=name, category3=name)
        for status in STATUSES[:-1]
        for change in build_changes(status, 30)
    ]
    messages = build_composer().summary(build_report(*rows))
    assert_within_limits(messages)
    post(slack, messages)


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_a_name_neither_pings_nor_breaks_the_line_it_stands_in(name: str) -> None:
    (summary,) = build_composer().summary(build_report(build_change(category=(name, "나", "다"))))
    _, named, numbers, _ = section_of(summary, "CRITICAL").splitlines()
    assert numbers.startswith("`20 → 40건")
    assert named.startswith("*")
    assert named.endswith("*")
    assert not re.search(r"[<>*_~`]", named[1:-1])
    assert "<" not in summary.text


def test_a_long_name_is_cut_and_says_so() -> None:
    name = category_name(("가" * 500, "나", "다"))
    assert len(name) == 120
    assert name.endswith("가…")


@pytest.mark.parametrize(
    ("category", "name"),
    [
        (("유저", "이력서", "업로드 오류"), "유저 / 이력서 / 업로드 오류"),
        (("유저", "(미분류)", "(미분류)"), "유저 / (미분류)"),
        (("(미분류)", "(미분류)", "(미분류)"), "(미분류)"),
        (("(미분류)", "이력서", "(미분류)"), "(미분류) / 이력서 / (미분류)"),
    ],
)
def test_of_trailing_unclassified_levels_one_is_shown(
    category: tuple[str, str, str], name: str
) -> None:
    assert category_name(category) == name


# --- The analysis -----------------------------------------------------------------------------


def test_an_analysis_has_the_change_and_the_four_sections_in_order() -> None:
    analysis = build_analysis(
        summary="두 배로 늘었습니다.",
        examples=(Example("9001", "오류가 납니다."), Example("9002", "안 올라가요.")),
        hypotheses=("배포", "용량 제한"),
        actions=("재현", "안내"),
    )
    message = build_composer().analysis(build_change(), analysis, WEEKS)
    change, *sections, _ = texts(message.blocks)
    assert change.startswith(
        "🔴 *CRITICAL* · 심각\n*유저 / 이력서 / 업로드 오류*\n`20 → 40건 +100.0%`"
    )
    assert sections == [
        "*요약*\n두 배로 늘었습니다.",
        "*대표 예시*\n> `9001` 오류가 납니다.\n> `9002` 안 올라가요.",
        "*원인 가설*\n• 배포\n• 용량 제한",
        "*후속 조치*\n• 재현\n• 안내",
    ]
    assert message.text == "CRITICAL 유저 / 이력서 / 업로드 오류: 두 배로 늘었습니다."
    assert message.id.category == ("유저", "이력서", "업로드 오류")


def test_a_hypothesis_has_its_tickets_counted_beside_it() -> None:
    analysis = build_analysis(
        hypotheses=("**사파리**에서 실패합니다.", "티켓 둘이 말합니다.", "아무도 말하지 않습니다."),
        supports=(
            Support(("사파리", "**아이폰**"), ("8001",), ("9001", "9002"), 20, 40),
            Support((), (), ("9001", "9002"), 20, 40),
            Support((), ("8001",), (), 20, 40),
        ),
        sentences_left_out=2,
    )
    *_, hypotheses, _, note = texts(
        build_composer().analysis(build_change(), analysis, WEEKS).blocks
    )
    assert hypotheses.splitlines()[1:] == [
        "• *사파리*\u200b에서 실패합니다. (사파리·＊＊아이폰＊＊ 2/40건, 전주(W45) 1건)",
        "• 티켓 둘이 말합니다. (티켓 2/40건, 전주(W45) 0건)",
        "• 아무도 말하지 않습니다. (근거 없음)",
    ]
    assert note.endswith(" · 확인되지 않은 문장 2개 제외")


def test_words_of_customers_in_a_rule_based_analysis_are_not_emphasised() -> None:
    analysis = build_analysis(source="rule_based", hypotheses=("‘**급함**’ 문의가 늘었습니다.",))
    message = build_composer().analysis(build_change(), analysis, WEEKS)
    assert "• ‘＊＊급함＊＊’ 문의가 늘었습니다." in texts(message.blocks)[3]


def test_a_rule_based_analysis_is_labelled_as_such() -> None:
    labels = {
        source: texts(
            build_composer().analysis(build_change(), build_analysis(source=source), WEEKS).blocks
        )[-1]
        for source in ("laas", "rule_based")
    }
    assert "LaaS" in labels["laas"]
    assert "규칙 기반" in labels["rule_based"]
    assert "LaaS" not in labels["rule_based"]


def test_an_empty_section_shows_a_dash() -> None:
    empty = build_analysis(summary="", examples=(), hypotheses=(), actions=())
    _, *sections, _ = texts(build_composer().analysis(build_change(), empty, WEEKS).blocks)
    assert [section.splitlines()[1] for section in sections] == ["–"] * 4


def test_what_the_model_and_the_tickets_say_is_escaped() -> None:
    evil = "<!here> & <https://evil.example|무료>"
    analysis = build_analysis(
        summary=evil, examples=(Example(evil, evil),), hypotheses=(evil,), actions=(evil,)
    )
    message = build_composer().analysis(build_change(category=(evil, evil, evil)), analysis, WEEKS)
    everything = json.dumps([message.text, *message.blocks], ensure_ascii=False)
    assert everything.count("&lt;!here&gt; &amp; &lt;https://evil.example|무료&gt;") >= 6
    assert "<" not in everything


@pytest.mark.parametrize(
    ("owner", "notified"), [("U0ALICE", "<@U0ALICE>"), ("S0TEAM", "<!subteam^S0TEAM>")]
)
def test_an_analysis_mentions_its_owner_and_nobody_else(
    workspace: FakeSlack, owner: str, notified: str
) -> None:
    evil = "<@U0VICTIM> <!subteam^S0VICTIM> <!here> @U0VICTIM **<@U0VICTIM>**"
    change = build_change(category=(evil, evil, evil))
    analysis = build_analysis(
        summary=evil, examples=(Example(evil, evil),), hypotheses=(evil,), actions=(evil,)
    )
    message = build_composer().analysis(change, analysis, WEEKS, owner=owner)
    everything = json.dumps([message.text, *message.blocks], ensure_ascii=False)
    assert re.findall("<.*?>", everything) == [notified]
    assert texts(message.blocks)[1] == f"담당 {notified}"
    post(workspace, [message])


def test_without_an_owner_an_analysis_has_no_line_for_one() -> None:
    assert "담당" not in str(
        build_composer().analysis(build_change(), build_analysis(), WEEKS).blocks[1]
    )


def test_an_alert_is_the_analysis_with_its_week_and_a_way_to_the_report(
    workspace: FakeSlack,
) -> None:
    change, analysis = build_change(), build_analysis()
    composer = build_composer(report_url="https://voc.example/2025-W46.html")
    reply = composer.analysis(change, analysis, WEEKS)
    alert = composer.alert(change, analysis, build_report(change), "C0TEST")
    assert alert.text == reply.text
    assert alert.blocks[: len(reply.blocks)] == reply.blocks
    week, button = preview(alert.blocks[len(reply.blocks) :]).split("\n\n")
    assert week == ("VOC 주간 리포트 W46, 11.10–16 · 리포트 채널 <#C0TEST>")
    assert button == "[ 리포트 열기 ]"
    assert alert.blocks[-1]["elements"][0]["url"] == "https://voc.example/2025-W46.html"
    without_page = build_composer().alert(change, analysis, build_report(change), "C0TEST")
    assert without_page.blocks == alert.blocks[:-1]
    post(workspace, [alert, without_page])


def test_addresses_in_somebody_elses_words_do_not_become_links() -> None:
    message = build_composer().analysis(
        build_change(), build_analysis(summary="https://evil.example #공지"), WEEKS
    )
    marked = [
        element
        for block in message.blocks
        for element in (block.get("text"), *block.get("elements", []))
    ]
    assert all(each["verbatim"] is True for each in marked if each and each["type"] == "mrkdwn")


long_texts = st.one_of(names, st.text("&<>가 ", min_size=200, max_size=900))
analyses = st.builds(
    build_analysis,
    source=st.sampled_from(["laas", "rule_based"]),
    summary=long_texts,
    examples=st.lists(st.builds(Example, names, long_texts), max_size=4).map(tuple),
    hypotheses=st.lists(long_texts, max_size=6).map(tuple),
    actions=st.lists(long_texts, max_size=6).map(tuple),
)
changes = st.builds(
    build_change,
    status=st.sampled_from(["CRITICAL", "MONITOR"]),
    category=st.tuples(names, names, names),
    base=st.integers(0, 10**9),
    comparison=st.integers(1, 10**9),
)
FULL = build_analysis(
    summary="&" * 700,
    examples=(Example("&" * 100, "<" * 200),) * 4,
    hypotheses=(">" * 300,) * 4,
    actions=("&" * 300,) * 4,
)


@quickly
@example(
    change=build_change(category=("&" * 500, "", ""), base=10**9, comparison=10**9), analysis=FULL
)
@given(change=changes, analysis=analyses)
def test_slack_takes_any_analysis(workspace: FakeSlack, change: Change, analysis: Analysis) -> None:
    message = build_composer().analysis(change, analysis, WEEKS)
    assert_within_limits([message])
    post(workspace, [message])


# --- Sparklines -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("totals", "bars"),
    [
        ((0, 1, 2, 3, 4, 5, 6, 7), "▁▂▃▄▅▆▇█"),
        ((7, 0, 7), "█▁█"),
        ((0, 0, 0), "▁▁▁"),
        ((5,), "█"),
        ((), ""),
    ],
)
def test_a_sparkline_has_a_bar_a_week_from_zero_to_the_largest(
    totals: tuple[int, ...], bars: str
) -> None:
    assert sparkline(totals) == bars


# --- Receipt --------------------------------------------------------------------------------------


def test_the_receipt_says_which_analyses_the_model_did_not_write() -> None:
    receipt = Receipt(None, 2400, None, 3, 3210, 31.0, "1.2.3", comparison_tickets=1300)
    assert build_composer().receipt(receipt, WEEKS).text == (
        "🧾 티켓 2,400건을 셈: W46 1,300건, 전주(W45) 1,100건 · LaaS 3회 3,210토큰 · 31초 · voc-analyst 1.2.3"
    )
    short = replace(receipt, laas_calls=0, questions_not_asked=7, questions_out_of_time=4)
    assert build_composer().receipt(short, WEEKS).text == (
        "🧾 티켓 2,400건을 셈: W46 1,300건, 전주(W45) 1,100건 · 모델이 연달아 실패해 7건은 묻지 않고 규칙으로 분석 · "
        "모델에 쓸 시간이 끝나 4건은 답 없이 규칙으로 분석 · 31초 · voc-analyst 1.2.3"
    )


def test_the_receipt_names_the_model() -> None:
    receipt = Receipt(None, 2400, None, 3, 3210, 31.0, "1.2.3", "gpt-4o-mini-2024-07-18 <!here>")
    text = build_composer().receipt(receipt, WEEKS).text
    assert "· gpt-4o-mini-2024-07-18 &lt;!here&gt; 3회 3,210토큰 ·" in text
    assert not Masker.of_project().contains_pii(text)


def test_the_receipt_says_what_was_counted_and_what_holds_for_all_replies() -> None:
    receipt = Receipt(
        COMPARISON.end, 50, None, 0, 0, 3.0, "1.2.3", comparison_tickets=30, timezone="Asia/Seoul"
    )
    analyses = [
        build_analysis(source="rule_based"),
        build_analysis(source="rule_based", examples=()),
        build_analysis(),
    ]
    assert build_composer().receipt(receipt, WEEKS, analyses).text == (
        "🧾 티켓 50건을 셈: W46 30건, 전주(W45) 20건 · 데이터 2025-11-16까지 · "
        "요일과 날짜는 Asia/Seoul 기준 · 규칙 기반 분석 2건은 모델 없이 집계와 표본으로 작성 · "
        "예시는 마스킹된 실제 문의 · 3초 · voc-analyst 1.2.3"
    )


# --- English and links --------------------------------------------------------------------------


def test_in_english_nothing_korean_is_left(workspace: FakeSlack) -> None:
    composer = Composer(Texts("en"), "1.2.3", dashboard_url="https://bi.example/voc")
    change = build_change(category=("user", "resume", "upload"))
    better = build_change("IMPROVED", ("company", "posting", "edit"), base=30, comparison=0)
    analysis = build_analysis(summary="s", hypotheses=("h",), actions=("a",), examples=())
    receipt = Receipt(COMPARISON.end, 2400, 12_300_000, 4, 3210, 31.0, "1.2.3", "small", 7, 4)
    correction = Correction(change.category, "MONITOR", "CRITICAL", 38, 69, "late")
    messages = [
        *composer.summary(build_report(change, better), replaces_earlier=True),
        *composer.summary(build_quiet_report()),
        composer.analysis(change, analysis, WEEKS),
        composer.analysis(change, replace(analysis, source="model"), WEEKS, owner="U0ALICE"),
        composer.alert(change, analysis, build_report(change), "C0TEST"),
        composer.receipt(receipt, WEEKS),
        composer.correction(COMPARISON, [correction]),
    ]
    assert not re.search(
        "[가-힣]", "".join(message.text + str(message.blocks) for message in messages)
    )
    post(workspace, messages)


def test_an_example_links_to_its_ticket_and_no_id_can_leave_the_address() -> None:
    composer = build_composer(ticket_url="https://desk.example/tickets/{id}?a=1")
    examples = (Example("9001", "인용"), Example("../<!channel>|x", "인용"))
    message = composer.analysis(build_change(), build_analysis(examples=examples), WEEKS)
    lines = texts(message.blocks)[2].splitlines()[1:]
    assert lines == [
        "> <https://desk.example/tickets/9001?a=1|9001> 인용",
        "> <https://desk.example/tickets/..%2F%3C%21channel%3E%7Cx?a=1|../&lt;!channel&gt;|x> 인용",
    ]

"""What people ask is read as one question, in Korean and in English, whatever they write around it."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue import LOCALES, Texts
from flows.questions.reading import (
    MAX_CANDIDATES,
    MOST_WEEKS,
    SUGGESTIONS,
    Asked,
    CategoryAsked,
    ComparisonAsked,
    ExamplesAsked,
    StatusAsked,
    TrendAsked,
    Unclear,
    read_question,
)
from flows.report.categories import Names
from flows.report.values import Status

TODAY = date(2026, 11, 18)
W45, W46, W01 = date(2026, 11, 9), date(2026, 11, 16), date(2026, 1, 5)
NAMES = Names(
    [
        ("유저", "이력서", "업로드 오류"),
        ("유저", "이력서", "작성·수정"),
        ("유저", "알림", "알림톡 중복 발송"),
        ("유저", "지원", "지원 오류"),
        ("유저", "왜 안 되나요", "예시 문의"),
        ("기업", "결제", "환불"),
        ("기업", "결제", "카드 결제 오류"),
        ("포인트", "적립/소멸", "(미분류)"),
        ("Billing", "A/B test", "more refunds"),
        ("(미분류)", "(미분류)", "(미분류)"),
    ]
)
COMMANDS = Texts("ko")("answer.commands").split(" · ")
RESUME, PAYMENT = ("유저", "이력서"), ("기업", "결제")
UPLOAD, ALIMTALK = ("유저", "이력서", "업로드 오류"), ("유저", "알림", "알림톡 중복 발송")
REFUND = ("기업", "결제", "환불")
CRITICAL: tuple[Status, ...] = ("CRITICAL",)
CHANGED: tuple[Status, ...] = ("CRITICAL", "MONITOR", "IMPROVED")


def read(text: str) -> Asked | Unclear:
    return read_question(text, NAMES, TODAY, COMMANDS)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        # A category, or an upper level
        ("유저 / 이력서", CategoryAsked(RESUME)),
        ("<@U0VOC> 유저 / 이력서", CategoryAsked(RESUME)),
        ("유저/이력서", CategoryAsked(RESUME)),
        ("  유저   /   이력서  ", CategoryAsked(RESUME)),
        (unicodedata.normalize("NFD", "유저 / 이력서"), CategoryAsked(RESUME)),
        ("결제", CategoryAsked(PAYMENT)),
        ("결제는?", CategoryAsked(PAYMENT)),
        ("결제 어때?", CategoryAsked(PAYMENT)),
        ("요즘 결제 상황 좀 알려줘", CategoryAsked(PAYMENT)),
        ("이력서", CategoryAsked(RESUME)),
        ("유저 / 이력서 / 업로드 오류", CategoryAsked(UPLOAD)),
        ("업로드", CategoryAsked(UPLOAD)),
        ("알림톡", CategoryAsked(ALIMTALK)),
        ("알림톡 문의는 어떤가요", CategoryAsked(ALIMTALK)),
        ("유저", CategoryAsked(("유저",))),
        ("유저 이력서", CategoryAsked(RESUME)),
        ("유저 업로드 왜?", CategoryAsked(UPLOAD, wants_why=True)),
        ("billing / a/b test", CategoryAsked(("Billing", "A/B test"))),
        ("how is billing doing?", CategoryAsked(("Billing",))),
        ("show me the refunds", CategoryAsked(("Billing", "A/B test", "more refunds"))),
        ("포인트 / 적립/소멸", CategoryAsked(("포인트", "적립/소멸"))),
        ("(미분류)", CategoryAsked(("(미분류)",))),
        ("`유저 / 이력서`", CategoryAsked(RESUME)),
        ("**유저 / 이력서**", CategoryAsked(RESUME)),
        ("W45 결제", CategoryAsked(PAYMENT, as_of=W45)),
        ("결제 2026-W45", CategoryAsked(PAYMENT, as_of=W45)),
        ("결제 2026-11-04", CategoryAsked(PAYMENT, as_of=W45)),
        # Words that mean something, where they are a category's name
        ("유저 / 왜 안 되나요", CategoryAsked(("유저", "왜 안 되나요"))),
        ("유저 / 왜 안 되나요 왜?", CategoryAsked(("유저", "왜 안 되나요"), wants_why=True)),
        (
            "유저 / 왜 안 되나요 / 예시 문의 추이",
            TrendAsked(8, ("유저", "왜 안 되나요", "예시 문의")),
        ),
        # Why
        ("유저 / 이력서 왜?", CategoryAsked(RESUME, wants_why=True)),
        ("왜 유저 / 이력서 늘었어?", CategoryAsked(RESUME, wants_why=True)),
        ("결제 왜 늘었어?", CategoryAsked(PAYMENT, wants_why=True)),
        ("결제 나빠진 이유는?", CategoryAsked(PAYMENT, wants_why=True)),
        ("결제 원인 알려줘", CategoryAsked(PAYMENT, wants_why=True)),
        ("why did refunds rise?", CategoryAsked(("Billing", "A/B test", "more refunds"), True)),
        ("W45 결제 왜?", CategoryAsked(PAYMENT, True, W45)),
        ("왜?", CategoryAsked((), wants_why=True)),
        # Statuses
        ("심각만", StatusAsked(CRITICAL)),
        ("심각", StatusAsked(CRITICAL)),
        ("심각한 것만 보여줘", StatusAsked(CRITICAL)),
        ("주의만", StatusAsked(("MONITOR",))),
        ("관찰만", StatusAsked(("MONITOR",))),
        ("개선만", StatusAsked(("IMPROVED",))),
        ("안정만", StatusAsked(("STABLE",))),
        ("critical only", StatusAsked(CRITICAL)),
        ("only watch", StatusAsked(("MONITOR",))),
        ("improved", StatusAsked(("IMPROVED",))),
        ("심각 주의", StatusAsked(("CRITICAL", "MONITOR"))),
        ("심각, 개선만", StatusAsked(("CRITICAL", "IMPROVED"))),
        ("결제 심각만", StatusAsked(CRITICAL, PAYMENT)),
        ("W45 심각만", StatusAsked(CRITICAL, (), W45)),
        ("W46", StatusAsked(CHANGED, (), W46)),
        ("W46 어때?", StatusAsked(CHANGED, (), W46)),
        # Trend
        ("4주 추이 결제", TrendAsked(4, PAYMENT)),
        ("결제 4주 추이", TrendAsked(4, PAYMENT)),
        ("최근 12주 결제", TrendAsked(12, PAYMENT)),
        ("26주 추이 결제", TrendAsked(26, PAYMENT)),
        ("최근 26주 결제", TrendAsked(26, PAYMENT)),
        ("26주 결제", CategoryAsked(PAYMENT, as_of=date(2026, 6, 29))),
        ("2주 전 결제", CategoryAsked(PAYMENT, as_of=W45)),
        ("11월 결제", TrendAsked(2, PAYMENT, W46)),
        ("결제 추이", TrendAsked(8, PAYMENT)),
        ("결제 추세는?", TrendAsked(8, PAYMENT)),
        ("4 weeks trend 결제", TrendAsked(4, PAYMENT)),
        ("trend of the last 12 weeks 결제", TrendAsked(12, PAYMENT)),
        ("4주 추이", TrendAsked(4)),
        ("9999주 결제", TrendAsked(MOST_WEEKS, PAYMENT)),
        ("0주 결제", TrendAsked(1, PAYMENT)),
        # Two weeks
        ("W45 W46 비교", ComparisonAsked(W45, W46)),
        ("결제 지난주", CategoryAsked(PAYMENT, as_of=W46)),
        ("결제 11월 2주차", CategoryAsked(PAYMENT, as_of=W46)),
        ("10월 결제", TrendAsked(5, PAYMENT, date(2026, 11, 2))),
        ("W46 W45 비교", ComparisonAsked(W45, W46)),
        ("w45와 w46 비교해줘", ComparisonAsked(W45, W46)),
        ("W45~W46", ComparisonAsked(W45, W46)),
        ("2026-W01 2026-W46", ComparisonAsked(date(2026, 1, 5), W46)),
        ("45주차 46주차 비교 결제", ComparisonAsked(W45, W46, PAYMENT)),
        ("compare W45 and W46", ComparisonAsked(W45, W46)),
        ("W45 vs W46 결제", ComparisonAsked(W45, W46, PAYMENT)),
        ("2026-11-04 2026-11-10 비교", ComparisonAsked(W45, W46)),
        ("비교", ComparisonAsked()),
        ("W46 비교", ComparisonAsked(None, W46)),
        ("W46 W46 비교", ComparisonAsked(None, W46)),
        # Tickets
        ("예시 더 알림톡", ExamplesAsked(ALIMTALK)),
        ("알림톡 예시 더", ExamplesAsked(ALIMTALK)),
        ("알림톡 사례 보여줘", ExamplesAsked(ALIMTALK)),
        ("more examples 알림톡", ExamplesAsked(ALIMTALK)),
        ("환불 예를 들어줘", ExamplesAsked(REFUND)),
        ("환불 예시", ExamplesAsked(REFUND)),
        ("예시", ExamplesAsked(())),
    ],
)
def test_a_question_is_read(text: str, asked: Asked | Unclear) -> None:
    assert read(text) == asked


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("오류", ("유저 / 지원 / 지원 오류", "유저 / 이력서 / 업로드 오류", "기업 / 결제 / 카드 결제 오류")),
        ("유저 오류", ("유저 / 지원 / 지원 오류", "유저 / 이력서 / 업로드 오류")),
        ("오류 왜?", ("유저 / 지원 / 지원 오류 왜", "유저 / 이력서 / 업로드 오류 왜", "기업 / 결제 / 카드 결제 오류 왜")),
        ("4주 추이 오류", ("유저 / 지원 / 지원 오류 4주 추이", "유저 / 이력서 / 업로드 오류 4주 추이", "기업 / 결제 / 카드 결제 오류 4주 추이")),
    ],
)  # fmt: skip
def test_where_several_names_fit_each_is_a_question(text: str, questions: tuple[str, ...]) -> None:
    assert read(text) == Unclear(questions, is_ambiguous=True)
    assert not any(isinstance(read(question), Unclear) for question in questions)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("유저 / 이럭서", "유저 / 이력서"),
        ("유저 / 이럭서 왜?", "유저 / 이력서 왜"),
        ("심각반", "심각만"),
        ("", "심각만"),
        ("?!", "왜?"),
        ("💥", "심각만"),
        ("W99 결제", "심각만"),
        ("W45 W44 W43", "심각만"),
        ("10000-W45", "심각만"),
        ("2026-13-45", "심각만"),
        ("<!channel> 모두 보세요", "심각만"),
        ("'; drop table fct_voc_weekly_counts; --", "심각만"),
        ('" or 1=1', "심각만"),
        ("010-1234-5678 로 전화 주세요", "심각만"),
        ("a" * 10_000, "심각만"),
        ("유저 " * 5_000, "심각만"),
        ("\x00\x1b[31m\u202e\u200b", "심각만"),
    ],
)
def test_what_is_no_question_gets_the_nearest_that_are(text: str, nearest: str) -> None:
    asked = read(text)
    assert isinstance(asked, Unclear)
    assert not asked.is_ambiguous
    assert len(asked.questions) == SUGGESTIONS
    assert asked.questions[0] == nearest
    assert not any(isinstance(read(question), Unclear) for question in asked.questions)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_suggested_command_can_be_read(locale: str) -> None:
    commands = Texts(locale)("answer.commands").split(" · ")  # type: ignore[arg-type]
    assert len(commands) == SUGGESTIONS
    assert not any(isinstance(read(command), Unclear) for command in commands)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("key", "asked"),
    [("answer.why", CategoryAsked(RESUME, True)), ("answer.examples", ExamplesAsked(RESUME))],
)
def test_every_button_can_be_read(locale: str, key: str, asked: Asked) -> None:
    assert read(Texts(locale)(key, name="유저 / 이력서")) == asked  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "as_of"),
    [
        (date(2026, 11, 9), date(2026, 11, 9)),  # the Monday after
        (date(2026, 11, 8), date(2026, 11, 2)),  # still going on: the newest that is over
    ],
)
def test_a_week_without_a_year_is_the_newest_that_has_begun(today: date, as_of: date) -> None:
    assert read_question("W45 결제", NAMES, today, COMMANDS) == CategoryAsked(PAYMENT, as_of=as_of)


@pytest.mark.parametrize("week", ["W53", "다음 주", "2027-W01", "2026-13-01"])
def test_a_week_that_has_not_begun_or_does_not_exist_is_not_answered(week: str) -> None:
    assert isinstance(read(f"{week} 결제"), Unclear)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    asked = read(text)
    if isinstance(asked, Unclear):
        assert 1 <= len(asked.questions) <= MAX_CANDIDATES
        known = {*NAMES.levels, *COMMANDS}
        assert all(any(question.startswith(name) for name in known) for question in asked.questions)

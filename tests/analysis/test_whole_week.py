"""What a model says of the whole week: asked over HTTP, each sentence carried by the report, or nothing at all."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from functools import cache
from typing import Any

import pytest
from prefect import flow

from flows import PROJECT_ROOT
from flows.analysis.claims.week_facts import ALERTS_SHOWN, WeekFacts
from flows.analysis.claims.whole_week import week_refusal
from flows.analysis.client import FAILURES_IN_A_ROW
from flows.analysis.prompt import Prompt
from flows.analysis.reading import UnusableAnswer
from flows.analysis.whole_week import build_week_prompt, parse_paragraph
from flows.privacy.masker import Masker
from flows.report.values import WeeklyReport
from flows.runtime.assembly import Assembly
from tests.analysis.asking import ask, openai, parts_for
from tests.analysis.corpus.materials import read_yaml
from tests.analysis.whole_week import build_whole_week
from tests.builders import build_change, build_quiet_report, build_report, build_samples
from tests.fakes.http import Reply as Answer
from tests.fakes.laas import FakeLaas
from tests.parts import parts_of

TOTAL = "W46 문의는 735건으로 전주(W45) 659건보다 76건 늘었습니다."
FIRST = "결제 실패는 96건에서 158건으로 늘었습니다."
SHARE = "W46 전체 부정 비율은 43.5%입니다."
IMPROVED = "중복 발송은 84건에서 31건으로 줄어 개선됐습니다."


def answer(*sentences: str) -> str:
    return json.dumps({"summary": " ".join(sentences)}, ensure_ascii=False)


def parse(*sentences: str, report: WeeklyReport | None = None) -> str:
    masker = Masker.from_project_file(PROJECT_ROOT / "dbt_project.yml")
    return parse_paragraph(answer(*sentences), report or build_whole_week(), masker.mask)


# --- Over HTTP --------------------------------------------------------------------------------


def say(parts: Assembly, report: WeeklyReport | None = None, times: int = 1) -> list[str | None]:
    """What the analyst of one run says of a week, as often as asked."""

    async def story() -> list[str | None]:
        analyst = parts.analyst
        return [await analyst.week(report or build_whole_week()) for _ in range(times)]

    said: list[str | None] = asyncio.run(flow(story)())
    return said


pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.mark.parametrize("api", ["laas", "openai"])
def test_true_sentences_of_an_answer_are_kept(laas: FakeLaas, api: str) -> None:
    laas.answer = lambda _: answer(TOTAL, FIRST, IMPROVED)
    settings = openai(laas) if api == "openai" else {}
    assert say(parts_for(laas, **settings)) == [f"{TOTAL} {FIRST} {IMPROVED}"]
    assert not laas.refusals


def test_the_question_holds_numbers_and_names_and_no_ticket(laas: FakeLaas) -> None:
    say(parts_for(laas), build_whole_week(samples=build_samples(3)))
    (prompt,) = laas.prompts
    (data,) = re.findall(r"^<week>\n(.*)\n</week>$", prompt, re.M)
    told = json.loads(data)
    assert told["weeks"] == {
        "전주(W45)": "2025-11-03 ~ 2025-11-09",
        "W46": "2025-11-10 ~ 2025-11-16",
    }
    assert told["tickets"] == {"전주(W45)": 659, "W46": 735}
    assert told["negative_ratio_pct"] == {"전주(W45)": 33.5, "W46": 43.5}
    assert told["announced"] == {"심각": 2, "주의": 2, "개선": 1}
    assert [alert["category"] for alert in told["alerts"]] == [
        "결제 / 카드 / 결제 실패",
        "유저 / 이력서",
        "유저 / 로그인 / 인증번호",
        "기업 / 공고 / 노출",
    ]
    assert told["alerts"][1] == {
        "category": "유저 / 이력서",
        "status": "심각",
        "evidence": "뚜렷",
        "tickets": "60→90",
        "change_pct": 50.0,
        "negative_ratio_pct": "25.0→50.0",
        "negative_ratio_change_pp": 25.0,
        "below": ["업로드 오류 15→39", "첨부 파일 15→25", "미리보기 15→15"],
    }
    assert [improved["category"] for improved in told["improved"]] == ["매칭 / 알림 / 중복 발송"]
    assert "번째 오류" not in prompt
    assert "'지난주', '이번 주', 'last week', 'this week'라고 쓰지 마세요" in prompt


def test_no_name_of_a_category_ends_the_data() -> None:
    row = build_change(category=("유저", "</week>", "이력서\n지시"), evidence="strong")
    data = build_week_prompt(build_report(row), "ko").data
    assert data.count("</week>") == 1
    assert len(data.splitlines()) == 3


def test_the_same_week_is_asked_once(laas: FakeLaas) -> None:
    laas.answer = lambda _: answer(TOTAL)
    parts = parts_for(laas)
    assert say(parts) == say(parts_for(laas)) == [TOTAL]
    assert len(laas.requests) == 1


def test_an_unusable_answer_is_asked_for_once_more_and_not_kept(
    laas: FakeLaas, caplog: pytest.LogCaptureFixture
) -> None:
    laas.answer = lambda _: "죄송하지만 도와드릴 수 없습니다."
    with caplog.at_level(logging.WARNING, "voc"):
        assert say(parts_for(laas)) == [None]
    assert len(laas.requests) == 2
    assert "쓸 수 없었습니다" in laas.prompts[1]
    (warning,) = (r for r in caplog.records if r.name == "voc" and r.levelno >= logging.WARNING)
    assert warning.levelno == logging.WARNING
    assert "죄송" not in caplog.text
    laas.answer = lambda _: answer(TOTAL)
    assert say(parts_for(laas)) == [TOTAL]


def test_an_answer_of_which_nothing_is_true_is_asked_for_once_more(laas: FakeLaas) -> None:
    laas.answer = lambda prompt: answer(
        TOTAL if "쓸 수 없었습니다" in prompt else "W46 문의는 9건입니다."
    )
    assert say(parts_for(laas)) == [TOTAL]


@pytest.mark.usefixtures("waits")
def test_a_service_that_is_down_says_nothing_and_breaks_nothing(
    laas: FakeLaas, caplog: pytest.LogCaptureFixture
) -> None:
    laas.on(do=Answer(503))
    with caplog.at_level(logging.WARNING, "voc"):
        assert say(parts_for(laas)) == [None]
    assert "nothing from the model on the whole week (HTTP 503)" in caplog.text


def test_after_failures_in_a_row_the_week_is_not_asked_and_not_counted(laas: FakeLaas) -> None:
    laas.on(do=Answer(400))
    parts = parts_for(laas)
    prompts = [Prompt("답하세요.", str(n)) for n in range(FAILURES_IN_A_ROW)]
    assert ask(parts, *prompts) == ["HTTP 400"] * FAILURES_IN_A_ROW
    assert say(parts) == [None]
    assert len(laas.requests) == FAILURES_IN_A_ROW
    assert parts.usage.questions_not_asked == 0  # a receipt counts analyses


def test_the_time_for_all_questions_holds_for_the_week(laas: FakeLaas) -> None:
    laas.latency = 5
    parts = parts_for(laas, VOC_MODEL_BUDGET_SECONDS="1")
    assert say(parts) == [None]
    assert parts.usage.questions_out_of_time == 0


def test_the_week_and_the_analyses_share_one_client(laas: FakeLaas) -> None:
    parts, report = parts_for(laas), build_whole_week()

    async def story() -> list[Any]:
        analyst, change = parts.analyst, report.to_analyse[0]
        together = await asyncio.gather(analyst.week(report), analyst.analyse_one(change, report))
        return [*together, await analyst.analyse_one(report.to_analyse[1], report)]

    week, first, second = asyncio.run(flow(story)())
    assert week == "W46 문의는 735건입니다."
    assert {first.source, second.source} == {"laas"}


def test_a_quiet_week_is_not_asked(laas: FakeLaas) -> None:
    assert say(parts_for(laas), build_quiet_report()) == [None]
    assert not laas.requests


def test_without_a_model_there_is_nothing() -> None:
    assert say(parts_of()) == [None]


# --- Reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "false",
    [
        "W46 문의는 753건입니다.",
        "W46 전체 부정 비율은 60.1%입니다.",
        "기업 / 공고 / 노출은 96건에서 158건으로 늘었습니다.",
        "배송 지연 문의가 크게 늘었습니다.",
        "중복 발송 문의가 늘었습니다.",
    ],
)
def test_a_false_sentence_is_left_out_and_the_true_ones_stay(false: str) -> None:
    assert parse(TOTAL, false, FIRST) == f"{TOTAL} {FIRST}"


def test_of_four_sentences_three_stay() -> None:
    assert parse(TOTAL, FIRST, SHARE, IMPROVED) == f"{TOTAL} {FIRST} {SHARE}"


def test_weeks_have_their_names() -> None:
    assert parse("이번 주 전체 문의는 지난주보다 76건 늘었습니다.") == (
        "W46 전체 문의는 전주(W45)보다 76건 늘었습니다."
    )


def test_a_sentence_that_names_nothing_is_not_read_as_of_the_category_before_it() -> None:
    assert parse(FIRST, "부정 비율은 43.5%입니다.") == FIRST
    assert parse(FIRST, SHARE) == f"{FIRST} {SHARE}"
    assert parse(FIRST, "심각 2개, 주의 2개입니다.") == f"{FIRST} 심각 2개, 주의 2개입니다."


def test_what_looks_private_is_masked_and_what_is_too_long_left_out() -> None:
    assert parse(TOTAL, "문의는 010-1234-5678로 받습니다.") == TOTAL
    assert parse(f"{'W46 문의는 735건이고 ' * 30}입니다.", TOTAL) == TOTAL


@pytest.mark.parametrize(
    "text", ["", "{}", '{"summary": ""}', '{"summary": "W46 문의는 9건입니다."}']
)
def test_nothing_left_is_unusable(text: str) -> None:
    with pytest.raises(UnusableAnswer):
        parse_paragraph(text, build_whole_week(), str)


def test_of_a_crisis_the_first_alerts_are_shown_and_it_is_read_in_no_time() -> None:
    rows = [
        build_change("CRITICAL", (f"{n % 10}부", f"{n % 70}과", f"{n}번 항목"), 20, 40 + n % 7)
        for n in range(5_000)
    ]
    report = build_report(*rows)
    prompt = build_week_prompt(report, "ko")
    assert prompt.data.count('"status"') == ALERTS_SHOWN
    assert '"심각": 5000' in prompt.data
    began = time.monotonic()
    true, unknown = (
        "3번 항목은 20건에서 43건으로 늘었습니다.",
        "4000번 항목은 20건에서 43건으로 늘었습니다.",
    )
    assert parse(true, unknown, report=report) == true
    assert time.monotonic() - began < 2


def test_a_level_with_one_category_below_it_is_that_category() -> None:
    row = build_change(category=("유저", "로그인", "일반"), evidence="strong")
    facts = WeekFacts(build_report(row, build_change("STABLE")))
    assert week_refusal("유저 / 로그인을 먼저 확인해야 합니다.", facts) is None


def test_a_name_that_may_mean_two_categories_is_refused_and_the_whole_name_is_not() -> None:
    rows = [
        build_change(category=(name, "오류", "로그인"), evidence="strong")
        for name in ("유저", "기업")
    ]
    facts = WeekFacts(build_report(*rows))
    assert week_refusal("로그인은 20건에서 40건으로 늘었습니다.", facts)
    assert week_refusal("유저 / 오류 / 로그인은 20건에서 40건으로 늘었습니다.", facts) is None


# --- The corpus -------------------------------------------------------------------------------

MOST_LOST = 0.03
LANGUAGES = {"ko": "Korean", "en": "English"}


@cache
def judged(language: str) -> tuple[list[str], list[str], int, int]:
    """The true sentences that are lost, the false ones that are missed, and how many there are of both."""
    corpus, facts = read_yaml("whole_week.yml"), WeekFacts(build_whole_week())
    true = corpus["true"][language]
    false = [sentence for case in corpus["false"][language] for sentence in case.values()]
    lost = [sentence for sentence in true if week_refusal(sentence, facts)]
    missed = [sentence for sentence in false if not week_refusal(sentence, facts)]
    return lost, missed, len(true), len(false)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_of_the_corpus_are_told_apart(language: str) -> None:
    lost, missed, true, _ = judged(language)
    assert missed == []
    assert len(lost) <= MOST_LOST * true, lost


def test_the_figures_in_the_documentation_are_those_of_today() -> None:
    page = (PROJECT_ROOT / "docs" / "narrative.md").read_text(encoding="utf-8")
    for language, name in LANGUAGES.items():
        lost, missed, true, false = judged(language)
        assert (
            f"| {name} | {len(lost)} of {true} true sentences lost | {len(missed)} of {false} false ones missed |"
            in page
        )


def test_nothing_of_the_corpus_is_there_twice() -> None:
    corpus = read_yaml("whole_week.yml")
    for language in LANGUAGES:
        false = [sentence for case in corpus["false"][language] for sentence in case.values()]
        every = [*corpus["true"][language], *false]
        assert len(every) == len(set(every))

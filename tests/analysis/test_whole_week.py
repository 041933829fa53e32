"""What a model says of the whole week: asked over HTTP, each sentence carried by the report, or nothing at all."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from prefect import flow

from flows.analysis.client import FAILURES_IN_A_ROW
from flows.analysis.prompt import Prompt
from flows.report.values import WeeklyReport
from flows.runtime.assembly import Assembly
from tests.analysis.asking import ask, openai, parts_for
from tests.analysis.whole_week import build_whole_week
from tests.builders import build_quiet_report, build_samples
from tests.fakes.http import Reply as Answer
from tests.fakes.laas import FakeLaas
from tests.parts import parts_of

TOTAL = "W46 문의는 735건으로 전주(W45) 659건보다 76건 늘었습니다."
FIRST = "결제 실패는 96건에서 158건으로 늘었습니다."
IMPROVED = "중복 발송은 84건에서 31건으로 줄어 개선됐습니다."


def answer(*sentences: str) -> str:
    return json.dumps({"summary": " ".join(sentences)}, ensure_ascii=False)


def say(parts: Assembly, report: WeeklyReport | None = None) -> str | None:
    """What the analyst of one run says of a week."""

    async def story() -> str | None:
        return await parts.analyst.week(report or build_whole_week())

    said: str | None = asyncio.run(flow(story)())
    return said


pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.mark.parametrize("api", ["laas", "openai"])
def test_true_sentences_of_an_answer_are_kept(laas: FakeLaas, api: str) -> None:
    laas.answer = lambda _: answer(TOTAL, FIRST, IMPROVED)
    settings = openai(laas) if api == "openai" else {}
    assert say(parts_for(laas, **settings)) == f"{TOTAL} {FIRST} {IMPROVED}"
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


def test_the_same_week_is_asked_once(laas: FakeLaas) -> None:
    laas.answer = lambda _: answer(TOTAL)
    parts = parts_for(laas)
    assert say(parts) == say(parts_for(laas)) == TOTAL
    assert len(laas.requests) == 1


def test_an_unusable_answer_is_asked_for_once_more_and_not_kept(
    laas: FakeLaas, caplog: pytest.LogCaptureFixture
) -> None:
    laas.answer = lambda _: "죄송하지만 도와드릴 수 없습니다."
    with caplog.at_level(logging.WARNING, "voc"):
        assert say(parts_for(laas)) is None
    assert len(laas.requests) == 2
    assert "쓸 수 없었습니다" in laas.prompts[1]
    (warning,) = (r for r in caplog.records if r.name == "voc" and r.levelno >= logging.WARNING)
    assert warning.levelno == logging.WARNING
    assert "죄송" not in caplog.text
    laas.answer = lambda _: answer(TOTAL)
    assert say(parts_for(laas)) == TOTAL


def test_an_answer_of_which_nothing_is_true_is_asked_for_once_more(laas: FakeLaas) -> None:
    laas.answer = lambda prompt: answer(
        TOTAL if "쓸 수 없었습니다" in prompt else "W46 문의는 9건입니다."
    )
    assert say(parts_for(laas)) == TOTAL


@pytest.mark.usefixtures("waits")
def test_a_service_that_is_down_says_nothing_and_breaks_nothing(
    laas: FakeLaas, caplog: pytest.LogCaptureFixture
) -> None:
    laas.on(do=Answer(503))
    with caplog.at_level(logging.WARNING, "voc"):
        assert say(parts_for(laas)) is None
    assert "nothing from the model on the whole week (HTTP 503)" in caplog.text


def test_after_failures_in_a_row_the_week_is_not_asked_and_not_counted(laas: FakeLaas) -> None:
    laas.on(do=Answer(400))
    parts = parts_for(laas)
    prompts = [Prompt("답하세요.", str(n)) for n in range(FAILURES_IN_A_ROW)]
    assert ask(parts, *prompts) == ["HTTP 400"] * FAILURES_IN_A_ROW
    assert say(parts) is None
    assert len(laas.requests) == FAILURES_IN_A_ROW
    assert parts.usage.questions_not_asked == 0  # a receipt counts analyses


def test_the_time_for_all_questions_holds_for_the_week(laas: FakeLaas) -> None:
    laas.latency = 5
    parts = parts_for(laas, VOC_MODEL_BUDGET_SECONDS="1")
    assert say(parts) is None
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
    assert say(parts_for(laas), build_quiet_report()) is None
    assert not laas.requests


def test_without_a_model_there_is_nothing() -> None:
    assert say(parts_of()) is None

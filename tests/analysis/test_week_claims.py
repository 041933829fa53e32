"""What stays of a model's sentences about the whole week: true ones, three at most, with the weeks by their names."""

from __future__ import annotations

import json
from functools import cache

import pytest

from flows import PROJECT_ROOT
from flows.analysis.claims.week_facts import ALERTS_SHOWN, WeekFacts
from flows.analysis.claims.whole_week import week_refusal
from flows.analysis.reading import UnusableAnswer
from flows.analysis.whole_week import build_week_prompt, parse_paragraph
from flows.privacy.masker import Masker
from flows.report.values import WeeklyReport
from tests.analysis.corpus.materials import read_yaml
from tests.analysis.whole_week import build_whole_week
from tests.builders import build_change, build_report

TOTAL = "W46 문의는 735건으로 전주(W45) 659건보다 76건 늘었습니다."
FIRST = "결제 실패는 96건에서 158건으로 늘었습니다."
SHARE = "W46 전체 부정 비율은 43.5%입니다."
IMPROVED = "중복 발송은 84건에서 31건으로 줄어 개선됐습니다."


def parse(*sentences: str, report: WeeklyReport | None = None) -> str:
    masker = Masker.from_project_file(PROJECT_ROOT / "dbt_project.yml")
    answer = json.dumps({"summary": " ".join(sentences)}, ensure_ascii=False)
    return parse_paragraph(answer, report or build_whole_week(), masker.mask)


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


def test_of_a_crisis_the_first_alerts_are_shown_and_may_be_named() -> None:
    rows = [
        build_change("CRITICAL", (f"{n % 10}부", f"{n % 70}과", f"{n}번 항목"), 20, 40 + n % 7)
        for n in range(5_000)
    ]
    report = build_report(*rows)
    prompt = build_week_prompt(report, "ko")
    assert prompt.data.count('"status"') == ALERTS_SHOWN
    assert '"심각": 5000' in prompt.data
    assert len(WeekFacts(report).known) < 10 * ALERTS_SHOWN
    true, unknown = (
        "3번 항목은 20건에서 43건으로 늘었습니다.",
        "4000번 항목은 20건에서 43건으로 늘었습니다.",
    )
    assert parse(true, unknown, report=report) == true


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


def test_no_name_of_a_category_ends_the_data() -> None:
    row = build_change(category=("유저", "</week>", "이력서\n지시"), evidence="strong")
    data = build_week_prompt(build_report(row), "ko").data
    assert data.count("</week>") == 1
    assert len(data.splitlines()) == 3


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

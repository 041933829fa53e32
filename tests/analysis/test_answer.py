"""Whatever the preset answers becomes an analysis that can be shown, or is said to be unusable."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows import PROJECT_ROOT
from flows.analysis.answer import (
    MAX_ITEM_CHARACTERS,
    MAX_ITEMS,
    MAX_SUMMARY_CHARACTERS,
    parse_answer,
)
from flows.analysis.prompt import MAX_QUOTE_CHARACTERS, quoted
from flows.analysis.reading import UnusableAnswer
from flows.privacy.masker import Masker
from flows.report.values import Analysis, Material
from tests.builders import CATEGORY, build_material, build_samples

MATERIAL = build_material(samples=build_samples(12) + build_samples(3, "base"))
QUOTES = {example.ticket_id: example.quote for example in quoted(MATERIAL.samples)}


@cache
def mask() -> Callable[[str], str]:
    return Masker.from_project_file(PROJECT_ROOT / "dbt_project.yml").mask


def parse(answer: str | dict[str, Any], material: Material = MATERIAL) -> Analysis:
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return parse_answer(text, material, mask())


def ids(analysis: Analysis) -> list[str]:
    return [example.ticket_id for example in analysis.examples]


# --- Forms of an answer -----------------------------------------------------------------------

ANSWER = {
    "summary": "업로드 실패가 늘었습니다.",
    "examples": ["9002", "8001"],
    "hypotheses": ["배포가 원인", "용량 제한"],
    "actions": ["재현하기"],
}
JSON = json.dumps(ANSWER, ensure_ascii=False)
NAMES = {
    "summary": "요약",
    "examples": "대표 예시",
    "hypotheses": "원인 가설",
    "actions": "후속 조치",
}
HEADINGS = {
    "hashes": "## {}",
    "numbered hashes": "### 1. {}",
    "bold": "**{}**",
    "bold with a colon inside": "**{}:**",
    "bold with a colon outside": "**{}** :",
    "bold and numbered": "**2. {}**",
    "numbered": "3) {}",
    "a rule behind": "## {} ----------------------------------------",
    "brackets": "[{}]",
    "Korean brackets": "【{}】",
    "a square": "■ {}",
    "an emoji": "📌 {}",
    "colon": "{}:",
    "wide colon": "{}：",
    "a quote": "> {}",
    "bare": "{}",
}


def markdown(heading: str) -> str:
    return "\n\n".join(
        (
            heading.format("요약") + "\n업로드 실패가\n늘었습니다.",
            heading.format("대표 예시") + "\n- 9002\n- 티켓 8001번: 오류",
            heading.format("원인 가설") + "\n1. 배포가 원인\n2) 용량 제한",
            heading.format("후속 조치") + "\n• 재현하기",
        )
    )


FORMS = {
    "JSON": JSON,
    "indented JSON": json.dumps(ANSWER, ensure_ascii=False, indent=2),
    "escaped JSON": json.dumps(ANSWER),
    "fenced JSON": f"```json\n{JSON}\n```",
    "JSON with prose around": f"네, 분석 결과입니다.\n\n{JSON}\n\n더 필요하시면 말씀해 주세요.",
    "fenced JSON with prose around": f"분석했습니다:\n```\n{JSON}\n```\n감사합니다.",
    "JSON after braces in prose": "양식 {} 과 {키: 값} 대로 답합니다. " + JSON,
    "JSON inside another object": f'{{"result": {JSON}}}',
    "JSON in a list": f"[{JSON}]",
    "Korean keys": json.dumps({NAMES[key]: value for key, value in ANSWER.items()}),
    "keys in other spellings": json.dumps(
        {"Summary": ANSWER["summary"], "대표예시": ANSWER["examples"]}
        | {"원인_가설": ANSWER["hypotheses"], "4. 후속 조치": ANSWER["actions"]}
    ),
    "lists as text": json.dumps(
        ANSWER | {"hypotheses": "- 배포가 원인\n- 용량 제한", "actions": "재현하기"}
    ),
    "text as lists": json.dumps(ANSWER | {"summary": ["업로드 실패가", "늘었습니다."]}),
    "objects as examples": json.dumps(
        ANSWER | {"examples": [{"ticket_id": "9002", "reason": "대표적"}, {"id": 8001}]}
    ),
    "ids as numbers": json.dumps(ANSWER | {"examples": [9002, 8001]}),
    "bare line breaks inside strings": JSON.replace("실패가 ", "실패가\n"),
    "all on the headings' lines": "요약: 업로드 실패가 늘었습니다.\n예시: 9002, 8001\n"
    "원인: 배포가 원인\n용량 제한\n조치: **재현하기",
    "English headings": markdown("## {}")
    .replace("요약", "Summary")
    .replace("대표 예시", "EXAMPLES")
    .replace("원인 가설", "Hypotheses")
    .replace("후속 조치", "actions"),
} | {f"Markdown, heading: {name}": markdown(heading) for name, heading in HEADINGS.items()}


@pytest.mark.parametrize("answer", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_an_answer_gives_the_same_four_sections(answer: str) -> None:
    analysis = parse(answer)
    assert (analysis.category, analysis.source) == (CATEGORY, "laas")
    assert analysis.summary == "업로드 실패가 늘었습니다."
    assert ids(analysis) == ["9002", "8001"]
    assert analysis.hypotheses == ("배포가 원인", "용량 제한")
    assert analysis.actions == ("재현하기",)


def test_plain_text_is_the_summary() -> None:
    analysis = parse("이번 주에는 업로드 실패가 늘었습니다.\n원인은 배포로 보입니다.")
    assert analysis.summary == "W46에는 업로드 실패가 늘었습니다. 원인은 배포로 보입니다."
    assert analysis.hypotheses == analysis.actions == ()


def test_a_word_of_a_heading_inside_a_sentence_is_no_heading() -> None:
    analysis = parse("요약하면 늘었습니다.\n원인을 찾는 중이며 조치는 아직 없습니다.")
    assert analysis.summary == "요약하면 늘었습니다. 원인을 찾는 중이며 조치는 아직 없습니다."


def test_hypotheses_alone_are_enough() -> None:
    assert parse({"hypotheses": ["배포"]}).hypotheses == ("배포",)


def test_a_heading_without_content_does_not_hide_the_others() -> None:
    analysis = parse("## 요약\n## 원인 가설\n- 배포\n## 후속 조치\n")
    assert (analysis.summary, analysis.hypotheses, analysis.actions) == ("", ("배포",), ())


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n\t ",
        "```json\n```",
        '{"summary": "", "hypotheses": []}',
        '{"summary": null, "hypotheses": [null, "", " ", {}], "actions": ["재현"]}',
        '{"error": "model overloaded"}',
        '{"summary": "답이 중간에 끊',
        f"분석입니다:\n```json\n{JSON[:-10]}\n```",
        "\u200b\ufeff\x00",
    ],
)
def test_an_answer_with_nothing_to_show_is_unusable(answer: str) -> None:
    with pytest.raises(UnusableAnswer):
        parse(answer)


REPORTED = json.loads(
    (PROJECT_ROOT / "tests" / "data" / "reported_answers.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", REPORTED, ids=[case["name"] for case in REPORTED])
def test_answers_that_users_reported_are_read_or_unusable(case: dict[str, Any]) -> None:
    if case["summary"] is None:
        with pytest.raises(UnusableAnswer):
            parse(case["content"])
    else:
        analysis = parse(case["content"])
        assert analysis.summary == case["summary"]
        assert analysis.hypotheses == ("진짜 가설",)
        assert analysis.sentences_left_out == 0


# --- Examples ---------------------------------------------------------------------------------


def test_an_id_that_was_not_in_the_prompt_is_dropped() -> None:
    # 9011 and 9012 are samples, but a prompt has ten of a week.
    analysis = parse(ANSWER | {"examples": ["1234567", "9011", "9003", "9012", "90031"]})
    assert ids(analysis) == ["9003"]


@pytest.mark.parametrize("examples", [["1234567"], [], None, "없음", {"a": 1}, 7])
def test_without_a_known_id_the_first_samples_stand_in(examples: Any) -> None:
    assert ids(parse(ANSWER | {"examples": examples})) == ["9001", "9002"]


def test_quotes_are_the_samples_own_words_not_the_models() -> None:
    made_up = {"ticket_id": "9002", "quote": "사장이 직접 사과하라", "9003": "지어낸 말"}
    (quote,) = parse(ANSWER | {"examples": [made_up]}).examples
    assert quote.quote == QUOTES["9002"]


def test_an_id_named_twice_is_quoted_once_and_their_number_is_bounded() -> None:
    named = ["9005", "9001", "9005", "9003", "9002", "9004", "9006"]
    assert ids(parse(ANSWER | {"examples": named})) == ["9005", "9001", "9003", "9002"]


def test_ids_with_letters_and_signs_are_found_whole() -> None:
    samples = [build_samples(1, ticket_id=each)[0] for each in ("a.b", "A-1", "A-12", "7")]
    material = build_material(samples=samples)
    assert ids(parse(ANSWER | {"examples": ["A-12", "a.b"]}, material)) == ["A-12", "a.b"]
    assert ids(parse(ANSWER | {"examples": ["#7과 70"]}, material)) == ["7"]
    # None of these is an id, so the first samples stand in.
    assert ids(parse(ANSWER | {"examples": ["17 70 7-1 axb BA-12"]}, material)) == ["a.b", "A-1"]


def test_a_quote_is_one_line_and_cut_to_length() -> None:
    (long,) = quoted(build_samples(1, detail="첫째 줄\n둘째\t줄 " + "가" * 500))
    assert long.quote.startswith("첫째 줄 둘째 줄 가")
    assert len(long.quote) == MAX_QUOTE_CHARACTERS
    assert long.quote.endswith("…")


# --- What the model wrote ---------------------------------------------------------------------

PERSONAL = "홍길동 010-1234-5678, hong@example.com, 900101-1234567"


def test_personal_data_is_masked_in_everything_the_model_wrote() -> None:
    analysis = parse(
        {"summary": PERSONAL, "hypotheses": [PERSONAL], "actions": [{"할 일": PERSONAL}]}
    )
    for written in (analysis.summary, *analysis.hypotheses, *analysis.actions):
        assert "[전화번호]" in written
        assert "5678" not in written
        assert "hong@" not in written
        assert "1234567" not in written


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\x00", "\x07", "\u202e", "\ufeff"])
def test_invisible_characters_hide_no_number_from_the_mask(hidden: str) -> None:
    number, address = hidden.join("01012345678"), hidden.join("hong@example.com")
    analysis = parse({"summary": f"연락처 {number} 입니다", "actions": [f"{address} 로 회신"]})
    assert analysis.summary == "연락처 [전화번호] 입니다"
    assert analysis.actions == ("[이메일] 로 회신",)


def test_the_mask_comes_before_the_cut() -> None:
    # In a sentence that is left out: what stays is never more than what was masked.
    number = " 010-1234-5678 입니다"
    short = "가나다. " * 200
    analysis = parse(
        {
            "summary": short[: MAX_SUMMARY_CHARACTERS - 6] + number,
            "actions": [short[: MAX_ITEM_CHARACTERS - 6] + number],
        }
    )
    assert "010" not in analysis.summary
    assert "010" not in analysis.actions[0]


@pytest.mark.parametrize("control", ["\x00", "\x1b[m", "\r", "\u2028", "\u202e", "\ud800"])
def test_control_characters_are_gone(control: str) -> None:
    dirty = f"앞{control}뒤"
    analysis = parse(json.dumps({"summary": dirty, "hypotheses": [dirty], "actions": [dirty]}))
    for written in (analysis.summary, *analysis.hypotheses, *analysis.actions):
        assert written.startswith("앞")
        assert written.isprintable()


def test_lengths_and_numbers_of_items_are_bounded() -> None:
    analysis = parse(
        {"summary": "가나. " * 2000, "hypotheses": ["나" * 500] * 50, "actions": "다\n" * 50}
    )
    assert MAX_SUMMARY_CHARACTERS - 4 < len(analysis.summary) <= MAX_SUMMARY_CHARACTERS
    assert [len(item) for item in analysis.hypotheses] == [MAX_ITEM_CHARACTERS] * MAX_ITEMS
    assert analysis.actions == ("다",) * MAX_ITEMS


def test_empty_items_take_no_place() -> None:
    analysis = parse(
        {"summary": "요약", "hypotheses": ["", "- ", None, " ", "하나", "둘", "셋", "넷"]}
    )
    assert analysis.hypotheses == ("하나", "둘", "셋", "넷")


# --- Any answer at all ------------------------------------------------------------------------

MEGABYTE = 1_000_000
HUGE = {
    "letters": "A" * MEGABYTE,
    "spaces": " " * MEGABYTE + "x",
    "heading and spaces": "요약" + " " * MEGABYTE + "x",
    "numbered heading and spaces": "1." + " " * MEGABYTE + "요약",
    "stars": "*" * MEGABYTE + "x",
    "stars and spaces": "* " * (MEGABYTE // 2) + "x",
    "brackets": "[(" * (MEGABYTE // 2),
    "braces": "{" * MEGABYTE,
    "keys": '{"a":' * (MEGABYTE // 5),
    "braces and spaces": "{ " * (MEGABYTE // 2),
    "quotes": '{"' * (MEGABYTE // 2),
    "line breaks": "\n" * MEGABYTE,
    "headings": "요약:\n" * (MEGABYTE // 4),
    "ids": "9001 " * (MEGABYTE // 5),
    "a long JSON string": json.dumps({"summary": "가" * MEGABYTE}, ensure_ascii=False),
    "many JSON items": json.dumps({"summary": "가", "actions": ["1"] * (MEGABYTE // 5)}),
    "numbers": "010-1234-5678 " * (MEGABYTE // 14),
}


@pytest.mark.parametrize("answer", HUGE.values(), ids=HUGE.keys())
def test_a_megabyte_is_read_within_a_second(answer: str) -> None:
    mask()  # compiled before the clock starts
    started = time.monotonic()
    try:
        analysis = parse(answer)
    except UnusableAnswer:
        pass
    else:
        assert_can_be_shown(analysis)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("depth", [2, 200, 300, 400, 500, 700, 900, 20_000])
def test_nesting_without_end_breaks_nothing(depth: int) -> None:
    nested = "[" * depth + '"재현"' + "]" * depth
    try:
        analysis = parse(f'{{"summary": "늘었습니다.", "actions": [{nested}, "안내"]}}')
    except UnusableAnswer:
        assert depth > 500, "that deep it cannot be read as JSON"
    else:
        assert analysis.actions == (("재현", "안내") if depth == 2 else ("안내",))


def assert_can_be_shown(analysis: Analysis) -> None:
    assert analysis.summary or analysis.hypotheses
    assert len(analysis.summary) <= MAX_SUMMARY_CHARACTERS
    for items in (analysis.hypotheses, analysis.actions):
        assert len(items) <= MAX_ITEMS
        assert all(0 < len(item) <= MAX_ITEM_CHARACTERS for item in items)
    assert 1 <= len(analysis.examples) <= MAX_ITEMS
    assert all(QUOTES[each.ticket_id] == each.quote for each in analysis.examples)
    assert all(
        text.isprintable() for text in (analysis.summary, *analysis.hypotheses, *analysis.actions)
    )


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)
keys = st.sampled_from([*ANSWER, *NAMES.values(), "원인", "ACTIONS", "other"])
fragments = st.sampled_from(
    [
        "{",
        "}",
        '"',
        ":",
        "[",
        "]",
        ",",
        "\\",
        "\n",
        "# ",
        "**",
        "요약",
        "원인",
        "summary",
        "9001",
        "`" * 3,
    ]
)


@settings(max_examples=200, deadline=None)
@example(answer='{"summary": ' + "9" * 5_000 + "}")
@example(answer='{"summary": 1e999, "hypotheses": [NaN, -Infinity]}')
@example(answer='{"summary": "\\ud800"}')
@given(
    answer=st.one_of(
        st.text(max_size=300),
        st.lists(fragments | st.text(max_size=5), max_size=60).map("".join),
        st.dictionaries(keys, values).map(json.dumps),
        st.dictionaries(keys, values).map(lambda value: f"```\n{json.dumps(value)[:-1]}"),
        values.map(json.dumps),
    )
)
def test_any_answer_can_be_shown_or_is_unusable(answer: str) -> None:
    try:
        analysis = parse(answer)
    except UnusableAnswer:
        return
    assert_can_be_shown(analysis)

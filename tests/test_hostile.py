"""Neither a ticket nor an answer commands the model, Slack or the reader: tests/data/hostile.yml tries."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import count, cycle
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from flows.analysis.answer import MAX_ITEM_CHARACTERS, parse_answer
from flows.analysis.client import ModelError
from flows.analysis.prompt import (
    MAX_LEVEL_CHARACTERS,
    MAX_SAMPLE_CHARACTERS,
    build_prompt,
    samples_for_prompt,
)
from flows.analysis.reading import UnusableAnswer
from flows.analysis.rule_based import rule_based_analysis
from flows.privacy.gate import Gate
from flows.privacy.masker import Masker
from flows.report.message import Block, Message
from flows.report.outcome import RunResult
from flows.report.values import Analysis, Keyword, Material
from flows.report.writing import category_name
from flows.runtime.settings import load_settings
from flows.slack.blocks import context, section
from flows.slack.transport import Destination
from flows.warehouse.dbt import build_models
from tests.builders import (
    KOREAN,
    WEEKS,
    build_analysis,
    build_change,
    build_composer,
    build_material,
    build_report,
    build_samples,
    build_settings,
)
from tests.conftest import AS_OF, move_to
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack
from tests.parts import build_of, model_of, open_source, slack_of

CHANNEL = "C0TEST"
Case = dict[str, Any]

_DATA: dict[str, list[Case]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "hostile.yml").read_text(encoding="utf-8")
)
TICKETS, ANSWERS = _DATA["tickets"], _DATA["answers"]
EACH_TICKET = pytest.mark.parametrize("case", TICKETS, ids=lambda case: str(case["name"]))
EACH_ANSWER = pytest.mark.parametrize("case", ANSWERS, ids=lambda case: str(case["name"]))


def text_of(case: Case) -> str:
    times, more = case.get("repeat", (0, ""))
    return str(case["text"] + times * more + case.get("end", ""))


@cache
def masker() -> Masker:
    return Masker.of_project()


@pytest.fixture(scope="module")
def workspace() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


# --- What a report may look like --------------------------------------------------------------

WITHHELD = KOREAN("gate.withheld")
# Somebody else's words: one line, entities for Slack's control characters, nothing that formats.
PLAIN = r"(?:[^\n<>&*~`_]|&(?:amp|lt|gt);|(?<=[^\W_])_(?=[^\W_]))"
WORDS = rf"(?:{PLAIN}|\*{PLAIN}+\*(?:\u200b|$))"  # what a model emphasised
NAME = rf"(?:\*{WORDS}+\*|{WITHHELD})"
NUMBERS = (
    r"` *[\d,]+ → *[\d,]+건 *(?:신규|[+−][\d,.]+%)`(?:  `[▁-█]+`)?\n부정 (?:–|[\d.]+%) → (?:–|[\d.]+%)"
    r"(?: \([+−][\d.]+%p\))?  ·  (?:건수 증가|부정 비율 상승| · )+"
    r"(?:\n(?:평소 [\d,]+–[\d,]+건(?: \(기록 \d+주\))?|[◆◇] [뚜렷약함: 평소라면에도주한번없는수1만\d,]+|최근 \d+주 동안 없던 카테고리| · )+)?"
)
QUOTE = rf"(?:> `{WORDS}+` {WORDS}+|{WITHHELD})"
BULLET = rf"(?:• {WORDS}*|{WITHHELD})"
SUMMARY = (
    r"(?:전체 문의 [\d,]+건(?: \(평소 [\d,]+–[\d,]+건\))? · 부정 [\d.]+% → [\d.]+%\n)?🔴 심각 \*\d+\*   🟠 주의 \*\d+\*   🟢 개선 \*\d+\*   ⚪ 안정 \*\d+\*"
    r"(?:\n경보 \d+건 중 뚜렷한 변화 \d+건(?: · 변화가 없어도 약 \d+건은 나옵니다)?)?"
    rf"\n(?:먼저 볼 변화: 🔴 {NAME} [\d,]+ → [\d,]+건 \((?:신규|[+−][\d,.]+%)\)|{WITHHELD})",
    r"월요일부터 일요일까지, 기준주\(비교하는 주\)는 전주\(W\d+\) [\d.]+–[\d.]+",
    rf"\*🔴 CRITICAL · 심각 \d+개\*(?:\n{NAME}\n{NUMBERS})+(?:\n_외 \d+개는 스레드에 있습니다\._)?",
    r"기준: 🔴 [^\n]+(?:\n◆ [^\n]+)?(?:\nvoc-analyst [\w.+-]+)?",
)
ANALYSIS = (
    rf"🔴 \*CRITICAL\* · 심각\n{NAME}\n{NUMBERS}",
    rf"\*요약\*\n(?!&gt;){WORDS}+",
    rf"\*대표 예시\*(?:\n{QUOTE}){{1,4}}",
    rf"\*원인 가설\*\n(?:–|{BULLET}(?:\n{BULLET}){{0,3}})",
    rf"\*후속 조치\*\n(?:–|{BULLET}(?:\n{BULLET}){{0,3}})",
    r"(?:LaaS 분석|규칙 기반 분석)(?: · 확인되지 않은 문장 \d+개 제외)?",
)


def shown(block: Block) -> str:
    (element,) = block.get("elements", [block.get("text")])
    assert element["type"] in ("mrkdwn", "plain_text")
    # verbatim: an address or @here in somebody's words becomes no link and no mention.
    assert element["type"] == "plain_text" or element["verbatim"] is True
    return str(element["text"])


def assert_looks_like(
    form: Sequence[str], blocks: Iterable[Block], *, withheld: bool = False
) -> None:
    """Each block is what the form has at its place; a line is left out only if one may be `withheld`."""
    texts = [shown(block) for block in blocks]
    assert len(texts) == len(form)
    for pattern, text in zip(form, texts, strict=True):
        assert re.sub("\n|\u200b(?=\\*)|(?<=\\*)\u200b", "", text).isprintable(), repr(text)
        assert re.fullmatch(pattern, text), repr(text[:500])
        assert withheld or WITHHELD not in text
        assert len(text) < 3_000


def chart_labels(charts: list[Block]) -> list[str]:
    return [label for chart in charts for label in chart["chart"]["axis_config"]["categories"]]


def assert_is_a_notification(text: str) -> None:
    assert "\n" not in text
    assert text.isprintable()
    assert not re.search(r"[<>]", text)
    assert len(text) <= 1_000


def assert_is_a_summary(message: Case, *, withheld: bool = False) -> None:
    header, *body, buttons = message["blocks"]
    charts = [block for block in body if block["type"] == "data_visualization"]
    assert all(re.fullmatch(r"\d\. [^\n<>]+", label) for label in chart_labels(charts))
    without = [*charts, *([context(WITHHELD)] if withheld else [])]
    body = [block for block in body if block not in without]
    assert header["text"]["text"].startswith("📊 VOC 주간 리포트 · W")
    glance, *others = SUMMARY
    paragraph = [rf"{WORDS}+"] if body[1]["type"] == "section" else []
    assert_looks_like([glance, *paragraph, *others], body, withheld=withheld)
    assert [element["action_id"] for element in buttons["elements"]] == ["rerun"]
    assert_is_a_notification(message["text"])


def assert_is_an_analysis(message: Case, *, withheld: bool = False) -> None:
    assert_looks_like(ANALYSIS, message["blocks"], withheld=withheld)
    assert_is_a_notification(message["text"])


def posted(slack: FakeSlack, message: Message) -> Case:
    """The message as it stands in Slack, which refuses what is not escaped or may unfurl."""
    settings = build_settings(SLACK_BOT_TOKEN=slack.token, SLACK_API_URL=f"{slack.url}/api/")
    # Each through a transport of its own: a transport waits a second between two posts.
    gate = Gate(slack_of(settings), masker(), KOREAN)
    ts = gate.post(Destination(CHANNEL), message.text, message.blocks, {})
    assert not slack.refusals
    return slack.message(CHANNEL, ts)


# --- Tickets, one by one ----------------------------------------------------------------------


def material_with(text: str) -> Material:
    """Material in which the text stands wherever a ticket's text can stand, masked as in the warehouse."""
    masked = masker().mask(text)
    category = (text, "이력서", text)
    samples = (
        *build_samples(1, category=category, detail=masked),
        *build_samples(1, "base", category=category, detail="", title=masked),
    )
    keyword = Keyword(category, masked, 0, 5)
    return build_material(build_change(category=category), samples, [keyword])


@EACH_TICKET
def test_a_ticket_stays_data_in_the_prompt(case: Case) -> None:
    material = material_with(text_of(case))
    prompt = build_prompt(material, "ko").text
    head, change, tickets = re.split(r"\n<(?:change|tickets)>\n", prompt)
    assert head == build_prompt(build_material(), "ko").instruction + "\n"
    change, tickets = change.removesuffix("\n</change>\n"), tickets.removesuffix("\n</tickets>")
    assert not re.search("[<>\n]", change)
    assert not re.search("[<>]", tickets)
    told = [json.loads(line) for line in tickets.split("\n")]
    assert [(ticket["ticket_id"], ticket["text"]) for ticket in told] == [
        (sample.ticket_id, sample.text[:MAX_SAMPLE_CHARACTERS])
        for sample in samples_for_prompt(material)
    ]
    assert json.loads(change)["status"] == "CRITICAL"
    assert json.loads(change)["category"][0] == text_of(case)[:MAX_LEVEL_CHARACTERS]
    assert len(prompt) < 20_000


@EACH_TICKET
def test_a_ticket_leaves_the_messages_in_their_form(workspace: FakeSlack, case: Case) -> None:
    material = material_with(text_of(case))
    has_personal_data = masker().contains_pii(category_name(material.change.category))
    report = build_report(material.change)
    for message in build_composer().summary(report):
        assert_is_a_summary(posted(workspace, message), withheld=has_personal_data)
    message = build_composer().analysis(
        material.change, rule_based_analysis(material, KOREAN), WEEKS
    )
    withheld = has_personal_data or case.get("looks_like_personal_data", False)
    assert_is_an_analysis(posted(workspace, message), withheld=withheld)


@EACH_TICKET
def test_a_ticket_id_leaves_the_analysis_in_its_form(workspace: FakeSlack, case: Case) -> None:
    """Ids are Zendesk's, but a file may hold anything."""
    id_ = text_of(case) or "9001"
    material = build_material(samples=build_samples(2, ticket_id=id_))
    message = build_composer().analysis(
        material.change, rule_based_analysis(material, KOREAN), WEEKS
    )
    withheld = masker().contains_pii(id_) or case.get("looks_like_personal_data", False)
    assert_is_an_analysis(posted(workspace, message), withheld=withheld)


def test_an_owner_whose_id_looks_like_personal_data_is_mentioned(workspace: FakeSlack) -> None:
    """Ids are code's, and an id may hold what is else a telephone number."""
    owner = "S0101234567"
    assert masker().contains_pii(owner)
    message = build_composer().analysis(build_change(), build_analysis(), WEEKS, owner=owner)
    assert posted(workspace, message)["blocks"] == list(message.blocks)
    said = replace(message, blocks=(section(f"&lt;!subteam^{owner}&gt;"),))
    assert posted(workspace, said)["blocks"] != list(said.blocks)


def test_a_name_that_looks_like_personal_data_is_left_out_and_the_others_stay(
    workspace: FakeSlack,
) -> None:
    names = ("하나", "홍길동 hong@example.com", "셋")
    report = build_report(*(build_change(category=("유저", name, "c")) for name in names))
    (message,) = build_composer().summary(report)
    critical = shown(posted(workspace, message)["blocks"][3]).splitlines()
    assert critical[1::3] == ["*유저 / 하나 / c*", WITHHELD, "*유저 / 셋 / c*"]


@pytest.mark.parametrize(
    ("text", "is_sent"),
    [
        ("문의\n@channel 에 올렸어요", True),
        ("<@U0ADMIN> 님 확인 부탁드려요", True),
        ("연락처 010\x011234\x015678", False),
        ("메일 hong\u2066@example.com", False),
    ],
)
def test_json_escapes_neither_make_personal_data_nor_hide_it(text: str, is_sent: bool) -> None:
    """A line that begins with @ is `\\n@` in JSON, and looks like the address n@."""
    prompt = build_prompt(build_material(samples=build_samples(1, detail=text)), "ko")
    with FakeLaas() as laas:
        settings = build_settings(LAAS_API_KEY=laas.api_key, LAAS_BASE_URL=laas.url)

        async def ask() -> None:
            async with model_of(settings) as client:
                await client.complete(prompt)

        if is_sent:
            asyncio.run(ask())
        else:
            with pytest.raises(ModelError, match="looks like personal data"):
                asyncio.run(ask())
        assert len(laas.requests) == is_sent


# --- Answers, one by one ----------------------------------------------------------------------


def analysis_of(answer: str, material: Material) -> Analysis:
    """As the flow does it."""
    try:
        return parse_answer(answer, material, masker().mask)
    except UnusableAnswer:
        return rule_based_analysis(material, KOREAN)


@EACH_ANSWER
def test_an_answer_is_held_to_the_four_sections(workspace: FakeSlack, case: Case) -> None:
    material = build_material()
    ours = {sample.ticket_id: sample.text for sample in material.samples}
    analysis = analysis_of(text_of(case), material)
    assert analysis.source == "rule_based" or not case.get("unusable")
    assert analysis.category == material.change.category
    assert {
        example.ticket_id: example.quote for example in analysis.examples
    }.items() <= ours.items()
    assert_is_an_analysis(
        posted(workspace, build_composer().analysis(material.change, analysis, WEEKS))
    )


@EACH_ANSWER
def test_words_that_the_data_would_carry_leave_the_analysis_in_its_form(
    workspace: FakeSlack, case: Case
) -> None:
    """Whatever the check of sentences lets pass: here it is left out."""
    material, words = build_material(), masker().mask(text_of(case))
    words = words[:MAX_ITEM_CHARACTERS] or "–"
    analysis = replace(
        rule_based_analysis(material, KOREAN),
        source="laas",
        summary=words,
        hypotheses=(words,),
        actions=(words,),
    )
    message = build_composer().analysis(material.change, analysis, WEEKS)
    withheld = case.get("looks_like_personal_data", False)
    assert_is_an_analysis(posted(workspace, message), withheld=withheld)


# --- All of them at once, from the file to Slack ------------------------------------------------

TICKETS_OF_A_CATEGORY = 4  # as many as an analysis quotes


def write_hostile_source(path: Path) -> dict[str, list[str]]:
    """Every hostile text in each column of some ticket; returns the ids of each critical category, by category3.

    Of a category's 21 tickets in the comparison week four are hostile and negative, so that these are its samples.
    """
    connection = duckdb.connect()
    columns = ("id", "category1", "category3", "overall_emotion", "title", "detail", "keywords")
    connection.execute(
        "create table tickets (event_create_time timestamp, "
        + ", ".join(f"{column} varchar" for column in columns)
        + ")"
    )
    number = count(1)
    categories: dict[str, list[str]] = {}

    def add(day: date, *values: str | None) -> None:
        connection.execute("insert into tickets values (?, ?, ?, ?, ?, ?, ?, ?)", [day, *values])

    add(date(2026, 11, 3), "base", "지난주", "c", "중립", None, "지난주의 문의", None)
    for start in range(0, len(TICKETS), TICKETS_OF_A_CATEGORY):
        texts = [text_of(case) for case in TICKETS[start : start + TICKETS_OF_A_CATEGORY]]
        name = f"분류 {start}"
        ids = [f"T-{next(number)}" for _ in texts]
        categories[name] = ids
        category1 = texts[0][:500]
        for id_, text in zip(ids, texts, strict=True):
            add(date(2026, 11, 10), id_, category1, name, "부정", text, text, text)
        for n in range(21 - len(texts)):
            add(
                date(2026, 11, 11),
                f"{name}-{n}",
                category1,
                name,
                "중립",
                "제목",
                "평범한 문의",
                "앱",
            )
    connection.execute(f"copy tickets to '{path}'")
    return categories


def run(slack: FakeSlack, laas: FakeLaas, **parameters: Any) -> tuple[RunResult, list[Case]]:
    """Run the flow into an empty channel; what stands there then: the summary and its thread."""
    from flows.weekly_voc import weekly_voc

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLACK_API_URL", f"{slack.url}/api/")
        patch.setenv("SLACK_BOT_TOKEN", slack.token)
        patch.setenv("VOC_SLACK_CHANNEL", CHANNEL)
        patch.setenv("LAAS_BASE_URL", laas.url)
        patch.setenv("LAAS_API_KEY", laas.api_key)
        patch.setenv("LAAS_PRESET_HASH", laas.preset_hash)
        patch.setattr("flows.slack.web_api.SECONDS_BETWEEN_POSTS", 0.0)
        patch.setattr("flows.warehouse.dbt.build_models", lambda build: None)  # they are built
        result = asyncio.run(weekly_voc(as_of=AS_OF, **parameters))
    assert isinstance(result, RunResult)
    assert not slack.refusals
    assert not laas.refusals
    (summary,) = slack.messages(CHANNEL)
    return result, [summary, *slack.threads[summary["ts"]]]


def assert_is_a_thread(messages: Sequence[Case], categories: int) -> list[Case]:
    """A summary, an analysis for each category and the receipt; returns the analyses."""
    kinds = [message["metadata"]["event_payload"]["kind"] for message in messages]
    summary, *thread = messages
    overflow = [m for m, kind in zip(messages, kinds, strict=True) if kind == "overflow"]
    analyses = [m for m, kind in zip(messages, kinds, strict=True) if kind == "analysis"]
    assert kinds == [
        "summary",
        *["overflow"] * len(overflow),
        *["analysis"] * categories,
        "receipt",
    ]
    assert_is_a_summary(summary, withheld=True)
    line = rf"(?:🔴 )?{NAME}\n{NUMBERS}"
    for message in overflow:
        *sections, title = message["blocks"]
        assert_looks_like([rf"{line}(?:\n{line})*"] * len(sections), sections, withheld=True)
        assert_looks_like([r"요약에 싣지 못한 변화 \(\d+\)"], [title])
    for message in analyses:
        assert_is_an_analysis(message, withheld=True)
    assert_looks_like(
        [
            r"🧾 티켓 [\d,]+건을 셈: W\d+ [\d,]+건, 전주\(W\d+\) [\d,]+건 · 데이터 2026-11-11까지 · [^\n<>]+"
        ],
        thread[-1]["blocks"],
    )
    return analyses


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def categories(hostile_home: Path) -> dict[str, list[str]]:
    """The ids of each critical category; their tables are built."""
    source = hostile_home / "tickets.parquet"
    categories = write_hostile_source(source)
    with pytest.MonkeyPatch.context() as patch:
        move_to(hostile_home, patch)
        settings = load_settings()
        build_models(build_of(settings, open_source(settings, source, AS_OF).workspace, AS_OF))
    return categories


@pytest.mark.usefixtures("prefect_api")
def test_all_hostile_tickets_at_once_change_nothing_but_the_words_quoted(
    hostile_home: Path, categories: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_HOME", str(hostile_home / "home"))

    def name_the_hostile(prompt: str) -> str:
        ids = re.findall(r'"ticket_id": "(T-\d+)"', prompt)
        return json.dumps(
            {"summary": "늘었습니다.", "examples": ids, "hypotheses": [], "actions": []}
        )

    with FakeSlack() as slack, FakeLaas(answer=name_the_hostile) as laas:
        result, messages = run(slack, laas, source=hostile_home / "tickets.parquet")
    assert result.report is not None
    assert result.report.status_counts == {
        "CRITICAL": len(categories),
        "MONITOR": 0,
        "IMPROVED": 0,
        "STABLE": 1,
    }
    assert {row.comparison_total for row in result.report.to_analyse} == {21}
    # Of two categories a name or a ticket looks like personal data, and LaaS is not asked.
    prompts = [prompt for prompt in laas.prompts if "<tickets>" in prompt]
    assert len(prompts) == len(laas.prompts) - 1 == len(categories)  # and the whole week
    for tag in ("\n<change>\n", "\n</change>\n", "\n<tickets>\n", "\n</tickets>"):
        assert {prompt.count(tag) for prompt in prompts} == {1}
    analyses = assert_is_a_thread(messages, len(categories))
    quoted = re.findall(r"> `(T-\d+)`", str([message["blocks"] for message in analyses]))
    ids = {id_ for ids in categories.values() for id_ in ids}
    assert len(quoted) == len(set(quoted))
    # Near-duplicates are one sample, so are all texts without a letter.
    assert ids >= set(quoted)
    assert len(quoted) > 0.8 * len(ids)


@pytest.mark.usefixtures("prefect_api")
def test_hostile_answers_change_nothing_but_their_own_words(
    hostile_home: Path, categories: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_HOME", str(hostile_home / "home"))
    answers = cycle(text_of(case) for case in ANSWERS[:: len(ANSWERS) // len(categories)])
    with (
        FakeSlack() as slack,
        FakeLaas(preset_hash="f" * 64, answer=lambda _: next(answers)) as laas,
    ):
        _, messages = run(slack, laas, source=hostile_home / "tickets.parquet")
    assert_is_a_thread(messages, len(categories))

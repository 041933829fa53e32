"""The flow `voc_ask` on a real Prefect server, with the local Slack and LaaS; and `voc ask`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.flow_engine import run_flow_async
from prefect.states import Pending

from flows.analysis.prompt import without_private
from flows.report.values import Analysis
from flows.voc_ask import voc_ask
from flows.warehouse.marts import read_newest_week_pair, read_report
from tests.conftest import Voc
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack
from tests.parts import parts_of
from tests.questions.test_answers import held

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_api")]

CHANNEL = "C0TEST"
PHONE = "010-3847-5555"


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    with FakeSlack(channels={CHANNEL: {}}) as slack:
        monkeypatch.setenv("SLACK_API_URL", f"{slack.url}/api/")
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.token)
        yield slack
        assert slack.refusals == []


@pytest.fixture
def laas(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLaas]:
    with FakeLaas(api_key="laas-test-key") as laas:
        monkeypatch.setenv("LAAS_BASE_URL", laas.url)
        monkeypatch.setenv("LAAS_API_KEY", "laas-test-key")
        yield laas


def asked(question: str, slack: FakeSlack) -> tuple[FlowRun, dict[str, Any]]:
    """The run that a question made, and the one reply in its thread."""
    thread = slack.say(CHANNEL, f"<@U0BOT> {question}")
    run = asyncio.run(_run(question, thread))
    (reply,) = slack.threads[thread]
    return run, reply


async def _run(question: str, thread: str, run: FlowRun | None = None) -> FlowRun:
    parameters = {"question": question, "channel": CHANNEL, "thread_ts": thread}
    async with get_client() as client:
        run = run or await client.create_flow_run(voc_ask, parameters=parameters)
        await client.set_flow_run_state(run.id, Pending(), force=True)
        run = await client.read_flow_run(run.id)
        await run_flow_async(voc_ask, run, parameters, return_type="state")
        return await client.read_flow_run(run.id)


@pytest.mark.usefixtures("database")
def test_an_answer_is_one_reply_in_the_thread(slack: FakeSlack) -> None:
    run, reply = asked("유저 / 이력서", slack)
    assert run.state
    assert (run.state.name, run.state.message) == ("Completed", "2026-W46 answered")
    assert run.name == f"question in {CHANNEL}"
    assert "유저 / 이력서" in str(reply["blocks"])
    assert reply["metadata"]["event_type"] == "voc_weekly"
    payload = reply["metadata"]["event_payload"]
    assert (payload["kind"], payload["run"]) == ("answer", str(run.id))
    # By which `voc purge` finds the words that an answer quotes.
    assert payload["report_week"] == "2026-W46"

    # The same run again posts nothing; the same question of another run is answered in the same thread.
    thread = payload["target"].split("/")[1]
    asyncio.run(_run("유저 / 이력서", thread, run))
    assert len(slack.threads[thread]) == 1
    asyncio.run(_run("유저 / 이력서", thread))
    assert len(slack.threads[thread]) == 2


@pytest.mark.usefixtures("database")
def test_several_names_are_asked_back_with_buttons_for_the_bot(slack: FakeSlack) -> None:
    run, reply = asked("오류", slack)
    assert run.state
    assert re.fullmatch(r"\d{4}-W\d\d asked_back", run.state.message or "")
    pressed = [e for b in reply["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert {e["action_id"] for e in pressed} == {"voc_ask"}
    again, answer = asked(pressed[0]["value"], slack)
    assert again.state
    assert again.state.message == "2026-W46 answered"
    assert "유저 / 지원 / 지원 오류" in str(answer["blocks"])


@pytest.mark.usefixtures("database")
def test_why_asks_laas_once_and_the_report_finds_the_answer(
    slack: FakeSlack, laas: FakeLaas
) -> None:
    _, reply = asked("유저 / 이력서 왜?", slack)
    assert "LaaS 분석" in str(reply["blocks"])
    assert len(laas.prompts) == 1
    _, again = asked("업로드 왜?", slack)
    assert "LaaS 분석" in str(again["blocks"])
    assert len(laas.prompts) == 1

    @flow
    async def as_the_report() -> Analysis:
        parts = parts_of()
        warehouse = parts.warehouse(parts.workspaces.of(None))
        weeks = read_newest_week_pair(warehouse)
        assert weeks
        report = without_private(read_report(warehouse, weeks), parts.masker.contains_pii)
        (change,) = [c for c in report.to_analyse if c.category3 == "업로드 오류"]
        return await parts.analyst.analyse_one(change, report)

    assert asyncio.run(as_the_report()).source == "laas"
    assert len(laas.prompts) == 1


@pytest.mark.usefixtures("database")
def test_what_laas_cannot_say_is_written_by_rule(slack: FakeSlack, laas: FakeLaas) -> None:
    laas.answer = lambda prompt: "죄송합니다. 답변드릴 수 없습니다."
    _, reply = asked("유저 / 이력서 왜?", slack)
    assert "규칙 기반 분석" in str(reply["blocks"])


@pytest.mark.usefixtures("database")
def test_personal_data_in_a_question_goes_nowhere(slack: FakeSlack) -> None:
    run, reply = asked(f"{PHONE} 고객이 <!channel> 뭐라고 했나요", slack)
    assert PHONE not in str(reply["blocks"]) + reply["text"]
    assert "[전화번호]" in str(reply["blocks"])
    assert PHONE not in run.model_dump_json()

    async def kept() -> str:
        async with get_client() as client:
            return str(await client.read_logs()) + str(await client.read_artifacts())

    assert PHONE not in asyncio.run(kept())


def test_tables_in_use_or_missing_are_told_in_the_reader_s_language(
    slack: FakeSlack, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.questions.answers.PATIENCE_SECONDS", 0.0)
    with held(database):
        run, reply = asked("결제", slack)
    assert "1분 뒤에 다시 물어봐 주세요" in str(reply["blocks"])
    assert run.state
    assert re.fullmatch(r"\d{4}-W\d\d no_answer", run.state.message or "")
    monkeypatch.delenv("VOC_DUCKDB_PATH")
    _, reply = asked("결제", slack)
    assert "아직 만들어진 리포트가 없습니다" in str(reply["blocks"])
    monkeypatch.setenv("VOC_LOCALE", "en")
    _, reply = asked("결제", slack)
    assert "No report was made yet." in str(reply["blocks"])


def test_a_wrong_place_is_one_line(database: Path) -> None:
    async def run() -> str | None:
        state: State[Any] = await voc_ask("결제", thread_ts="now", return_state=True)
        return state.message

    assert (
        asyncio.run(run())
        == "failed usage: 'now' is not a thread_ts. It looks like 1763370000.000100."
    )


@pytest.mark.usefixtures("database")
def test_the_command_line_says_the_same_as_slack(voc: Voc, slack: FakeSlack) -> None:
    ran = voc("ask", "유저 / 이력서")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("🔴 CRITICAL · 심각\n유저 / 이력서\n")
    assert "[ 유저 / 이력서 왜? ]" in ran.out
    as_json = voc("ask", "W45 W46 비교", "--json").json
    assert list(as_json) == ["answer"]
    assert as_json["answer"]["kind"] == "comparison"
    assert [w["week_label"] for w in as_json["answer"]["weeks"]] == ["2026-W45", "2026-W46"]
    assert slack.threads == {}


@pytest.mark.usefixtures("database")
def test_the_command_line_asks_laas_through_prefect(
    voc: Voc, laas: FakeLaas, prefect_api: str
) -> None:
    ran = voc("ask", "업로드 왜?", "--json", PREFECT_API_URL=prefect_api)
    assert ran.code == 0, ran.err
    assert ran.json["answer"]["analysis"]["source"] == "laas"
    assert len(laas.prompts) == 1
    assert "Warning" not in ran.err


@pytest.mark.parametrize(
    ("question", "code", "line"),
    [
        ("유저 / 이럭서", 2, "voc: '유저 / 이럭서' was not understood. Ask '유저 / 이력서' or "),
        ("", 2, "voc: '' was not understood. Ask '심각만' or '4주 추이' or '왜?'."),
        ("W30 결제", 3, "voc: 'W30 결제' names a week that was not computed. Ask '2026-W46 기업"),
        (f"{PHONE}?", 2, "voc: '[전화번호]?' was not understood."),
    ],
)
@pytest.mark.usefixtures("database")
def test_what_has_no_answer_is_one_line(voc: Voc, question: str, code: int, line: str) -> None:
    ran = voc("ask", question)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(line)
    assert len(ran.err.splitlines()) == 1


def test_several_names_are_candidates_and_no_answer(voc: Voc, database: Path) -> None:
    ran = voc("ask", "오류", "--json")
    assert ran.code == 2
    assert ran.json["candidates"][0] == "유저 / 지원 / 지원 오류"
    assert "혹시 이것인가요?" in voc("ask", "오류").out
    missing = voc("ask", "결제", "--json", VOC_DUCKDB_PATH=f"{database}.no")
    assert missing.code == 3
    assert missing.json["error"]["message"].endswith(
        "holds no report yet. Run voc run --source FILE."
    )

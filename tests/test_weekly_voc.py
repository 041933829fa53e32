"""The flow from tickets to messages: real dbt, a real Prefect API, real HTTP."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4
from zoneinfo import ZoneInfo

import duckdb
import pytest
import yaml
from prefect import runtime

from flows import PROJECT_ROOT
from flows.cli.commands.report import write_report
from flows.page.store import FolderStore
from flows.report.outcome import RunResult
from flows.runtime.errors import SlackError, SourceError, TransformError, UsageError, VocError
from flows.runtime.settings import load_settings
from flows.warehouse.dbt import Build
from flows.warehouse.marts import RECOUNTED_WEEKS
from tests import services
from tests.analysis.asking import openai
from tests.conftest import AS_OF
from tests.fakes.http import Proceed, Reply, Request, drip
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack, not_ok, refuse_charts
from tests.fakes.storage import FakeStorage
from tests.flow import outbox, run
from tests.fonts import needs_hangul
from tests.parts import open_source, parts_of

pytestmark = pytest.mark.usefixtures("prefect_api")
CHANNEL = "C0TEST"
SURGE = ("유저", "이력서", "업로드 오류")


@pytest.fixture(scope="module")
def prebuilt(tmp_path_factory: pytest.TempPathFactory, sample_file: Path, prefect_api: str) -> Path:
    """A home whose tables were built once: a run in a copy of it takes dbt's incremental way."""
    home = tmp_path_factory.mktemp("prebuilt") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOC_HOME", str(home))
        run(source=sample_file, dry_run=True)
    return home


@pytest.fixture
def home(prebuilt: Path, tmp_path: Path) -> Path:
    shutil.copytree(prebuilt, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture
def built(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Build]:
    """For tests of what comes after dbt: the tables are those that dbt would build again."""
    return let_tables_stand(home, monkeypatch)


def let_tables_stand(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Build]:
    """From now on dbt builds nothing: the tables are those of the same file and week. What it is asked to build."""
    builds: list[Build] = []

    def build(asked: Build) -> None:
        assert asked.workspace.folder.is_relative_to(home)
        assert (asked.as_of, asked.full_refresh) == (AS_OF, False)
        builds.append(asked)

    monkeypatch.setattr("flows.warehouse.dbt.build_models", build)
    return builds


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    with FakeSlack(channels={CHANNEL: {"is_member": True}}) as slack:
        monkeypatch.setenv("SLACK_API_URL", slack.url + "/api/")
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.token)
        monkeypatch.setenv("VOC_SLACK_CHANNEL", CHANNEL)
        monkeypatch.setattr("flows.slack.web_api.SECONDS_BETWEEN_POSTS", 0.0)
        yield slack


@pytest.fixture
def laas(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FakeLaas]]:
    """Start a LaaS and point the settings at it."""
    started: list[FakeLaas] = []

    def start(**options: Any) -> FakeLaas:
        server = FakeLaas(api_key="laas-test-key", **options).__enter__()
        started.append(server)
        monkeypatch.setenv("LAAS_BASE_URL", server.url)
        monkeypatch.setenv("LAAS_API_KEY", "laas-test-key")
        return server

    yield start
    for server in started:
        server.__exit__(None, None, None)


def test_a_report_goes_to_the_outbox_once(
    home: Path, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(source=sample_file)
    assert first.outcome == "posted"
    assert first.report is not None
    assert all(first.report.status_counts.values())
    assert first.report.changes[0].category == SURGE
    messages = outbox(home)
    assert len(messages) == 1 + len(first.report.to_analyse) + 1
    assert [m["metadata"]["event_payload"]["kind"] for m in messages][-1] == "receipt"
    summary, *replies = messages
    assert summary["thread_ts"] is None
    assert {reply["thread_ts"] for reply in replies} == {summary["ts"]}
    assert {analysis.source for analysis in first.analyses} == {"rule_based"}

    let_tables_stand(home, monkeypatch)
    again = run(source=sample_file)
    assert again.outcome == "already_posted"
    assert outbox(home) == messages
    assert {d.key for d in again.delivered} == {d.key for d in first.delivered}

    forced = run(source=sample_file, force=True)
    assert forced.outcome == "posted"
    assert len(outbox(home)) == 2 * len(messages)


@pytest.mark.usefixtures("built")
def test_slack_and_laas_are_really_asked(
    home: Path, sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    server = laas()
    result = run(source=sample_file)
    assert result.outcome == "posted"
    assert {analysis.source for analysis in result.analyses} == {"laas"}
    assert len(server.prompts) == len(result.analyses) + 1  # and the whole week
    (summary,) = slack.messages(CHANNEL)
    *_, receipt = thread = slack.threads[summary["ts"]]
    assert len(thread) == len(result.analyses) + 1
    assert f"LaaS {len(server.requests)}회" in receipt["text"]
    assert "0토큰" not in receipt["text"]
    assert "데이터 2026-11-15까지" in receipt["text"]
    assert not slack.refusals
    assert not server.refusals
    surge = next(analysis for analysis in result.analyses if analysis.category == SURGE)
    assert result.report is not None
    samples = {sample.ticket_id: sample.text for sample in result.report.samples}
    assert surge.examples
    assert all(example.ticket_id in samples for example in surge.examples)


@pytest.mark.usefixtures("built")
def test_the_summary_opens_with_the_first_cause_and_the_whole_week(
    home: Path, sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    def answer(prompt: str) -> str:
        if "<week>" in prompt:
            sentences = "W46 전체 문의는 1,217건입니다. 전체 문의는 9,999건입니다."
            return json.dumps({"summary": sentences})
        causes = [{"cause": "이력서 업로드가 안 된다는 문의입니다.", "words": ["업로드"]}]
        said = {"summary": "업로드 문의가 늘었습니다.", "hypotheses": causes, "actions": ["확인"]}
        return json.dumps(said | {"examples": []})

    laas(answer=answer)
    run(source=sample_file)
    (summary,) = slack.messages(CHANNEL)
    first, paragraph = (block["text"]["text"] for block in summary["blocks"][1:3])
    assert "\n원인: 이력서 업로드가 안 된다는 문의입니다. (업로드 " in first
    assert paragraph == "W46 전체 문의는 1,217건입니다."


@pytest.mark.usefixtures("built")
def test_an_answer_is_paid_for_once(
    home: Path, sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    server = laas()
    run(source=sample_file)
    asked = len(server.requests)
    forced = run(source=sample_file, force=True)
    assert {analysis.source for analysis in forced.analyses} == {"laas"}
    assert len(server.requests) == asked


@pytest.mark.usefixtures("built")
def test_answers_and_posts_are_remembered_in_a_bucket(
    home: Path,
    sample_file: Path,
    laas: Callable[..., FakeLaas],
    slack: FakeSlack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slack.scopes = ("chat:write",)  # may not read what it posted
    server = laas()
    with FakeStorage("ours") as storage:
        for name, value in storage.variables(tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("VOC_STATE_URI", "gs://ours/voc")
        first = run(source=sample_file)
        assert {analysis.source for analysis in first.analyses} == {"laas"}
        asked = len(server.requests)
        assert {name.rsplit("/", 1)[0] for name in storage.objects["ours"]} == {
            "voc/laas",
            "voc/posts",
        }
        assert run(source=sample_file).outcome == "already_posted"
        assert run(source=sample_file, force=True).outcome == "posted"
    assert len(server.requests) == asked


@pytest.mark.usefixtures("built")
def test_a_category_that_laas_fails_on_gets_the_rule_based_analysis(
    home: Path, sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    failed: list[Request] = []

    def fail_on_one(request: Request, proceed: Proceed) -> Reply | None:
        if failed or b"<tickets>" not in request.body:  # the question about the week has none
            return proceed()
        failed.append(request)
        return Reply(status=400)

    laas().on(do=fail_on_one)
    result = run(source=sample_file)
    sources = [analysis.source for analysis in result.analyses]
    assert sources.count("rule_based") == 1
    assert sources.count("laas") == len(sources) - 1
    *replies, receipt = slack.threads[slack.messages(CHANNEL)[0]["ts"]]
    labelled = [
        m for m in replies if "규칙 기반 분석" in json.dumps(m["blocks"], ensure_ascii=False)
    ]
    assert len(labelled) == 1
    assert "규칙 기반 분석 1건은" in receipt["text"]


@pytest.mark.usefixtures("built")
def test_a_model_that_fails_in_a_row_is_not_asked_again_and_the_receipt_says_so(
    home: Path, sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    server = laas()
    server.on(do=Reply(status=401))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOC_LAAS_CONCURRENCY", "1")
        result = run(source=sample_file)
    assert {analysis.source for analysis in result.analyses} == {"rule_based"}
    not_asked = len(result.analyses) - 2  # the third failure was the question about the week
    assert (len(server.requests), not_asked > 0) == (3, True)
    *_, receipt = slack.threads[slack.messages(CHANNEL)[0]["ts"]]
    assert f"모델이 연달아 실패해 {not_asked}건은 묻지 않고" in receipt["text"]
    printed = result.as_json()["receipt"]
    assert (printed["laas_calls"], printed["questions_not_asked"]) == (3, not_asked)


@pytest.mark.usefixtures("built")
def test_a_model_that_never_ends_its_answer_does_not_hold_the_report_up(
    home: Path,
    sample_file: Path,
    slack: FakeSlack,
    laas: Callable[..., FakeLaas],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laas().on(do=drip(b" ", 0.1))
    monkeypatch.setenv("VOC_MODEL_BUDGET_SECONDS", "1")
    result = run(source=sample_file)
    assert {analysis.source for analysis in result.analyses} == {"rule_based"}
    *_, receipt = slack.threads[slack.messages(CHANNEL)[0]["ts"]]
    assert f"모델에 쓸 시간이 끝나 {len(result.analyses)}건은 답 없이" in receipt["text"]


@pytest.mark.usefixtures("built")
def test_another_model_than_laas_writes_the_analyses_and_is_named(
    home: Path,
    sample_file: Path,
    slack: FakeSlack,
    laas: Callable[..., FakeLaas],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = laas()
    run(source=sample_file)
    asked_as_laas = len(server.requests)
    for name, value in openai(server).items():
        monkeypatch.setenv(name, value)
    result = run(source=sample_file, force=True)
    assert {analysis.source for analysis in result.analyses} == {"model"}
    assert len(server.requests) == 2 * asked_as_laas
    *_, analysis, receipt = slack.threads[slack.messages(CHANNEL)[-1]["ts"]]
    assert "모델 분석" in json.dumps(analysis["blocks"], ensure_ascii=False)
    assert f"small {asked_as_laas}회" in receipt["text"]
    assert not server.refusals


@pytest.mark.usefixtures("built")
def test_a_finished_analysis_does_not_wait_for_the_others_nor_the_summary_for_long(
    home: Path,
    sample_file: Path,
    slack: FakeSlack,
    laas: Callable[..., FakeLaas],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flows.weekly_voc.SECONDS_FOR_OPENING", 0.1)
    surge_was_asked, another_was_posted = threading.Event(), threading.Event()
    came_in_time = []

    def surge_last(prompt: str) -> str:
        if "업로드 오류" in prompt:
            surge_was_asked.set()
            came_in_time.append(another_was_posted.wait(60))
        else:
            came_in_time.append(surge_was_asked.wait(60))
        return '{"summary": "요약", "hypotheses": ["가설"], "actions": ["조치"], "examples": []}'

    def see(_: Request, proceed: Proceed) -> Reply | None:
        another_was_posted.set()
        return proceed()

    slack.on("chat.postMessage", nth=2, do=see)
    server = laas(answer=surge_last)
    result = run(source=sample_file)
    assert result.analyses[-1].category == SURGE
    assert all(came_in_time)
    assert "원인: " not in str(slack.messages(CHANNEL)[0]["blocks"])
    assert server.max_concurrent > 1


@pytest.mark.usefixtures("built")
def test_a_broken_run_is_completed_by_the_next(
    home: Path, sample_file: Path, slack: FakeSlack
) -> None:
    slack.on("chat.postMessage", nth=3, do=not_ok("channel_not_found"))
    with pytest.raises(SlackError, match="channel_not_found"):
        run(source=sample_file)
    assert sum(len(thread) for thread in slack.threads.values()) == 1
    completed = run(source=sample_file)
    assert completed.outcome == "posted"
    (summary,) = slack.messages(CHANNEL)
    assert completed.report is not None
    keys = [m["metadata"]["event_payload"]["key"] for m in slack.threads[summary["ts"]]]
    assert len(keys) == len(set(keys)) == len(completed.report.to_analyse) + 1


@pytest.mark.usefixtures("built")
def test_a_slack_that_fails_for_a_while_ends_no_run(
    home: Path, sample_file: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.slack.patience.WAITS_SECONDS", (0.1,) * 6)
    page = Reply(503, b"<html>Service Unavailable</html>")
    slack.on("conversations.history", nth=range(1, 4), do=Reply(500))
    slack.on("chat.postMessage", nth=range(1, 4), do=page)
    slack.on("chat.postMessage", nth=range(5, 8), do=not_ok("service_unavailable"))
    result = run(source=sample_file)
    assert result.outcome == "posted"
    (summary,) = slack.messages(CHANNEL)
    assert 1 + len(slack.threads[summary["ts"]]) == len(result.delivered)

    # The first step of the next run finds nobody there: the run ends, without Prefect's own second try.
    del slack.requests[:]
    slack.on("conversations.history", do=Reply(500))
    with pytest.raises(SlackError, match=r"no usable answer \(HTTP 500\)"):
        run(source=sample_file)
    assert len(slack.requests) == 7


@pytest.mark.usefixtures("built")
@needs_hangul
@pytest.mark.parametrize("takes_files", [True, False])
def test_where_charts_are_refused_the_thread_gets_a_picture_or_the_sparklines_stay(
    home: Path,
    sample_file: Path,
    slack: FakeSlack,
    takes_files: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    slack.on("chat.postMessage", do=refuse_charts)
    if not takes_files:
        slack.on("files.getUploadURLExternal", do=not_ok("file_uploads_disabled"))
    result = run(source=sample_file)
    assert result.outcome == "posted"
    (summary,) = slack.messages(CHANNEL)
    thread = slack.threads[summary["ts"]]
    pictures = [file for message in thread for file in message.get("files", [])]
    assert len(pictures) == takes_files
    assert len(thread) - len(pictures) == len(result.delivered) - 1
    assert (
        "the sparklines stay: Slack refused: file_uploads_disabled" in caplog.text
    ) != takes_files


@pytest.mark.usefixtures("built")
def test_a_thread_is_a_target_of_its_own(home: Path, sample_file: Path, slack: FakeSlack) -> None:
    monday = run(source=sample_file)
    question = slack.say(CHANNEL, "@voc", user="U0ASKED")
    asked = run(source=sample_file, thread_ts=question)
    assert asked.outcome == "posted"
    assert len(slack.threads[question]) == len(monday.delivered)
    assert run(source=sample_file, thread_ts=question).outcome == "already_posted"


@pytest.fixture
def owned(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner for all categories, and for the surge's top level a group and a channel, in the seed and in dbt's table."""
    seed = tmp_path / "category_owners.csv"
    rows = [",,,U0ALICE,,", "유저,,,S0USERS,C0TEAM,en"]
    seed.write_text("\n".join(["category1,category2,category3,owner,channel,language", *rows]))
    monkeypatch.setattr("flows.source.owners.SEED", seed)
    (database,) = (home / "duckdb").glob("*/*.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            create table int_category_owners as
            select
                category1,
                coalesce(category2, '') as category2,
                coalesce(category3, '') as category3,
                if(category1 = '유저', 'S0USERS', 'U0ALICE') as owner,
                if(category1 = '유저', 'C0TEAM', null) as channel,
                if(category1 = '유저', 'en', null) as language
            from fct_voc_weekly_counts
            group by rollup (category1, category2, category3)
            having category1 is not null
            """
        )


def of_users(result: RunResult) -> int:
    """How many categories below 유저 a report analyses."""
    assert result.report is not None
    return sum(change.category1 == "유저" for change in result.report.to_analyse)


@pytest.mark.usefixtures("built", "owned")
def test_owners_are_mentioned_and_their_channel_gets_the_alerts_once(
    home: Path, sample_file: Path, slack: FakeSlack
) -> None:
    slack.channels["C0TEAM"] = {}
    first = run(source=sample_file)
    (summary,) = slack.messages(CHANNEL)
    *replies, _ = slack.threads[summary["ts"]]
    mentions = [reply["blocks"][1]["text"]["text"] for reply in replies]
    assert mentions.count("담당 <!subteam^S0USERS>") == of_users(first) > 0
    assert mentions.count("담당 <@U0ALICE>") == len(replies) - of_users(first) > 0
    alerts = slack.messages("C0TEAM")
    assert len(alerts) == of_users(first)
    for alert in alerts:
        shown = json.dumps(alert["blocks"], ensure_ascii=False)
        assert "VOC weekly report W46, 9–15 Nov · " in shown
        assert "report in <#C0TEST>" in shown
        assert "*Next steps*" in shown
        assert "S0USERS" not in shown
    assert [d.channel for d in first.delivered].count("C0TEAM") == len(alerts)

    again = run(source=sample_file)
    assert again.outcome == "already_posted"
    assert {d.key for d in again.delivered} == {d.key for d in first.delivered}
    asked = slack.say(CHANNEL, "@voc", user="U0ASKED")
    run(source=sample_file, thread_ts=asked, force=True)
    assert slack.messages("C0TEAM") == alerts
    run(source=sample_file, force=True)
    assert len(slack.messages("C0TEAM")) == 2 * len(alerts)
    assert not slack.refusals


@pytest.mark.usefixtures("built")
def test_alerts_that_a_broken_run_left_out_are_posted_without_their_replies_again(
    home: Path, sample_file: Path, request: pytest.FixtureRequest
) -> None:
    """To the outbox; a run without owners stands for one that ended before its alerts."""
    run(source=sample_file)
    before = outbox(home)
    request.getfixturevalue("owned")
    resumed = run(source=sample_file)
    alerts = outbox(home)[len(before) :]
    assert resumed.outcome == "posted"
    assert {alert["channel"] for alert in alerts} == {"C0TEAM"}
    assert len(alerts) == of_users(resumed) == len(resumed.analyses)
    assert "report in <#outbox>" in (home / "outbox" / f"{alerts[0]['ts']}.txt").read_text()


@pytest.mark.usefixtures("built", "owned")
def test_a_category_s_channel_that_fails_does_not_stop_the_report_and_operators_are_told(
    home: Path, sample_file: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.channels |= {"C0TEAM": {"is_member": False}, "C0OPS": {}}
    monkeypatch.setenv("VOC_OPS_CHANNEL", "C0OPS")
    monkeypatch.setattr(runtime.deployment, "id", str(uuid4()), raising=False)
    result = run(source=sample_file)
    assert result.outcome == "posted"
    assert result.report is not None
    (summary,) = slack.messages(CHANNEL)
    assert len(slack.threads[summary["ts"]]) == len(result.report.to_analyse) + 1
    (note,) = slack.messages("C0OPS")
    assert "<#C0TEAM>" in note["text"]
    assert (
        "“Slack refused: not_in_channel. Invite the app to the channel with /invite.”"
        in note["text"]
    )

    slack.channels["C0TEAM"] = {}
    assert run(source=sample_file).outcome == "posted"
    assert len(slack.messages("C0TEAM")) == of_users(result)
    assert len(slack.threads[summary["ts"]]) == len(result.report.to_analyse) + 1
    assert len(slack.messages("C0OPS")) == 1


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("invalid_auth", "Check SLACK_BOT_TOKEN"),
        ("channel_not_found", "channel id such as"),
        ("not_in_channel", "/invite"),
    ],
)
def test_a_slack_that_refuses_is_noticed_before_dbt_runs(
    home: Path, sample_file: Path, slack: FakeSlack, error: str, remedy: str
) -> None:
    slack.on("conversations.history", do=not_ok(error))
    built = next((home / "duckdb").iterdir()) / "target" / "run_results.json"
    before = built.stat().st_mtime_ns
    with pytest.raises(SlackError, match=remedy):
        run(source=sample_file)
    assert built.stat().st_mtime_ns == before
    assert slack.messages(CHANNEL) == []


def test_a_dry_run_builds_and_analyses_but_posts_nothing(
    built: list[Build], sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    server = laas()
    result = run(source=sample_file, dry_run=True)
    assert len(built) == 1
    assert result.outcome == "dry_run"
    assert result.delivered == ()
    # The summary, the receipt, and all answers but that on the whole week.
    assert len(result.messages) == len(server.prompts) + 1 > 2
    assert slack.requests == []


@pytest.mark.usefixtures("built")
def test_the_page_keeps_the_analyses_that_a_later_run_does_not_write_again(
    home: Path, sample_file: Path, slack: FakeSlack, laas: Callable[..., FakeLaas]
) -> None:
    laas()
    first = run(source=sample_file)
    (page,) = (home / "reports").glob("*/2026-W46.html")
    words = [analysis.summary for analysis in first.analyses]
    assert {analysis.source for analysis in first.analyses} == {"laas"}
    assert page.read_text().count("LaaS 분석") == len(words) > 1
    assert "규칙 기반 분석" not in page.read_text()

    page.unlink()
    assert run(source=sample_file).outcome == "already_posted"
    assert page.read_text().count("LaaS 분석") == len(words)
    summary = first.delivered[0]
    message = f"{slack.url}/archives/{summary.channel}/p{summary.ts.replace('.', '')}"
    assert f'href="{message}"' in page.with_name("index.html").read_text()
    posted = datetime.fromtimestamp(float(summary.ts), ZoneInfo("Asia/Seoul"))
    assert f"{posted:%m-%d %H:%M}" in page.with_name("product.html").read_text()


def test_a_page_on_an_earlier_week_has_samples_where_they_can_be_made_again(
    home: Path, sample_file: Path, tmp_path: Path
) -> None:
    never_reported = date(2026, 10, 26)
    write = partial(write_report, parts_of(), as_of=never_reported, out=tmp_path / "pages")
    without = write(source=None).read_text()
    assert "이 주의 문의 표본과 키워드는" in without
    assert "W43 문의 표본" not in without
    again = write(source=sample_file).read_text()
    assert "이 주의 문의 표본과 키워드는" not in again
    assert "W43 문의 표본" in again


def test_an_unreachable_bucket_does_not_keep_a_page_back(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "taken").write_text("a file where a folder should be")
    monkeypatch.setenv("VOC_REPORT_BUCKET", str(home / "taken"))
    monkeypatch.setattr(FolderStore, "read", Mock(side_effect=UsageError("gone")))
    page = write_report(parts_of(), as_of=None, out=tmp_path / "pages", source=None)
    assert "규칙 기반 분석" in page.read_text()
    assert "cannot be read: gone" in caplog.text


@pytest.mark.usefixtures("built")
def test_messages_and_page_are_in_english_with_links_where_that_is_set(
    home: Path, sample_file: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_LOCALE", "en")
    monkeypatch.setenv("VOC_TICKET_URL", "https://desk.example/tickets/{id}")
    monkeypatch.setenv("VOC_REPORT_URL", "https://voc.example/reports")
    result = run(source=sample_file)
    (summary,) = slack.messages(CHANNEL)
    (page,) = (home / "reports").glob("*/2026-W46.html")
    url = f"https://voc.example/reports/{page.parent.name}/2026-W46.html"
    (button,) = [
        element
        for block in summary["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "open_report"
    ]
    assert (button["url"], result.page) == (url, url)
    replies = json.dumps(slack.threads[summary["ts"]], ensure_ascii=False)
    assert "<https://desk.example/tickets/" in replies
    assert "Rule-based analysis" in replies
    assert "규칙 기반" not in replies
    assert "심각" not in json.dumps(summary, ensure_ascii=False)
    assert 'lang="en"' in page.read_text()
    assert "원인 가설" not in page.read_text()


@pytest.mark.usefixtures("built")
def test_a_page_that_cannot_be_published_stops_no_message(
    home: Path, sample_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "taken").write_text("a file where a folder should be")
    monkeypatch.setenv("VOC_REPORT_BUCKET", str(home / "taken"))
    result = run(source=sample_file)
    assert result.outcome == "posted"
    assert result.page is None
    assert outbox(home)
    assert "the report is not published as a page: cannot write to" in caplog.text


def test_nothing_is_posted_when_a_data_test_fails(home: Path, sample_file: Path) -> None:
    file = open_source(load_settings(), sample_file, AS_OF)
    with duckdb.connect(str(file.workspace.duckdb_path)) as connection:
        connection.execute(
            "create or replace view source.tickets as "
            "select * replace (case when id like '%77' then null else id end as id) "
            f"from '{sample_file}'"
        )
    with pytest.raises(TransformError) as caught:
        run(source=sample_file)
    assert "model fct_voc_weekly_counts" in str(caught.value)
    assert "nothing was posted" in str(caught.value)
    assert outbox(home) == []


def test_reports_on_two_files_do_not_mix(home: Path, tmp_path: Path, sample_file: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        let_tables_stand(home, patch)
        first = run(source=sample_file)
    shutil.copy(sample_file, tmp_path / "other.parquet")
    second = run(source=tmp_path / "other.parquet")
    assert second.outcome == "posted"
    assert not {d.ts for d in first.delivered} & {d.ts for d in second.delivered}


def test_a_quiet_week_is_announced_in_one_line(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = tmp_path / "quiet.csv"
    rows = [
        f"{w}-{n},2026-11-{w:02d}T03:00:00Z,유저,{'중립' if n else '부정'}"
        for w in (3, 10)
        for n in range(30)
    ]
    quiet.write_text("\n".join(["id,event_create_time,category1,overall_emotion", *rows]))
    result = run(source=quiet)
    assert result.outcome == "quiet"
    message, receipt = outbox(home)
    assert [block["type"] for block in message["blocks"]] == ["section", "context", "actions"]
    assert receipt["metadata"]["event_payload"]["kind"] == "receipt"
    assert "기준을 넘은 변화가 없습니다" in message["text"]
    let_tables_stand(home, monkeypatch)
    assert run(source=quiet).outcome == "already_posted"


def test_a_report_week_after_the_data_posts_nothing(home: Path, sample_file: Path) -> None:
    assert (
        open_source(load_settings(), sample_file, date(2026, 11, 22)).ends_before_report_week
        is False
    )
    result = run(source=_ending(sample_file, home, "2026-11-08"), as_of=AS_OF)
    assert result.outcome == "no_data"
    assert outbox(home) == []


def _ending(sample_file: Path, home: Path, day: str) -> Path:
    path = home / "ending.parquet"
    duckdb.sql(
        f"copy (from '{sample_file}' where event_create_time < timestamptz '{day} 14:59:00+00') to '{path}'"
    )
    return path


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"source": None}, SourceError, "VOC_TARGET=bigquery in the worker's .env"),
        ({"as_of": date(2100, 1, 1)}, UsageError, "2100-01-01 is in the future"),
        ({"thread_ts": "yesterday"}, UsageError, "is not a thread_ts"),
    ],
)
def test_wrong_parameters_are_refused(
    sample_file: Path, parameters: dict[str, Any], error: type[VocError], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(**{"source": sample_file, **parameters})


def test_a_channel_name_is_refused_where_slack_needs_an_id(
    sample_file: Path, slack: FakeSlack
) -> None:
    with pytest.raises(UsageError, match="'#voc' is not a channel id"):
        run(source=sample_file, channel="#voc")
    assert slack.requests == []


def test_parameters_have_types(sample_file: Path) -> None:
    from prefect.exceptions import ParameterTypeError

    with pytest.raises(ParameterTypeError):
        run(source=sample_file, as_of="next week")


@pytest.mark.usefixtures("built")
def test_the_run_is_readable_in_the_prefect_ui(
    home: Path, sample_file: Path, prefect_api: str
) -> None:
    result = run(source=sample_file, channel="readable")
    newest = services.HTTP.post(
        f"{prefect_api}/flow_runs/filter", json={"sort": "ID_DESC", "limit": 200}
    ).json()
    (shown,) = [r for r in newest if r["name"] == "voc 2026-W46 in readable"]
    artifacts = {
        artifact["key"]: artifact["data"]
        for artifact in services.HTTP.post(f"{prefect_api}/artifacts/filter", json={}).json()
        if artifact["flow_run_id"] == shown["id"]
    }
    assert result.report is not None
    assert json.loads(artifacts["voc-changes"])[0]["category3"] == "업로드 오류"
    assert "VOC 주간 리포트 · W46, 11.9–15" in artifacts["voc-summary"]
    (weeks,) = json.loads(artifacts["voc-weeks"])
    assert weeks["first_week"] < weeks["last_week"] == "2026-W46"


def write_tickets(path: Path, counts: dict[tuple[str, int], int]) -> Path:
    """A CSV with so many tickets of a category on a day of November 2026."""
    rows = [
        f"{category}-{day}-{n},2026-11-{day:02d}T03:00:00Z,{category},부정"
        for (category, day), count in counts.items()
        for n in range(count)
    ]
    path.write_text("\n".join(["id,event_create_time,category1,overall_emotion", *rows]))
    return path


def test_late_tickets_that_change_a_posted_week_are_told_once_in_its_thread(
    home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.csv"
    on_time = {("유저", 3): 30, ("유저", 10): 30, ("결제", 3): 20, ("결제", 10): 40}
    write_tickets(file, on_time)
    assert run(source=file).outcome == "posted"
    posted = outbox(home)

    write_tickets(file, on_time | {("유저", 10): 45})
    run(source=file)
    analysis, correction = outbox(home)[len(posted) :]  # the newly flagged category is analysed too
    assert analysis["metadata"]["event_payload"]["kind"] == "analysis"
    assert correction["thread_ts"] == posted[0]["ts"]
    assert "W46, 11.9–15의 상태가 바뀌었습니다" in correction["text"]
    text = str(correction["blocks"])
    assert "• *유저* ⚪ STABLE → 🔴 CRITICAL ◇ (30 → 45건)" in text.replace(" / (미분류)", "")
    assert "결제" not in text

    assert run(source=file).outcome == "already_posted"
    assert len(outbox(home)) == len(posted) + 2

    # A week later it is still the posted week's thread that hears of it.
    later = {("유저", 17): 45, ("결제", 17): 40}
    write_tickets(file, on_time | later | {("유저", 10): 45, ("결제", 10): 20})
    assert run(source=file, as_of=date(2026, 11, 23)).outcome in ("posted", "quiet")
    corrections = [
        m for m in outbox(home) if m["metadata"]["event_payload"]["kind"] == "correction"
    ]
    assert [m["thread_ts"] for m in corrections] == [posted[0]["ts"]] * 2
    assert "결제" in str(corrections[1]["blocks"])

    # Its alarm is over: both summaries say so, and the earlier one has nothing else that is new.
    (earlier,) = (m for m in outbox(home) if m["ts"] == posted[0]["ts"])
    *blocks, line = earlier["blocks"]
    assert earlier | {"blocks": blocks} == posted[0]
    told = line["elements"][0]["text"].replace(" / (미분류)", "")
    assert told == "✅ W47, 11.16–22 리포트에서: 심각 → 해소 1건 (유저)"
    newest = next(m for m in outbox(home) if "W47" in m["text"])
    assert "전주(W46) 경보: 심각 → 해소 1건" in str(newest["blocks"])


def test_as_many_weeks_are_looked_at_as_dbt_counts_again() -> None:
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text("utf-8"))
    assert project["vars"]["late_ticket_lookback_weeks"] == RECOUNTED_WEEKS

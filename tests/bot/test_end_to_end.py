"""From what people do in Slack to the report in their thread: server, worker and bot as processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import services
from tests.bot.conftest import Prefect, bot_settings, people_of, replies, wait_for, wait_for_reply
from tests.fakes.people import People
from tests.fakes.slack import FakeSlack

REPORT_SECONDS = 150
VERSION = "1.2.3+test"


@pytest.fixture(scope="module")
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels={"C0TEST": {}, "C0OPS": {}}) as slack:
        yield slack
        assert not slack.refusals


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="module")
def of_the_worker(slack: FakeSlack, folder: Path) -> dict[str, str]:
    """Its settings, and a heartbeat that tells the server within seconds that it is gone."""
    return {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_API_URL": f"{slack.url}/api/",
        "VOC_HOME": str(folder / "home"),
        "VOC_VERSION": VERSION,
        "VOC_OPS_CHANNEL": "C0OPS",
        "PREFECT_WORKER_HEARTBEAT_SECONDS": "1",
    }


@pytest.fixture(scope="module")
def worker(
    deployed: Prefect, folder: Path, of_the_worker: dict[str, str]
) -> Iterator[services.Service]:
    deployed.forget_runs()
    with services.worker(deployed.api, folder, of_the_worker) as worker:
        yield worker


@pytest.fixture(scope="module")
def people(
    deployed: Prefect, worker: services.Service, slack: FakeSlack, folder: Path
) -> Iterator[People]:
    with services.bot(
        deployed.api, folder, bot_settings(slack) | {"VOC_BOT_START_WAIT": "20"}
    ) as bot:
        yield people_of(slack, bot)


def kinds(slack: FakeSlack, ts: str) -> list[str]:
    """The report's messages in a thread, by kind."""
    return [
        message["metadata"]["event_payload"]["kind"]
        for message in slack.threads.get(ts, [])
        if message.get("metadata", {}).get("event_type") == "voc_weekly"
    ]


@pytest.fixture(scope="module")
def mentioned(people: People, slack: FakeSlack) -> str:
    """The ts of a mention whose report stands in its thread."""
    sent = people.mention("2026-W46")
    wait_for_reply(slack, sent.ts, "✅ 완료 · 2026-W46: 리포트를 올렸습니다", REPORT_SECONDS)
    return sent.ts


def test_a_mention_leads_to_the_report_in_its_thread(slack: FakeSlack, mentioned: str) -> None:
    first, *report = slack.threads[mentioned]
    assert "✅ 완료" in first["text"]
    assert kinds(slack, mentioned)[0] == "summary"
    assert kinds(slack, mentioned).count("analysis") == len(report) - 2 >= 2
    assert kinds(slack, mentioned)[-1] == "receipt"
    assert f"voc-analyst {VERSION}" in str(report[0]["blocks"])
    assert [m["ts"] for m in slack.messages("C0TEST")] == [mentioned]


def test_a_week_before_the_data_of_that_report_is_refused_at_once(
    people: People, slack: FakeSlack, mentioned: str, deployed: Prefect
) -> None:
    before = len(deployed.runs())
    sent = people.mention("2020-W01")
    wait_for_reply(slack, sent.ts, "2020-W01 (12.30 – 1.5)의 데이터가 없습니다")
    assert len(deployed.runs()) == before


def test_the_button_posts_the_same_week_again_in_the_same_thread(
    people: People, slack: FakeSlack, mentioned: str, deployed: Prefect
) -> None:
    (summary,) = [
        message
        for message in slack.threads[mentioned]
        if "blocks" in message and "주간 리포트" in str(message["blocks"])
    ]
    before = len(deployed.runs())
    people.press("C0TEST", summary["ts"], "rerun")
    people.press("C0TEST", summary["ts"], "rerun")
    wait_for(lambda: kinds(slack, mentioned).count("summary") == 2, REPORT_SECONDS)
    wait_for(lambda: sum("✅ 완료" in text for text in replies(slack, mentioned)) == 2)
    assert len(deployed.runs()) == before + 1


def test_a_command_s_report_goes_to_the_channel_and_its_progress_to_whoever_asked(
    people: People, slack: FakeSlack, mentioned: str
) -> None:
    sent = people.command("/voc", "2026-W45")
    wait_for(lambda: "✅ 완료" in str(slack.responses(sent.response_url)), REPORT_SECONDS)
    said = [answer["text"] for answer in slack.responses(sent.response_url)]
    assert "⏳ 받음" in said[0]
    assert "✅ 완료 · 2026-W45: 기준을 넘은 변화가 없어" in said[-1]
    assert len(said) <= 5
    (summary,) = [message for message in slack.messages("C0TEST") if "metadata" in message]
    assert summary["metadata"]["event_payload"]["report_week"] == "2026-W45"
    again = people.mention("45주차")
    wait_for_reply(slack, again.ts, "2026-W45 (11.2 – 11.8) 리포트는 이미 여기 있습니다")


def test_a_long_task_is_acknowledged_and_reported(people: People, slack: FakeSlack) -> None:
    sent = people.command("/longtask")
    assert sent.status == 200
    wait_for(lambda: "✅ 완료" in str(slack.responses(sent.response_url)), REPORT_SECONDS)


def test_a_failing_run_is_explained(people: People, slack: FakeSlack) -> None:
    sent = people.mention("2020-W01 다시")
    wait_for_reply(slack, sent.ts, "❌ 실패", REPORT_SECONDS)
    (reply,) = replies(slack, sent.ts)
    assert "❌ 실패 · 그 주의 리포트는 만들 수 없습니다" in reply
    assert slack.messages("C0OPS") == []  # whoever asked chooses another week


@pytest.mark.nightly
def test_a_killed_worker_is_noticed_and_the_next_run_tells_the_operators(
    people: People,
    slack: FakeSlack,
    worker: services.Service,
    deployed: Prefect,
    folder: Path,
    of_the_worker: dict[str, str],
) -> None:
    """The last one here: afterwards there is no worker."""
    before = len(slack.messages("C0OPS"))
    sent = people.mention("2026-W46")
    wait_for_reply(slack, sent.ts, "🏃 실행 중", REPORT_SECONDS)
    (running,) = deployed.runs("slack:open")
    wait_for(lambda: deployed.has_heartbeat(running))  # from the first on its silence is noticed
    worker.kill()
    wait_for_reply(slack, sent.ts, "작업자(worker)가 응답하지 않습니다", 60)
    # No heartbeat for 90 seconds: deploy/automations.yaml calls it crashed.
    wait_for_reply(slack, sent.ts, "❌ 실패 · 실행하던 프로세스가 중단되었습니다", 200)
    wait_for(lambda: not deployed.runs("slack:open"))
    assert len(slack.messages("C0OPS")) == before
    people.mention("2026-W45 다시")
    wait_for(lambda: deployed.runs("slack:open"))
    (mute,) = deployed.runs("slack:open")
    deployed.set_state(mute, "FAILED", "it could not even read its settings")
    with services.worker(deployed.api, folder, of_the_worker):
        again = people.mention("2026-W46")
        wait_for_reply(slack, again.ts, "✅ 완료", REPORT_SECONDS)
    notes = [note["text"] for note in slack.messages("C0OPS")[before:]]
    assert len(notes) == 2
    assert any("⚠️ 지난 VOC 리포트 실행이 중간에 멈췄습니다" in note for note in notes)
    assert any(f"{mute['id']}|실행 보기>" in note for note in notes)

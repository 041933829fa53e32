"""A run's tags, and what is said of it when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runs import ENDINGS, OPEN, Origin, Run, Stage, due, is_overdue
from bot.texts import Phrases
from catalogue import ending
from tests.builders import KOREAN

NOW = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)
WAIT = timedelta(seconds=60)
ORIGIN = Origin("C0TEST", "U0HUMAN", "replica.1", "1763.0001")


def run(state: str, message: str = "", age: float = 0, origin: Origin = ORIGIN) -> Run:
    at = NOW - timedelta(seconds=age)
    return Run(uuid4(), origin, state, message, at, at, at, "voc", "http://prefect.example/run")


ids = st.text("ABCD0123456789.", min_size=1)


@given(
    st.builds(
        Origin,
        ids,
        ids,
        ids,
        st.none() | ids,
        st.none() | ids,
        st.none() | st.sampled_from(ENDINGS),
        st.booleans(),
        st.booleans(),
    )
)
def test_the_tags_hold_all_there_is_to_remember(origin: Origin) -> None:
    assert Origin.of_tags(origin.tags()) == origin


def test_a_run_that_nobody_asked_for_in_slack_has_no_origin() -> None:
    assert Origin.of_tags(["team:data", "weekly", "a=b"]) is None
    assert Origin.of_tags(["channel=C", "user=U", "call=c"]) is None


@pytest.mark.parametrize(
    ("state", "age", "is_attended", "stage"),
    [
        ("SCHEDULED", 0, False, "received"),
        ("SCHEDULED", 59, False, "received"),
        ("SCHEDULED", 60, False, "unattended"),
        ("PENDING", 60, False, "unattended"),
        ("SCHEDULED", 60, True, "queued"),
        ("PENDING", 59, True, "received"),
        ("RUNNING", 0, True, "running"),
        ("RUNNING", 0, False, "unattended"),
        ("CANCELLING", 0, True, "running"),
        ("COMPLETED", 0, False, "completed"),
        ("FAILED", 0, True, "failed"),
        ("CRASHED", 0, False, "failed"),
        ("CANCELLED", 0, True, "cancelled"),
    ],
)
def test_what_is_said_follows_from_the_state_the_time_and_the_workers(
    state: str, age: float, is_attended: bool, stage: Stage
) -> None:
    assert due(run(state, age=age), NOW, WAIT, is_attended=is_attended) == stage


@pytest.mark.parametrize("stage", get_args(Stage))
def test_of_a_question_s_run_only_trouble_is_said_until_there_was_some(stage: Stage) -> None:
    question = replace(ORIGIN, is_question=True)
    is_quiet = stage in ("received", "running", "completed")
    assert run("RUNNING", origin=question).speaks_for_itself(stage) == is_quiet
    told = run("RUNNING", origin=question).told("queued", "1763.0002")
    assert not told.speaks_for_itself(stage)  # the reply about the trouble is brought up to date
    assert not run("RUNNING").speaks_for_itself(stage)
    of_command = replace(question, thread_ts=None)
    assert not run("RUNNING", origin=of_command).speaks_for_itself(stage)


@pytest.mark.parametrize("stage", ["received", "running", *ENDINGS])
def test_a_run_is_open_until_its_end_was_told(stage: Stage) -> None:
    told = run("RUNNING").told(stage, "1763.0002")
    assert (OPEN in told.origin.tags()) == (stage not in ENDINGS)
    assert (told.origin.told, told.origin.reply_ts) == (stage, "1763.0002")


def test_another_replica_s_run_is_left_alone_for_half_a_minute() -> None:
    assert not is_overdue(run("RUNNING", age=30), "running", NOW, WAIT)
    assert is_overdue(run("RUNNING", age=31), "running", NOW, WAIT)


@pytest.mark.parametrize("stage", ["queued", "unattended"])
def test_what_falls_due_by_waiting_is_overdue_half_a_minute_after_the_wait(stage: Stage) -> None:
    assert not is_overdue(run("SCHEDULED", age=90), stage, NOW, WAIT)
    assert is_overdue(run("SCHEDULED", age=91), stage, NOW, WAIT)


def text(state: str, message: str, stage: Stage) -> str:
    return Phrases(KOREAN).progress(run(state, message), stage)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("posted", "리포트를 올렸습니다"),
        ("quiet", "기준을 넘은 변화가 없어"),
        ("already_posted", "이미 여기에 있습니다"),
        ("no_data", "문의가 없어"),
        ("not_ready", "아직 다 들어오지"),
    ],
)
def test_the_end_says_what_the_report_came_to(outcome: str, said: str) -> None:
    assert text("COMPLETED", f"2026-W46 {outcome}", "completed").startswith("✅ 완료 · 2026-W46: ")
    assert said in text("COMPLETED", f"2026-W46 {outcome}", "completed")


def test_another_flow_s_end_is_just_that() -> None:
    assert text("COMPLETED", "All states completed.", "completed").startswith("✅ 완료 · <http")


@pytest.mark.parametrize(
    ("kind", "said"),
    [("source", "원천 데이터를 읽지 못했습니다"), ("newer", "실행하지 못했습니다")],
)
def test_a_failure_is_explained_in_the_reader_s_language(kind: str, said: str) -> None:
    message = str(ending.Failed(kind, "table <x> & y not found. Set it."))
    assert f"❌ 실패 · {said}" in text("FAILED", message, "failed")
    assert "not found" not in text("FAILED", message, "failed")


def test_any_other_error_s_words_are_not_repeated() -> None:
    message = (
        "Flow run encountered an exception: ValueError: SourceError: 010-1234-5678 is no number"
    )
    assert "010" not in text("FAILED", message, "failed")
    assert "010" not in text("CRASHED", message, "failed")


@pytest.mark.parametrize("stage", ["received", "queued", "unattended", "running", *ENDINGS])
def test_every_reply_leads_to_the_run(stage: Stage) -> None:
    assert text("RUNNING", "", stage).endswith("<http://prefect.example/run|실행 보기>")

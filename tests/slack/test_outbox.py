"""The outbox folder: private files that a person can read, and a ledger like Slack's."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from flows.report.message import Message
from flows.slack.outbox import OutboxTransport
from flows.slack.transport import Destination
from tests.builders import build_change, build_composer, build_report

CHANNEL = Destination("C0TEST")
PAYLOAD = {"key": "2025-W46:C0TEST:summary:1", "run": "run-1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def message() -> Message:
    (summary,) = build_composer().summary(build_report(build_change(category=("<b>", "&", "나"))))
    return summary


def post(folder: Path, message: Message, target: Destination = CHANNEL, **payload: Any) -> str:
    return OutboxTransport(folder).post(target, message.text, message.blocks, PAYLOAD | payload)


def keys(folder: Path, target: Destination, since: float = 0) -> list[str]:
    return [each.payload["key"] for each in OutboxTransport(folder).posted(target, since)]


def test_a_message_is_one_json_file_with_all_that_slack_would_get(
    folder: Path, message: Message
) -> None:
    ts = post(folder, message)
    assert json.loads((folder / f"{ts}.json").read_text(encoding="utf-8")) == {
        "channel": "C0TEST",
        "ts": ts,
        "thread_ts": None,
        "text": message.text,
        "blocks": list(message.blocks),
        "metadata": {"event_type": "voc_weekly", "event_payload": PAYLOAD},
    }


def test_beside_it_stands_a_preview_that_people_can_read(folder: Path, message: Message) -> None:
    preview = (folder / f"{post(folder, message)}.txt").read_text(encoding="utf-8")
    assert "VOC 주간 리포트 · W46, 11.10–16" in preview
    assert "<b> / & / 나\n20 → 40건" in preview


def test_korean_in_the_json_file_is_readable(folder: Path, message: Message) -> None:
    assert "주간 리포트" in (folder / f"{post(folder, message)}.json").read_text(encoding="utf-8")


def test_folder_and_files_are_for_their_owner_only(folder: Path, message: Message) -> None:
    post(folder, message)
    modes = {file.suffix: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {".json": 0o600, ".txt": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_messages_posted_at_once_have_different_increasing_ts(
    folder: Path, message: Message
) -> None:
    stamps = [post(folder, message) for _ in range(20)]
    assert stamps == sorted(set(stamps))
    assert all(len(stamp.partition(".")[2]) == 6 for stamp in stamps)


def test_a_clock_set_back_gives_no_older_ts(folder: Path, message: Message) -> None:
    posted = folder / f"{post(folder, message)}.json"
    ahead = f"{time.time() + 3600:.6f}"
    posted.rename(folder / f"{ahead}.json")
    assert float(ahead) < float(post(folder, message)) < float(ahead) + 1


def test_what_was_posted_is_found_by_channel_and_thread(folder: Path, message: Message) -> None:
    parent = post(folder, message, key="parent")
    post(folder, message, Destination("C0TEST", parent), key="reply")
    post(folder, message, Destination("C0OTHER"), key="elsewhere")
    assert keys(folder, CHANNEL) == ["parent"]
    assert keys(folder, Destination("C0TEST", parent)) == ["parent", "reply"]
    assert keys(folder, Destination("C0OTHER")) == ["elsewhere"]


def test_what_is_older_than_asked_for_is_not_found(folder: Path, message: Message) -> None:
    first, second = (float(post(folder, message, key=key)) for key in ("first", "second"))
    assert keys(folder, CHANNEL, since=(first + second) / 2) == ["second"]
    assert keys(folder, CHANNEL, since=second + 1) == []


def test_a_folder_that_does_not_exist_yet_is_empty(folder: Path) -> None:
    assert keys(folder, CHANNEL) == []
    assert not folder.exists()

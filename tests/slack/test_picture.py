"""The chart as a picture: in the thread once, where the workspace takes no chart, and never at a message's cost."""

from __future__ import annotations

import io
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from flows.privacy.gate import Gate
from flows.privacy.masker import Masker
from flows.report.message import Delivered
from flows.runtime.errors import SlackError
from flows.slack import picture
from flows.slack.blocks import bar_chart, charts
from flows.slack.delivery import Delivery, Subject
from flows.slack.picture import drawn
from flows.slack.preview import preview
from flows.slack.remembered import RememberingTransport
from flows.slack.transport import Destination, Transport
from tests.builders import (
    COMPARISON,
    KOREAN,
    build_change,
    build_composer,
    build_quiet_report,
    build_report,
    build_settings,
)
from tests.fakes.http import Fault, Reply, lose_reply, refuse_connection_before
from tests.fakes.slack import DEFAULT_SCOPES, FakeSlack, not_ok, ratelimited, refuse_charts
from tests.fonts import needs_hangul
from tests.parts import slack_of

SCOPE = Subject.of_week(COMPARISON, ZoneInfo("Asia/Seoul"))
(SUMMARY,) = build_composer().summary(
    build_report(build_change(), build_change("MONITOR", ("결제", "환불", "지연")))
)
TAKING, SHARING = "files.getUploadURLExternal", "files.completeUploadExternal"


@pytest.fixture
def chartless(slack: FakeSlack) -> FakeSlack:
    """A workspace that refuses charts."""

    slack.on("chat.postMessage", do=refuse_charts)
    return slack


def transport_to(slack: FakeSlack, home: Path | None = None) -> Transport:
    values = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": f"{slack.url}/api/"}
    if home is None:
        return slack_of(build_settings(**values))
    settings = build_settings(**values)
    return RememberingTransport(slack_of(settings), lambda: home / "posts")


def deliver(
    transport: Transport,
    run_id: str = "run-1",
    *,
    force: bool = False,
    thread_ts: str | None = None,
) -> Delivered:
    """One run: summary and picture."""
    target = Destination("C0TEST", thread_ts)
    delivery = Delivery(transport, target, SCOPE, run_id, force=force, waits=(0.01, 0.01))
    delivered = delivery.post(SUMMARY)
    delivery.post_picture(SUMMARY)
    return delivered


def pictures(slack: FakeSlack, summary: Delivered) -> list[str]:
    """The names of the files in the summary's thread."""
    thread = slack.threads.get(summary.thread_ts or summary.ts, [])
    return [file["name"] for message in thread for file in message.get("files", [])]


def calls(slack: FakeSlack) -> list[str]:
    return [request.method for request in slack.requests]


def test_where_charts_are_taken_no_picture_is_sent(slack: FakeSlack) -> None:
    summary = deliver(transport_to(slack))
    (message,) = slack.messages("C0TEST")
    assert charts(message["blocks"])
    assert pictures(slack, summary) == []
    assert not [call for call in calls(slack) if call.startswith("files.")]


@needs_hangul
def test_where_charts_are_refused_the_thread_gets_a_picture_with_its_words(
    chartless: FakeSlack,
) -> None:
    summary = deliver(transport_to(chartless))
    (message,) = chartless.messages("C0TEST")
    assert not charts(message["blocks"])
    (name,) = pictures(chartless, summary)
    assert re.fullmatch(r"voc-chart-2025-W46-[0-9a-f]{16}\.png", name)
    (file,) = chartless.files.values()
    assert file.alt_text == preview(charts(SUMMARY.blocks))
    assert "업로드 오류" in file.alt_text
    assert file.content
    assert Image.open(io.BytesIO(file.content)).format == "PNG"
    ((shown,),) = [m["files"] for m in chartless.threads[summary.ts]]
    assert shown["title"] == file.alt_text.splitlines()[0]
    assert not chartless.refusals


@needs_hangul
def test_a_second_run_finds_the_picture_by_its_name(chartless: FakeSlack) -> None:
    first = deliver(transport_to(chartless))
    deliver(transport_to(chartless), "run-2")
    assert len(pictures(chartless, first)) == 1
    assert len(chartless.files) == 1


@needs_hangul
def test_a_forced_report_brings_its_own_picture_once(chartless: FakeSlack) -> None:
    thread = chartless.say("C0TEST", "왜요?")
    deliver(transport_to(chartless), thread_ts=thread)
    for _ in range(2):
        forced = deliver(transport_to(chartless), "run-2", force=True, thread_ts=thread)
    assert len(set(pictures(chartless, forced))) == len(pictures(chartless, forced)) == 2


@needs_hangul
@pytest.mark.parametrize("step", [TAKING, "/upload/F0000", SHARING])
def test_a_run_that_broke_before_the_picture_is_resumed_with_it(
    chartless: FakeSlack, step: str
) -> None:
    chartless.on(step, nth=1, do=refuse_connection_before)
    with pytest.raises(SlackError, match="no usable answer"):
        deliver(transport_to(chartless))
    summary = deliver(transport_to(chartless), "run-2")
    assert len(pictures(chartless, summary)) == 1
    assert len(chartless.messages("C0TEST")) == 1


@needs_hangul
@pytest.mark.parametrize("step", [TAKING, SHARING])
def test_a_picture_waits_where_slack_asks_for_it(chartless: FakeSlack, step: str) -> None:
    chartless.on(step, nth=1, do=ratelimited(0.01))
    summary = deliver(transport_to(chartless))
    assert len(pictures(chartless, summary)) == 1


@needs_hangul
@pytest.mark.parametrize("is_blind", [False, True])
def test_a_picture_whose_answer_was_lost_is_not_sent_again(
    chartless: FakeSlack, is_blind: bool, tmp_path: Path
) -> None:
    home = tmp_path / "home" if is_blind else None
    if is_blind:
        chartless.scopes = ("chat:write", "files:write")
    chartless.on(SHARING, nth=1, do=lose_reply)
    with pytest.raises(SlackError, match="no usable answer"):
        deliver(transport_to(chartless, home))
    summary = deliver(transport_to(chartless, home), "run-2")
    assert len(pictures(chartless, summary)) == 1


@needs_hangul
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (not_ok("file_uploads_disabled"), "file_uploads_disabled"),
        (Reply(502, b"<html>"), "no usable answer"),
    ],
)
def test_where_files_are_refused_the_summary_stands_without(
    chartless: FakeSlack, fault: Fault, reason: str
) -> None:
    chartless.on(TAKING, do=fault)
    with pytest.raises(SlackError, match=reason):
        deliver(transport_to(chartless))
    (message,) = chartless.messages("C0TEST")
    assert "▁" in str(message["blocks"]) or "█" in str(message["blocks"])


@needs_hangul
def test_an_app_without_the_scope_for_files_is_told_its_name() -> None:
    with FakeSlack(scopes=[scope for scope in DEFAULT_SCOPES if scope != "files:write"]) as slack:
        slack.on("chat.postMessage", nth=1, do=not_ok("invalid_blocks"))
        with pytest.raises(SlackError, match="scope files:write"):
            deliver(transport_to(slack))


@needs_hangul
def test_a_refused_upload_says_nothing_of_what_was_sent(chartless: FakeSlack) -> None:
    chartless.on("/upload/F0000", nth=1, do=Reply(202, "이력서".encode()))
    with pytest.raises(SlackError, match=r"^Slack did not take the file\.$"):
        deliver(transport_to(chartless))


def test_a_week_that_has_become_quiet_brings_no_picture(chartless: FakeSlack) -> None:
    delivery = Delivery(transport_to(chartless), Destination("C0TEST"), SCOPE, "run-1")
    delivery.post(SUMMARY)
    (quiet,) = build_composer().summary(build_quiet_report())
    delivery.post_picture(quiet)
    assert not chartless.files


def test_a_picture_of_personal_data_does_not_leave(chartless: FakeSlack) -> None:
    gate = Gate(transport_to(chartless), Masker.of_project(), KOREAN)
    gate.upload(Destination("C0TEST"), "voc-chart-x.png", b"png", "1. 010-1234-5678: 5")
    assert calls(chartless) == []


def test_a_machine_without_hangul_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_FONTS", ("no-such-font.ttf",))
    picture._font.cache_clear()
    with pytest.raises(SlackError, match="install fonts-nanum"):
        drawn([charts(SUMMARY.blocks)[0]])
    picture._font.cache_clear()


@needs_hangul
def test_hangul_is_drawn_and_not_boxes() -> None:
    one, other = (
        drawn([bar_chart("t", [word], {"s": [1], "t": [2]})]) for word in ("가나다", "라마바")
    )
    assert one != other


@needs_hangul
def test_the_longest_bar_belongs_to_the_largest_count_and_none_leaves_the_picture() -> None:
    png = drawn([bar_chart("제목", ["가" * 20, "b"], {"W45": [0, 1_000_000], "W46": [3, 500_000]})])
    image = Image.open(io.BytesIO(png)).convert("RGB")
    widths = {
        colour: max(
            sum(image.getpixel((x, y)) == colour for x in range(image.width))
            for y in range(180, image.height)
        )
        for colour in ((0x9A, 0xA0, 0xA6), (0xC2, 0x41, 0x0C))
    }
    base, comparison = widths.values()
    assert base == pytest.approx(2 * comparison, abs=4)
    margin = [
        image.getpixel((x, y))
        for x in range(image.width - 10, image.width)
        for y in range(image.height)
    ]
    assert set(margin) == {(255, 255, 255)}

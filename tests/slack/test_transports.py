"""A token decides where messages go, and what a target has to look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.runtime.errors import UsageError
from flows.slack.blocks import actions, button, context, section
from flows.slack.transport import Destination
from tests.builders import KOREAN, build_composer, build_report, build_settings
from tests.fakes.slack import FakeSlack
from tests.parts import parts_of

WITHHELD = KOREAN("gate.withheld")
PAYLOAD = {"key": "k"}

TOKEN = {"SLACK_BOT_TOKEN": "xoxb-test-token"}
THREAD = "1763370000.000100"


def test_without_a_token_messages_go_to_the_outbox(tmp_path: Path) -> None:
    transport = parts_of(build_settings(VOC_HOME=str(tmp_path / "here"))).transport
    transport.post(Destination("C0TEST"), "text", (), {})
    assert len(list((tmp_path / "here" / "outbox").glob("*.json"))) == 1


def test_with_a_token_messages_go_to_slack(slack: FakeSlack) -> None:
    settings = build_settings(**TOKEN, SLACK_API_URL=f"{slack.url}/api/")
    parts_of(settings).transport.post(Destination("C0TEST"), "text", (), PAYLOAD)
    assert [message["text"] for message in slack.messages("C0TEST")] == ["text"]


HOSTILE = "010-1234-5678"


def test_what_looks_like_personal_data_is_left_out_and_the_rest_is_posted(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    settings = build_settings(**TOKEN, SLACK_API_URL=f"{slack.url}/api/")
    transport = parts_of(settings).transport
    button_with_it = actions(button(f"call {HOSTILE}", "rerun", "2026-W46"))
    blocks = (section("stays"), section(f"call {HOSTILE}"), context(HOSTILE), button_with_it)
    transport.post(Destination("C0TEST"), f"call {HOSTILE}", blocks, PAYLOAD)
    (message,) = slack.messages("C0TEST")
    assert message["text"] == WITHHELD
    assert message["blocks"] == [section("stays"), *[context(WITHHELD)] * 3]
    assert "looks like personal data" in caplog.text
    assert "1234" not in caplog.text


def test_the_address_of_a_link_is_ours_and_its_text_is_looked_at(slack: FakeSlack) -> None:
    settings = build_settings(**TOKEN, SLACK_API_URL=f"{slack.url}/api/")
    transport = parts_of(settings).transport
    ours = "<http://127.0.0.1:4200/runs/flow-run/1|실행 보기>"
    theirs = f"<http://127.0.0.1:4200/runs/1|{HOSTILE}>"
    transport.post(Destination("C0TEST"), ours, (section(ours), section(theirs)), PAYLOAD)
    (message,) = slack.messages("C0TEST")
    assert (message["text"], message["blocks"]) == (ours, [section(ours), context(WITHHELD)])


def test_a_report_of_ours_passes_whole(slack: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    settings = build_settings(**TOKEN, SLACK_API_URL=f"{slack.url}/api/")
    transport = parts_of(settings).transport
    for message in build_composer(dashboard_url="https://bi.example/voc", version="1.2.3").summary(
        build_report()
    ):
        transport.post(Destination("C0TEST"), message.text, message.blocks, PAYLOAD)
    assert WITHHELD not in str(slack.messages("C0TEST"))
    assert not caplog.text


@pytest.mark.parametrize("environment", [{}, TOKEN], ids=["outbox", "slack"])
def test_a_dry_run_posts_nothing_anywhere(environment: dict[str, str], tmp_path: Path) -> None:
    transport = parts_of(build_settings(**environment), dry_run=True).transport
    transport.post(Destination("C0TEST"), "text", (), {})
    assert transport.posted(Destination("C0TEST"), since=0) == []
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["VOC_SLACK_CHANNEL", "LAMBDA_VOC_SLACK_CHANNEL"])
def test_the_channel_is_the_one_asked_for_before_the_configured_one(name: str) -> None:
    settings = build_settings(**TOKEN, **{name: "C0SET"})
    assert parts_of(settings).destination(None, None) == Destination("C0SET")
    assert parts_of(settings).destination("C0ASKED", THREAD) == Destination("C0ASKED", THREAD)


def test_the_outbox_needs_no_channel_and_takes_any() -> None:
    assert parts_of(build_settings()).destination(None, None).channel == "outbox"
    assert parts_of(build_settings()).destination("#any", None).channel == "#any"


@pytest.mark.parametrize("channel", ["#voc", "voc", "C0123abcd", "U0HUMAN", "C", "C01\n"])
def test_slack_needs_a_channel_id_not_a_name(channel: str) -> None:
    with pytest.raises(UsageError, match="C0123ABCD"):
        parts_of(build_settings(**TOKEN)).destination(channel, None)


def test_slack_needs_a_channel() -> None:
    with pytest.raises(UsageError, match="VOC_SLACK_CHANNEL"):
        parts_of(build_settings(**TOKEN)).destination(None, None)


@pytest.mark.parametrize("thread_ts", ["", "yesterday", "1763370000", "1763370000.000100\n"])
@pytest.mark.parametrize("environment", [{}, TOKEN], ids=["outbox", "slack"])
def test_a_thread_is_named_by_its_ts(environment: dict[str, str], thread_ts: str) -> None:
    with pytest.raises(UsageError, match="thread_ts"):
        parts_of(build_settings(**environment)).destination("C0TEST", thread_ts)

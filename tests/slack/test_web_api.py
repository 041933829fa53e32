"""The Web API transport keeps Slack's pace, and says what to do when Slack refuses."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from flows.runtime.errors import SlackError
from flows.slack.transport import AmbiguousPost, Destination, Posted, RefusedBlocks
from flows.slack.web_api import WebApiTransport
from tests.builders import build_settings
from tests.fakes.http import Reply, Request, lose_reply, refuse_connection_before
from tests.fakes.slack import DEFAULT_SCOPES, FakeSlack, not_ok, ratelimited
from tests.parts import slack_of

CHANNEL = Destination("C0TEST")
HTML = b"<html>\n<body>Bad Gateway</body>\n</html>"
FAULTS = {
    "lost reply": lose_reply,
    "no connection": refuse_connection_before,
    "HTTP 503": Reply(503, {"ok": False, "error": "service_unavailable"}),
    "HTTP 502 of a gateway": Reply(502, HTML),
    "page of a gateway": Reply(200, HTML),
    "no JSON": Reply(200, b'{"ok": tr'),
    "half a reply": Reply(200, b'{"ok": true', headers={"Content-Length": "100"}),
    "internal_error": not_ok("internal_error"),
    "fatal_error": not_ok("fatal_error"),
}


def connect(slack: FakeSlack, token: str | None = None) -> WebApiTransport:
    environment = {"SLACK_BOT_TOKEN": token or slack.token, "SLACK_API_URL": f"{slack.url}/api"}
    return slack_of(build_settings(**environment))


def post(transport: WebApiTransport, target: Destination = CHANNEL, key: str = "key") -> str:
    return transport.post(target, "안녕하세요", (), {"key": key})


def read(transport: WebApiTransport) -> list[Posted]:
    return transport.posted(CHANNEL, since=0)


def gaps(requests: list[Request]) -> list[float]:
    """Seconds between one post and the next."""
    times = [request.time for request in requests if request.method == "chat.postMessage"]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


# --- Posting and reading ----------------------------------------------------------------------


def test_a_post_stands_in_the_channel_with_its_metadata(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    ts = post(transport)
    (message,) = slack.messages("C0TEST")
    assert (message["ts"], message["text"]) == (ts, "안녕하세요")
    assert message["metadata"] == {"event_type": "voc_weekly", "event_payload": {"key": "key"}}
    assert slack.requests[0].params["parse"] == "none", "no links and mentions from plain words"
    assert not slack.refusals


def test_only_our_messages_since_then_are_read_back_oldest_first_from_all_pages() -> None:
    with FakeSlack(page_size_limit=2) as slack:
        old = slack.say("C0TEST", "old", metadata=ours("old"))
        for number in range(5):
            slack.say("C0TEST", "점심?")
            slack.say("C0TEST", "리포트", metadata=ours(f"key {number}"))
        slack.say(
            "C0TEST", "다른 앱", metadata={"event_type": "deploy", "event_payload": {"key": "x"}}
        )
        found = connect(slack).posted(CHANNEL, since=float(old))
        assert [each.payload["key"] for each in found] == [f"key {n}" for n in range(5)]
        assert not slack.refusals


def test_a_thread_is_read_with_its_parent_and_without_the_channel(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    parent = slack.say("C0TEST", "parent", metadata=ours("parent"))
    slack.say("C0TEST", "elsewhere", metadata=ours("elsewhere"))
    slack.say("C0TEST", "reply", thread_ts=parent, metadata=ours("reply"))
    found = transport.posted(Destination("C0TEST", parent), since=0)
    assert [each.payload["key"] for each in found] == ["parent", "reply"]


def ours(key: str) -> dict[str, object]:
    return {"event_type": "voc_weekly", "event_payload": {"key": key}}


# --- Pace -------------------------------------------------------------------------------------


def test_posts_to_a_channel_are_a_second_apart() -> None:
    with FakeSlack(messages_per_second=1) as slack:
        transport = connect(slack)
        for _ in range(3):
            post(transport)
        assert min(gaps(slack.requests)) >= 0.99
        assert not slack.refusals


def test_a_rate_limit_is_waited_for_and_paced_from_its_end() -> None:
    with FakeSlack(messages_per_second=1) as slack:
        slack.on("chat.postMessage", nth=1, do=ratelimited(1))
        transport = connect(slack)
        stamps = [post(transport, key=key) for key in ("first", "second")]
        assert [each["ts"] for each in slack.messages("C0TEST")] == stamps
        assert min(gaps(slack.requests)) >= 0.99
        assert not slack.refusals


def test_a_rate_limit_on_reading_is_waited_for(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    slack.on("conversations.history", nth=1, do=ratelimited(1))
    assert transport.posted(CHANNEL, since=0) == []
    first, second = slack.requests
    assert second.time - first.time >= 1


# --- Failing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_post_without_a_clear_answer_is_ambiguous_and_not_repeated(
    slack: FakeSlack, transport: WebApiTransport, fault: Reply
) -> None:
    slack.on("chat.postMessage", do=fault)
    with pytest.raises(AmbiguousPost):
        post(transport)
    assert len(slack.requests) == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_reading_without_a_clear_answer_may_be_tried_again(
    slack: FakeSlack, transport: WebApiTransport, fault: Reply
) -> None:
    slack.on("conversations.history", do=fault)
    with pytest.raises(SlackError, match=r"^Slack .+ Try again\.$") as failure:
        read(transport)
    assert failure.value.is_passing


def test_slack_out_of_reach_is_an_error_on_reading_and_ambiguous_on_posting() -> None:
    with FakeSlack() as slack:
        transport = connect(slack)
    with pytest.raises(SlackError, match="could not be reached"):
        read(transport)
    with pytest.raises(AmbiguousPost):
        post(transport)


CHANNELS = {"C0TEST": {}, "C0AWAY": {"is_member": False}, "C0OLD": {"is_archived": True}}
REFUSALS: dict[str, tuple[Destination, Callable[[FakeSlack], WebApiTransport], str]] = {
    "invalid_auth": (CHANNEL, lambda slack: connect(slack, "xoxb-wrong"), "SLACK_BOT_TOKEN"),
    "channel_not_found": (Destination("C0NOWHERE"), connect, "VOC_SLACK_CHANNEL"),
    "not_in_channel": (Destination("C0AWAY"), connect, "/invite"),
    "is_archived": (Destination("C0OLD"), connect, "another channel"),
    "thread_not_found": (Destination("C0TEST", "1763370000.000100"), connect, "--thread-ts"),
}


@pytest.mark.parametrize("error", REFUSALS)
def test_a_refusal_says_in_one_line_what_to_do_and_posts_nothing(error: str) -> None:
    target, connect_to, remedy = REFUSALS[error]
    with FakeSlack(channels=CHANNELS) as slack:
        with pytest.raises(SlackError, match=f"Slack refused: {error}. .*{remedy}") as failure:
            post(connect_to(slack), target)
        assert not any(slack.messages(channel) for channel in CHANNELS)
    assert "\n" not in str(failure.value)
    assert "xoxb" not in str(failure.value)
    assert not failure.value.is_passing


@pytest.mark.parametrize(
    ("needed", "call"),
    [
        ("chat:write", post),
        ("channels:history", read),
        ("metadata.message:read", read),
    ],
)
def test_a_missing_scope_is_named(needed: str, call: Callable[[WebApiTransport], object]) -> None:
    with FakeSlack(scopes=[scope for scope in DEFAULT_SCOPES if scope != needed]) as slack:
        with pytest.raises(SlackError, match=rf"missing_scope\. .* scope {needed}\."):
            call(connect(slack))
        assert slack.messages("C0TEST") == []


def test_any_other_refusal_is_named_as_slack_names_it(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    slack.on("chat.postMessage", do=not_ok("restricted_action"))
    with pytest.raises(SlackError, match="Slack refused: restricted_action. Run voc doctor."):
        post(transport)


# --- Who are we -------------------------------------------------------------------------------


def test_the_identity_is_the_workspace_and_the_scopes(slack: FakeSlack) -> None:
    settings = build_settings(SLACK_BOT_TOKEN=slack.token, SLACK_API_URL=f"{slack.url}/api/")
    assert slack_of(settings).identity() == ("Test", list(DEFAULT_SCOPES))


def test_the_identity_of_a_wrong_token_is_refused(slack: FakeSlack) -> None:
    settings = build_settings(SLACK_BOT_TOKEN="xoxb-wrong", SLACK_API_URL=f"{slack.url}/api/")
    with pytest.raises(SlackError, match="Check SLACK_BOT_TOKEN"):
        slack_of(settings).identity()


# --- Blocks that are refused --------------------------------------------------------------------


def test_refused_blocks_are_told_from_other_refusals(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    slack.on("chat.postMessage", nth=1, do=not_ok("invalid_blocks"))
    with pytest.raises(RefusedBlocks, match="invalid_blocks"):
        post(transport)
    assert len(slack.requests) == 1

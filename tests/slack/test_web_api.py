"""The Web API transport keeps Slack's pace, and says what to do when Slack refuses."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import SecretStr

from catalogue.slack_api import ForeignAddress, slack_client
from flows.runtime.errors import SlackError
from flows.slack.patience import AmbiguousPost, Unavailable
from flows.slack.transport import Destination, Posted, RefusedBlocks
from flows.slack.web_api import CALL_SECONDS, WebApiTransport
from tests.builders import build_settings
from tests.fakes.http import (
    JSON,
    Reply,
    Request,
    drip,
    hang,
    lose_reply,
    refuse_connection_before,
)
from tests.fakes.slack import BOT_ID, BOT_USER, DEFAULT_SCOPES, FakeSlack, not_ok
from tests.parts import slack_of

CHANNEL = Destination("C0TEST")
UNSURE = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
HTML = b"<html>\n<body>Bad Gateway</body>\n</html>"
FAULTS = {
    "lost reply": lose_reply,
    "no connection": refuse_connection_before,
    "HTTP 503": Reply(503, {"ok": False, "error": "service_unavailable"}),
    "HTTP 502 of a gateway": Reply(502, HTML),
    "page of a gateway": Reply(200, HTML),
    "no JSON": Reply(200, b'{"ok": tr'),
    "half a reply": Reply(200, b'{"ok": true', headers={"Content-Length": "100"}),
    "plain text": Reply(200, b"Bad Gateway", headers={"Content-Type": "text/plain"}),
    "no UTF-8": Reply(200, b'{"ok": "\xff"}', headers={"Content-Type": JSON}),
    "a list": Reply(body=[]),
    "null": Reply(body=None),
    "deep": Reply(200, b"[" * 200_000, headers={"Content-Type": JSON}),
    **{code: not_ok(code) for code in UNSURE},
}
NO_ANSWER = (
    r"^Slack gave no usable answer \([^)]+\)\. Run again in some minutes: .+ nothing twice\.$"
)


def connect(
    slack: FakeSlack, token: str | None = None, seconds: float = CALL_SECONDS
) -> WebApiTransport:
    token = token or slack.token
    return WebApiTransport(SecretStr(token), f"{slack.url}/api", seconds=seconds)


def calls(slack: FakeSlack) -> list[str]:
    return [request.method for request in slack.requests]


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
        old = slack.say("C0TEST", "old", **ours("old"))
        for number in range(5):
            slack.say("C0TEST", "점심?")
            slack.say("C0TEST", "리포트", **ours(f"key {number}"))
        deployed = {"event_type": "deploy", "event_payload": {"key": "x"}}
        slack.say("C0TEST", "배포", **ours("x") | {"metadata": deployed})
        found = connect(slack).posted(CHANNEL, since=float(old))
        assert [each.payload["key"] for each in found] == [f"key {n}" for n in range(5)]
        assert not slack.refusals


def test_a_thread_is_read_with_its_parent_and_without_the_channel(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    parent = slack.say("C0TEST", "parent", **ours("parent"))
    slack.say("C0TEST", "elsewhere", **ours("elsewhere"))
    slack.say("C0TEST", "reply", thread_ts=parent, **ours("reply"))
    found = transport.posted(Destination("C0TEST", parent), since=0)
    assert [each.payload["key"] for each in found] == ["parent", "reply"]


def ours(key: str) -> dict[str, Any]:
    metadata = {"event_type": "voc_weekly", "event_payload": {"key": key}}
    return {"user": BOT_USER, "bot_id": BOT_ID, "metadata": metadata}


SOMEBODY_ELSE: dict[str, dict[str, Any]] = {
    "another app's bot": {"bot_id": "B0OTHER"},
    "another app behind our bot": {"app_id": "A0OTHER"},
    "a person": {"user": "U0HUMAN", "bot_id": None},
}


@pytest.mark.parametrize("sender", SOMEBODY_ELSE.values(), ids=SOMEBODY_ELSE.keys())
def test_what_another_app_wrote_is_not_ours(
    slack: FakeSlack, transport: WebApiTransport, sender: dict[str, Any]
) -> None:
    us = {"ok": True, "user_id": BOT_USER, "bot_id": BOT_ID, "app_id": "A0BOT"}
    slack.on("auth.test", do=Reply(body=us))
    slack.say("C0TEST", "ours", **ours("ours"), app_id="A0BOT")
    slack.say("C0TEST", "theirs", **ours("theirs") | sender)
    assert [each.payload["key"] for each in read(transport)] == ["ours"]
    read(transport)
    assert calls(slack).count("auth.test") == 1, "who we are is asked for once"


def test_a_picture_that_somebody_else_put_there_is_not_ours(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    names = {"U0HUMAN": "voc-chart-theirs.png", BOT_USER: "voc-chart-ours.png"}
    for user, name in names.items():
        slack.say("C0TEST", "", user=user, files=[{"name": name, "user": user}])
    assert [each.payload["key"] for each in read(transport)] == ["voc-chart-ours.png"]


def test_a_token_of_no_bot_is_refused(slack: FakeSlack, transport: WebApiTransport) -> None:
    slack.on("auth.test", do=Reply(body={"ok": True, "team": "Test", "user_id": "U0HUMAN"}))
    with pytest.raises(SlackError, match="not a bot's. Use the one that begins with xoxb-"):
        read(transport)


# --- Pace -------------------------------------------------------------------------------------


def test_posts_to_a_channel_are_a_second_apart() -> None:
    with FakeSlack(messages_per_second=1) as slack:
        transport = connect(slack)
        for _ in range(3):
            post(transport)
        assert min(gaps(slack.requests)) >= 0.99
        assert not slack.refusals


# --- Failing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_post_without_a_clear_answer_is_ambiguous_and_not_repeated(
    slack: FakeSlack, transport: WebApiTransport, fault: Reply
) -> None:
    slack.on("chat.postMessage", do=fault)
    with pytest.raises(AmbiguousPost, match=NO_ANSWER):
        post(transport)
    assert len(slack.requests) == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("method", ["conversations.history", "auth.test"])
def test_reading_without_a_clear_answer_may_be_tried_again(
    slack: FakeSlack, transport: WebApiTransport, fault: Reply, method: str
) -> None:
    slack.on(method, do=fault)
    with pytest.raises(Unavailable, match=NO_ANSWER) as failure:
        read(transport)
    assert failure.value.is_passing
    assert "Gateway" not in str(failure.value)


def test_a_history_without_messages_is_none(slack: FakeSlack, transport: WebApiTransport) -> None:
    for body in ({"ok": True}, {"ok": True, "messages": None}):
        slack.on("conversations.history", nth=1, do=Reply(body=body))
        with pytest.raises(Unavailable, match="no messages"):
            read(transport)


def test_a_post_that_slack_gave_no_ts_is_ambiguous(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    slack.on("chat.postMessage", do=Reply(body={"ok": True}))
    with pytest.raises(AmbiguousPost, match="no ts"):
        post(transport)


def test_slack_out_of_reach_is_an_error_on_reading_and_ambiguous_on_posting() -> None:
    with FakeSlack() as slack:
        transport = connect(slack)
    with pytest.raises(Unavailable, match="ClientConnectorError"):
        read(transport)
    with pytest.raises(AmbiguousPost):
        post(transport)


IN_AN_HOUR = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        pytest.param(IN_AN_HOUR, 60, id="in an hour"),
        ("86400", 60),
        ("9" * 400, 60),
        ("-5", 0),
        ("soon", 0),
        ("Mon, 16 Nov 2009 00:00:00 GMT", 0),
        ("", 0),
    ],
)
@pytest.mark.parametrize("reply", [Reply(429, b"slow"), not_ok("ratelimited")])
def test_a_rate_limit_is_no_doubt_and_says_how_long_to_wait(
    slack: FakeSlack, transport: WebApiTransport, asked: str, seconds: float, reply: Reply
) -> None:
    slack.on(do=replace(reply, headers={"Retry-After": asked}))
    for call in (post, read):
        with pytest.raises(Unavailable) as failure:
            call(transport)
        assert not isinstance(failure.value, AmbiguousPost)
        assert (failure.value.reason, failure.value.retry_after) == ("ratelimited", seconds)


def test_one_deadline_ends_a_call_that_drips(slack: FakeSlack) -> None:
    transport = connect(slack, seconds=0.3)
    slack.on("conversations.history", do=drip(b" ", 0.05))
    slack.on("chat.postMessage", do=drip(b" ", 0.05))
    with pytest.raises(Unavailable, match="TimeoutError"):
        read(transport)
    with pytest.raises(AmbiguousPost, match="TimeoutError"):
        post(transport)


def test_all_requests_of_an_upload_have_one_deadline(slack: FakeSlack) -> None:
    slack.on(do=hang(0.25))
    with pytest.raises(AmbiguousPost, match="TimeoutError"):
        connect(slack, seconds=0.6).upload(CHANNEL, "voc-chart-1.png", b"png", "chart")
    assert slack.messages("C0TEST") == []


# --- Where nothing is sent ----------------------------------------------------------------------


def upload(transport: WebApiTransport) -> None:
    transport.upload(CHANNEL, "voc-chart-1.png", b"png", "chart")


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("auth.test", WebApiTransport.identity),
        ("conversations.history", read),
        ("chat.postMessage", post),
        ("files.getUploadURLExternal", upload),
        ("/upload/F0000", upload),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    slack: FakeSlack,
    transport: WebApiTransport,
    method: str,
    call: Callable[[WebApiTransport], object],
    status: int,
) -> None:
    with FakeSlack() as other:
        slack.on(method, do=Reply(status, headers={"Location": f"{other.url}/api/{method}"}))
        with pytest.raises(
            SlackError, match=f"HTTP {status}, a redirect.*SLACK_API_URL"
        ) as failure:
            call(transport)
        assert other.requests == []
    assert not failure.value.is_passing


def test_a_redirect_to_slack_itself_is_not_followed_either(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    target = f"{slack.url}/api/conversations.replies"
    slack.on("conversations.history", do=Reply(307, headers={"Location": target}))
    with pytest.raises(SlackError, match="HTTP 307, a redirect"):
        read(transport)
    assert calls(slack) == ["conversations.history"]


def test_the_address_for_an_upload_has_tls_where_slack_has(slack: FakeSlack) -> None:
    async def send() -> None:
        async with slack_client("xoxb-1", "https://127.0.0.1:9/api/", seconds=5) as client:
            assert client.session is not None
            await client.session.post(f"{slack.url}/upload/F0000", data=b"png")

    with pytest.raises(ForeignAddress, match="without TLS"):
        asyncio.run(send())
    assert slack.requests == []


def test_a_proxy_gets_nothing_where_no_proxy_names_slack(
    slack: FakeSlack, transport: WebApiTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert read(transport) == []
    monkeypatch.setenv("no_proxy", "slack.example")
    with pytest.raises(Unavailable, match="ClientProxyConnectionError"):
        read(transport)


# --- Refusing -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("call", [post, read])
def test_a_page_that_is_not_slacks_is_a_wrong_address(
    slack: FakeSlack, transport: WebApiTransport, call: Callable[[WebApiTransport], object]
) -> None:
    slack.on(do=Reply(404, HTML))
    with pytest.raises(SlackError, match=r"HTTP 404\. Check SLACK_API_URL") as failure:
        call(transport)
    assert not failure.value.is_passing
    assert len(slack.requests) == 1


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

"""The fakes refuse what the real services refuse, and fail the way they are told to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.fakes.slack import (
    BLOCKS_TEXT_LIMIT,
    DEFAULT_SCOPES,
    METADATA_LIMIT,
    FakeSlack,
    unescaped,
)

Json = dict[str, Any]
CHANNELS = {
    "C0TEST": {},
    "C0OTHER": {},
    "C0AWAY": {"is_member": False},
    "C0SECRET": {"is_private": True, "is_member": False},
    "C0OLD": {"is_archived": True},
    "G0GROUP": {},
    "D0HUMAN": {},
}
METADATA = {"event_type": "voc_weekly", "event_payload": {"week": "2025-11-17", "run": 1}}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=CHANNELS) as slack:
        yield slack


def sdk(slack: FakeSlack, token: str | None = "xoxb-test-token") -> WebClient:
    return WebClient(token=token, base_url=slack.url + "/api/", retry_handlers=[])


def post(slack: FakeSlack, channel: str = "C0TEST", text: str = "hello", **more: Any) -> Json:
    fields = {"unfurl_links": False, "unfurl_media": False, **more}
    answer = sdk(slack).chat_postMessage(channel=channel, text=text, **fields)
    assert isinstance(answer.data, dict)
    return answer.data


def refused(slack: FakeSlack, method: str, **params: Any) -> Json:
    """The answer to a call that must fail, having left its trace in `refusals` and nothing else."""
    before = slack.messages("C0TEST"), slack.threads
    with pytest.raises(SlackApiError) as failure:
        sdk(slack).api_call(method, json=params)
    answer = failure.value.response.data
    assert isinstance(answer, dict)
    assert answer["ok"] is False
    assert slack.refusals[-1].error == answer["error"]
    assert slack.refusals[-1].method == method
    assert (slack.messages("C0TEST"), slack.threads) == before
    return answer


def refused_post(slack: FakeSlack, **params: Any) -> Json:
    fields = {"channel": "C0TEST", "text": "hello", "unfurl_links": False, "unfurl_media": False}
    return refused(slack, "chat.postMessage", **{**fields, **params})


# --- Slack: what a right client gets ----------------------------------------------------------


def test_auth_test_tells_the_scopes_in_a_header(slack: FakeSlack) -> None:
    answer = sdk(slack).auth_test()
    assert answer["user_id"] == "U0BOT"
    assert answer.headers["x-oauth-scopes"] == ",".join(DEFAULT_SCOPES)


def test_a_post_as_json_is_stored_and_echoed(slack: FakeSlack) -> None:
    answer = post(slack, metadata=METADATA, blocks=[section("*hi*")], parse="none")
    (message,) = slack.messages("C0TEST")
    assert message["ts"] == answer["ts"] == answer["message"]["ts"]
    assert message["metadata"] == METADATA
    assert message["blocks"] == answer["message"]["blocks"] == [section("*hi*")]
    assert slack.requests[0].params["text"] == "hello"
    assert not slack.refusals


def test_a_post_as_a_form_has_blocks_and_metadata_as_json_strings(
    slack: FakeSlack, http: httpx.Client
) -> None:
    form = {
        "token": slack.token,
        "channel": "C0TEST",
        "text": "안녕",
        "unfurl_links": "false",
        "unfurl_media": "0",
        "blocks": json.dumps([section("hi")]),
        "metadata": json.dumps(METADATA),
    }
    answer = http.post(slack.url + "/api/chat.postMessage", data=form).json()
    assert answer["ok"], answer
    (message,) = slack.messages("C0TEST")
    assert (message["text"], message["blocks"]) == ("안녕", [section("hi")])
    assert message["metadata"] == METADATA


def test_timestamps_are_unique_and_increase_even_when_the_clock_stands() -> None:
    with FakeSlack(clock=lambda: 1763370000) as slack:
        stamps = [post(slack)["ts"] for _ in range(3)]
    assert stamps == ["1763370000.000000", "1763370000.000100", "1763370000.000200"]


def test_history_is_newest_first_without_replies_in_pages(slack: FakeSlack) -> None:
    slack.page_size_limit = 2
    stamps = [post(slack)["ts"] for _ in range(5)]
    reply = post(slack, thread_ts=stamps[0])["ts"]
    pages = sdk(slack).conversations_history(channel="C0TEST", limit=200)
    read = [([each["ts"] for each in page["messages"]], page["has_more"]) for page in pages]
    newest = stamps[::-1]
    assert read == [(newest[:2], True), (newest[2:4], True), (newest[4:], False)]
    assert [each["ts"] for each in slack.threads[stamps[0]]] == [reply]
    assert slack.messages("C0TEST")[0]["reply_count"] == 1


def test_a_page_has_100_messages_unless_asked_otherwise(slack: FakeSlack) -> None:
    for _ in range(101):
        slack.say("C0TEST", "hi")
    for asked, given in (({}, 100), ({"limit": 999}, 101)):
        page = sdk(slack).api_call("conversations.history", json={"channel": "C0TEST", **asked})
        assert len(page["messages"]) == given


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"oldest": 1}, [2, 3, 4]),
        ({"latest": 3}, [0, 1, 2]),
        ({"oldest": 1, "latest": 3}, [2]),
        ({"oldest": 1, "latest": 3, "inclusive": True}, [1, 2, 3]),
    ],
)
def test_history_bounds_are_exclusive_unless_inclusive(
    slack: FakeSlack, bounds: Json, expected: list[int]
) -> None:
    stamps = [slack.say("C0TEST", "hi") for _ in range(5)]
    bounds = {key: stamps[value] if key != "inclusive" else value for key, value in bounds.items()}
    found = sdk(slack).conversations_history(channel="C0TEST", **bounds)
    assert [each["ts"] for each in found["messages"]] == [stamps[n] for n in expected][::-1]


def test_replies_are_oldest_first_from_the_parent_in_pages(slack: FakeSlack) -> None:
    slack.page_size_limit = 2
    parent = post(slack)["ts"]
    stamps = [parent] + [post(slack, thread_ts=parent)["ts"] for _ in range(3)]
    pages = sdk(slack).conversations_replies(channel="C0TEST", ts=parent)
    assert [[each["ts"] for each in page["messages"]] for page in pages] == [stamps[:2], stamps[2:]]


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
def test_the_payload_of_metadata_comes_only_when_asked_for(slack: FakeSlack, method: str) -> None:
    where = {"channel": "C0TEST", "ts": post(slack, metadata=METADATA)["ts"]}
    where = where if method == "conversations.replies" else {"channel": "C0TEST"}
    silent = sdk(slack).api_call(method, params=where)
    asked = sdk(slack).api_call(method, params={**where, "include_all_metadata": True})
    assert silent["messages"][0]["metadata"] == {"event_type": "voc_weekly"}
    assert asked["messages"][0]["metadata"] == METADATA


def test_update_replaces_what_is_sent_and_keeps_the_rest(slack: FakeSlack) -> None:
    ts = post(slack, metadata=METADATA, blocks=[section("old")])["ts"]
    sdk(slack).chat_update(channel="C0TEST", ts=ts, text="new")
    (message,) = slack.messages("C0TEST")
    assert (message["text"], message["blocks"]) == ("new", [section("old")])
    assert message["metadata"] == METADATA
    assert message["edited"]["user"] == "U0BOT"


def test_a_reaction_is_recorded(slack: FakeSlack) -> None:
    ts = post(slack)["ts"]
    sdk(slack).reactions_add(channel="C0TEST", timestamp=ts, name="eyes")
    assert slack.reactions == [("C0TEST", ts, "eyes")]


def test_info_tells_whether_the_app_is_a_member() -> None:
    with FakeSlack(channels=CHANNELS, scopes=["channels:read"]) as slack:
        known = [sdk(slack).conversations_info(channel=each) for each in ("C0TEST", "C0AWAY")]
    assert [each["channel"]["is_member"] for each in known] == [True, False]


def test_somebody_else_can_be_made_to_speak(slack: FakeSlack) -> None:
    parent = slack.say("C0TEST", "<!here> unchecked & unescaped")
    slack.say("C0TEST", "me too", thread_ts=parent, metadata=METADATA)
    assert slack.messages("C0TEST")[0]["user"] == "U0HUMAN"
    assert slack.threads[parent][0]["metadata"] == METADATA


# --- Slack: who may call what -----------------------------------------------------------------


def test_an_unknown_method_is_refused(slack: FakeSlack) -> None:
    assert refused(slack, "chat.shout")["error"] == "unknown_method"


def test_a_path_outside_the_api_is_refused(slack: FakeSlack, http: httpx.Client) -> None:
    assert http.post(slack.url + "/auth.test").json()["error"] == "unknown_method"


@pytest.mark.parametrize(("token", "error"), [(None, "not_authed"), ("xoxb-no", "invalid_auth")])
def test_a_missing_or_wrong_token_is_refused(
    slack: FakeSlack, token: str | None, error: str
) -> None:
    with pytest.raises(SlackApiError, match=error):
        sdk(slack, token).auth_test()


def test_a_token_inside_a_json_body_does_not_count(slack: FakeSlack, http: httpx.Client) -> None:
    answer = http.post(slack.url + "/api/auth.test", json={"token": slack.token})
    assert answer.json()["error"] == "not_authed"


@pytest.mark.parametrize(
    ("method", "params", "needed"),
    [
        ("chat.postMessage", {}, "chat:write"),
        ("chat.update", {"ts": "1"}, "chat:write"),
        ("reactions.add", {"timestamp": "1", "name": "eyes"}, "reactions:write"),
        ("conversations.history", {}, "channels:history"),
        ("conversations.replies", {"ts": "1"}, "channels:history"),
        ("conversations.history", {"channel": "G0GROUP"}, "groups:history"),
        ("conversations.history", {"channel": "D0HUMAN"}, "im:history"),
        ("conversations.info", {}, "channels:read"),
    ],
)
def test_a_method_without_its_scope_is_refused(method: str, params: Json, needed: str) -> None:
    with FakeSlack(channels=CHANNELS, scopes=["commands"]) as slack:
        answer = refused(slack, method, **{"channel": "C0TEST", **params})
    assert answer["error"] == "missing_scope"
    assert (answer["needed"], answer["provided"]) == (needed, "commands")


def test_metadata_needs_its_own_scope() -> None:
    with FakeSlack(scopes=["channels:history"]) as slack:
        params = {"channel": "C0TEST", "include_all_metadata": True}
        answer = refused(slack, "conversations.history", **params)
    assert answer["needed"] == "metadata.message:read"


@pytest.mark.parametrize("method", ["chat.postMessage", "conversations.history"])
@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("#voc", "channel_not_found"),
        ("voc", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        ("C0SECRET", "channel_not_found"),
        ("C0AWAY", "not_in_channel"),
    ],
)
def test_a_channel_out_of_reach_is_refused(
    slack: FakeSlack, method: str, channel: str, error: str
) -> None:
    assert refused(slack, method, channel=channel)["error"] == error


def test_an_archived_channel_can_be_read_but_not_written_to(slack: FakeSlack) -> None:
    assert refused_post(slack, channel="C0OLD")["error"] == "is_archived"
    assert sdk(slack).conversations_history(channel="C0OLD")["messages"] == []


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("chat.postMessage", {}),
        ("chat.update", {"channel": "C0TEST"}),
        ("conversations.replies", {"channel": "C0TEST"}),
        ("reactions.add", {"channel": "C0TEST", "name": "eyes"}),
        ("chat.postMessage", {"channel": "C0TEST", "attachments": []}),
        ("chat.postMessage", {"channel": "C0TEST", "link_names": True}),
        ("chat.postMessage", {"channel": "C0TEST", "thread_ts": 1763370000.0001}),
    ],
)
def test_missing_unknown_and_mistyped_arguments_are_refused(
    slack: FakeSlack, method: str, params: Json
) -> None:
    answer = refused(slack, method, **params)
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"]


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b'{"channel": NaN}', "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("text/plain", b"{}", "invalid_post_type"),
        ("application/json", b'{"text": "' + b"x" * 1_000_000 + b'"}', "request_too_large"),
    ],
)
def test_an_unreadable_or_huge_body_is_refused(
    slack: FakeSlack, http: httpx.Client, content_type: str, body: bytes, error: str
) -> None:
    headers = {"Authorization": f"Bearer {slack.token}", "Content-Type": content_type}
    answer = http.post(slack.url + "/api/chat.postMessage", content=body, headers=headers)
    assert answer.json()["error"] == slack.refusals[0].error == error


# --- Slack: messages --------------------------------------------------------------------------


def section(text: str = "hello") -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Ask"), **more}


def actions(*buttons: Json) -> Json:
    return {"type": "actions", "elements": list(buttons)}


def table(rows: int = 1, columns: int = 1, text: str = "x", **more: Any) -> Json:
    row = [{"type": "raw_text", "text": text}] * columns
    return {"type": "table", "rows": [row] * rows, **more}


def chart(of: Json, title: str = "Weeks") -> Json:
    return {"type": "data_visualization", "title": title, "chart": of}


def line(names: list[str], labels: list[str], **axes: Any) -> Json:
    data = [{"label": label, "value": -1.5} for label in labels]
    series = [{"name": name, "data": data} for name in names]
    return {"type": "line", "series": series, "axis_config": {"categories": labels, **axes}}


def pie(*values: float, label: str = "a") -> Json:
    return {"type": "pie", "segments": [{"label": label, "value": value} for value in values]}


LINE = line(["S"], ["W46", "W47"])
IMAGE = {"type": "image", "image_url": "https://e.com/a.png", "alt_text": "a chart"}
HI = {"type": "mrkdwn", "text": "hi"}
BOLD = {"type": "text", "text": "Category", "style": {"bold": True}}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [BOLD]}]}


@pytest.mark.parametrize(
    ("most", "block"),
    [
        pytest.param(150, lambda n: {"type": "header", "text": plain("x" * n)}, id="header"),
        pytest.param(3000, lambda n: section("x" * n), id="section text"),
        pytest.param(10, lambda n: {"type": "section", "fields": [HI] * n}, id="fields"),
        pytest.param(
            2000, lambda n: {"type": "section", "fields": [plain("x" * n)]}, id="field text"
        ),
        pytest.param(10, lambda n: {"type": "context", "elements": [HI] * n}, id="context"),
        pytest.param(
            3000, lambda n: {"type": "context", "elements": [plain("x" * n)]}, id="context text"
        ),
        pytest.param(25, lambda n: actions(*[button()] * n), id="actions"),
        pytest.param(75, lambda n: actions(button(text=plain("x" * n))), id="button text"),
        pytest.param(255, lambda n: actions(button(action_id="x" * n)), id="action_id"),
        pytest.param(3000, lambda n: actions(button(url="x" * n)), id="button url"),
        pytest.param(2000, lambda n: actions(button(value="x" * n)), id="button value"),
        pytest.param(
            75, lambda n: actions(button(accessibility_label="x" * n)), id="button for a reader"
        ),
        pytest.param(255, lambda n: {"type": "divider", "block_id": "x" * n}, id="block_id"),
        pytest.param(3000, lambda n: {**IMAGE, "image_url": "x" * n}, id="image_url"),
        pytest.param(2000, lambda n: {**IMAGE, "alt_text": "x" * n}, id="alt_text"),
        pytest.param(2000, lambda n: {**IMAGE, "title": plain("x" * n)}, id="image title"),
        pytest.param(100, lambda n: table(rows=n), id="table rows"),
        pytest.param(20, lambda n: table(columns=n), id="table columns"),
        pytest.param(20, lambda n: table(column_settings=[{}] * n), id="column settings"),
        pytest.param(10_000, lambda n: table(text="x" * n), id="table text"),
        pytest.param(50, lambda n: chart(LINE, "x" * n), id="chart title"),
        pytest.param(6, lambda n: chart(line([*"abcdefg"[:n]], ["W46"])), id="series"),
        pytest.param(20, lambda n: chart(line(["x" * n], ["W46"])), id="series name"),
        pytest.param(20, lambda n: chart(line(["S"], ["W46"] * n)), id="categories"),
        pytest.param(20, lambda n: chart(line(["S"], ["x" * n])), id="category"),
        pytest.param(50, lambda n: chart(line(["S"], ["W46"], x_label="x" * n)), id="axis"),
        pytest.param(6, lambda n: chart(pie(*[1] * n)), id="pie segments"),
        pytest.param(20, lambda n: chart(pie(1, label="x" * n)), id="pie label"),
    ],
)
def test_a_block_may_reach_a_limit_but_not_pass_it(
    slack: FakeSlack, most: int, block: Callable[[int], Json]
) -> None:
    post(slack, blocks=[block(most)])
    for wrong in (most + 1, 0):
        assert refused_post(slack, blocks=[block(wrong)])["error"] == "invalid_blocks"


@pytest.mark.parametrize(
    ("most", "block"), [(50, {"type": "divider"}), (1, table()), (2, chart(LINE))]
)
def test_a_message_may_have_so_many_blocks_and_no_more(
    slack: FakeSlack, most: int, block: Json
) -> None:
    post(slack, blocks=[block] * most)
    assert refused_post(slack, blocks=[block] * (most + 1))["error"] == "invalid_blocks"


@pytest.mark.parametrize(
    "block",
    [
        pytest.param({**section(), "accessory": button(style="danger")}, id="section and button"),
        pytest.param({**section(), "accessory": IMAGE}, id="section and image"),
        pytest.param({"type": "context", "elements": [HI, IMAGE]}, id="context with an image"),
        pytest.param({"type": "table", "rows": [[RICH]]}, id="table with a bold cell"),
        pytest.param(RICH, id="rich text"),
        pytest.param(chart(pie(0.5, 2)), id="pie"),
    ],
)
def test_a_block_of_many_parts_is_accepted(slack: FakeSlack, block: Json) -> None:
    post(slack, blocks=[block])
    assert slack.messages("C0TEST")[0]["blocks"] == [block]


@pytest.mark.parametrize(
    ("blocks", "at"),
    [
        pytest.param({"type": "divider"}, "/blocks", id="blocks no list"),
        pytest.param(["divider"], "/blocks/0", id="block no object"),
        pytest.param([{"type": "carousel"}], "/blocks/0", id="unknown block type"),
        pytest.param([{"type": "divider", "size": 2}], "/blocks/0", id="unknown property"),
        pytest.param([{"type": "divider", "block_id": "a"}] * 2, "/blocks", id="block_id twice"),
        pytest.param([{"type": "section"}], "/blocks/0", id="section without text"),
        pytest.param([{"type": "section", "text": "hi"}], "/blocks/0/text", id="text no object"),
        pytest.param([{"type": "header", "text": HI}], "/blocks/0/text", id="mrkdwn header"),
        pytest.param([actions(button(text=HI))], "/blocks/0/elements/0/text", id="mrkdwn button"),
        pytest.param([actions(button(style="red"))], "/blocks/0/elements/0/style", id="style"),
        pytest.param(
            [actions(*[button(action_id="a")] * 2)], "/blocks/0/elements", id="action_id twice"
        ),
        pytest.param(
            [{"type": "image", "image_url": "https://e.com/a.png"}], "/blocks/0", id="no alt_text"
        ),
        pytest.param([table(10, 10, "x" * 101)], "/blocks/0", id="table text in all cells"),
        pytest.param(
            [table(column_settings=[{"align": "top"}])],
            "/blocks/0/column_settings/0/align",
            id="column align",
        ),
        pytest.param([chart({**LINE, "type": "bubble"})], "/blocks/0/chart", id="unknown chart"),
        pytest.param([chart(line(["S", "S"], ["W46"]))], "/blocks/0/chart/series", id="name twice"),
        pytest.param(
            [chart({**LINE, "axis_config": {"categories": ["W46"]}})],
            "/blocks/0/chart",
            id="values not those of the categories",
        ),
        pytest.param([chart(pie(0))], "/blocks/0/chart/segments/0/value", id="pie of nothing"),
        pytest.param(
            [chart({**pie(1), "segments": [{"label": "a", "value": True}]})],
            "/blocks/0/chart/segments/0/value",
            id="value no number",
        ),
    ],
)
def test_a_malformed_block_is_refused_with_its_place(
    slack: FakeSlack, blocks: Any, at: str
) -> None:
    answer = refused_post(slack, blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    (message, *_) = answer["response_metadata"]["messages"]
    assert message.startswith("[ERROR] must ")
    assert message.endswith(f"[json-pointer:{at}]")


def test_blocks_too_long_together_are_refused(slack: FakeSlack) -> None:
    blocks = [section("x" * 2640)] * 5
    assert sum(len(each["text"]["text"]) for each in blocks) == BLOCKS_TEXT_LIMIT
    post(slack, blocks=blocks)
    blocks.append(section("x"))
    assert refused_post(slack, blocks=blocks)["error"] == "msg_blocks_too_long"


def test_text_and_metadata_may_reach_their_limits(slack: FakeSlack) -> None:
    metadata = {"event_type": "voc", "event_payload": {"a": ""}}
    metadata["event_payload"] = {"a": "x" * (METADATA_LIMIT - len(json.dumps(metadata)))}
    post(slack, text="x" * 40_000, metadata=metadata)
    assert slack.messages("C0TEST")[0]["metadata"] == metadata


@pytest.mark.parametrize(
    ("params", "error"),
    [
        pytest.param({"text": "x" * 40_001}, "msg_too_long", id="text of 40001"),
        pytest.param({"text": ""}, "no_text", id="empty text"),
        pytest.param({"text": " \n"}, "no_text", id="blank text"),
        pytest.param({"parse": "full"}, "invalid_arguments", id="words made links"),
        pytest.param({"unfurl_links": True}, "unfurl_not_disabled", id="unfurled links"),
        pytest.param({"unfurl_media": True}, "unfurl_not_disabled", id="unfurled media"),
        pytest.param({"blocks": "[{"}, "invalid_blocks_format", id="blocks that are no JSON"),
        pytest.param({"metadata": "{"}, "invalid_metadata_format", id="metadata that is no JSON"),
        pytest.param({"thread_ts": "1.000100"}, "thread_not_found", id="unknown thread"),
    ],
)
def test_a_wrong_message_is_refused(slack: FakeSlack, params: Json, error: str) -> None:
    assert refused_post(slack, **params)["error"] == error


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"blocks": [{"type": "divider"}]}, "no_text"),
        ({"text": "hi", "unfurl_links": False}, "unfurl_not_disabled"),
        ({"text": "hi", "unfurl_media": False}, "unfurl_not_disabled"),
    ],
)
def test_text_and_both_unfurl_flags_must_be_sent(slack: FakeSlack, given: Json, error: str) -> None:
    flags = {} if "unfurl" in error else {"unfurl_links": False, "unfurl_media": False}
    answer = refused(slack, "chat.postMessage", channel="C0TEST", **flags, **given)
    assert answer["error"] == error


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param([], id="no object"),
        pytest.param({}, id="empty"),
        pytest.param({"event_type": "voc"}, id="no payload"),
        pytest.param({"event_type": "", "event_payload": {}}, id="empty type"),
        pytest.param({"event_type": 1, "event_payload": {}}, id="type no string"),
        pytest.param({"event_type": "voc", "event_payload": "x"}, id="payload no object"),
        pytest.param({"event_type": "voc", "event_payload": {"a": None}}, id="null"),
        pytest.param({"event_type": "voc", "event_payload": {"a": {"b": {}}}}, id="too deep"),
        pytest.param({**METADATA, "more": 1}, id="further key"),
        pytest.param(
            {"event_type": "voc", "event_payload": {"a": "x" * METADATA_LIMIT}}, id="too large"
        ),
    ],
)
def test_metadata_of_another_shape_is_refused(slack: FakeSlack, metadata: Any) -> None:
    assert refused_post(slack, metadata=metadata)["error"] == "invalid_metadata_format"


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<!here>",
        "<!everyone|all>",
        "<!subteam^S123>",
        "a < b",
        "a > b",
        "Q&A",
        "&nbsp;",
        "<b>bold</b>",
        "<javascript:alert(1)>",
        "<https://e.com?a=1&b=2>",
        "<https://e.com|a <b>>",
        "<!date^1763370000^{date}>",
        "<https://e.com",
    ],
)
def test_unescaped_text_is_refused(slack: FakeSlack, text: str) -> None:
    assert unescaped(text)
    assert refused_post(slack, text=f"fine, then {text}")["error"] == "unescaped_text"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "<!here>"}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "<!here>"}]},
    ],
)
def test_unescaped_text_in_a_block_is_refused(slack: FakeSlack, block: Json) -> None:
    assert refused_post(slack, blocks=[block])["error"] == "unescaped_text"


@pytest.mark.parametrize(
    "text",
    [
        "Q&amp;A: 1 &lt; 2 &gt; 0",
        "&lt;!channel&gt;",
        "<https://e.com/a?b=1&amp;c=2>",
        "<http://e.com|다섯 건 &amp; more>",
        "<mailto:a@e.com|write>",
        "<#C0TEST|voc>, <@U0HUMAN>",
        "<!date^1763370000^{date_short}|17 Nov>",
        "said:\n> quoted\n>>> the rest",
    ],
)
def test_markup_and_escaped_text_are_accepted(slack: FakeSlack, text: str) -> None:
    assert unescaped(text) == []
    post(slack, text=text, blocks=[section(text)])


def test_a_reply_to_a_reply_is_refused(slack: FakeSlack) -> None:
    parent = post(slack)["ts"]
    reply = post(slack, thread_ts=parent)["ts"]
    assert refused_post(slack, thread_ts=reply)["error"] == "thread_not_found"
    answer = refused(slack, "conversations.replies", channel="C0TEST", ts=reply)
    assert answer["error"] == "thread_not_found"


def test_a_thread_of_another_channel_is_not_found(slack: FakeSlack) -> None:
    ts = post(slack, channel="C0OTHER")["ts"]
    assert refused_post(slack, thread_ts=ts)["error"] == "thread_not_found"


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"ts": "1.000100", "text": "new"}, "message_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "<!here>"}, "unescaped_text"),
        ({"text": "new", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "new", "metadata": {}}, "invalid_metadata_format"),
    ],
)
def test_an_update_is_checked_like_a_post(slack: FakeSlack, params: Json, error: str) -> None:
    params = {"channel": "C0TEST", "ts": post(slack)["ts"], **params}
    assert refused(slack, "chat.update", **params)["error"] == error


def test_a_message_of_somebody_else_cannot_be_updated(slack: FakeSlack) -> None:
    ts = slack.say("C0TEST", "mine")
    answer = refused(slack, "chat.update", channel="C0TEST", ts=ts, text="yours")
    assert answer["error"] == "cant_update_message"


@pytest.mark.parametrize(
    ("timestamp", "name", "error"),
    [
        (None, "eyes", "already_reacted"),
        (None, ":tada:", "invalid_name"),
        ("1.000100", "eyes", "message_not_found"),
    ],
)
def test_a_wrong_reaction_is_refused(
    slack: FakeSlack, timestamp: str | None, name: str, error: str
) -> None:
    ts = post(slack)["ts"]
    sdk(slack).reactions_add(channel="C0TEST", timestamp=ts, name="eyes")
    params = {"channel": "C0TEST", "timestamp": timestamp or ts, "name": name}
    assert refused(slack, "reactions.add", **params)["error"] == error


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 1000}, "invalid_limit"),
        ({"cursor": "bm8="}, "invalid_cursor"),
        ({"oldest": "monday"}, "invalid_ts_oldest"),
        ({"latest": "2025-11-17"}, "invalid_ts_latest"),
    ],
)
def test_a_wrong_page_is_refused(slack: FakeSlack, params: Json, error: str) -> None:
    answer = refused(slack, "conversations.history", channel="C0TEST", **params)
    assert answer["error"] == error


def test_a_cursor_is_good_for_its_channel_only(slack: FakeSlack) -> None:
    for channel in ("C0TEST", "C0OTHER") * 2:
        post(slack, channel=channel)
    first = sdk(slack).conversations_history(channel="C0TEST", limit=1)
    cursor = first["response_metadata"]["next_cursor"]
    answer = refused(slack, "conversations.history", channel="C0OTHER", cursor=cursor)
    assert answer["error"] == "invalid_cursor"


def test_replies_of_an_unknown_thread_are_refused(slack: FakeSlack) -> None:
    answer = refused(slack, "conversations.replies", channel="C0TEST", ts="1.000100")
    assert answer["error"] == "thread_not_found"


def test_posts_to_one_channel_are_limited_and_to_another_are_not() -> None:
    with FakeSlack(channels=CHANNELS, messages_per_second=1) as slack:
        post(slack)
        with pytest.raises(SlackApiError) as failure:
            post(slack)
        post(slack, channel="C0OTHER")
        slack.messages_per_second = 100
        time.sleep(0.01)
        post(slack)
    assert failure.value.response.status_code == 429
    assert failure.value.response.headers["Retry-After"] == "1"
    assert failure.value.response["error"] == "ratelimited"
    assert [each.error for each in slack.refusals] == ["ratelimited"]
    assert len(slack.messages("C0TEST")) == 2


def test_reads_are_limited_by_the_minute() -> None:
    with FakeSlack(history_calls_per_minute=2) as slack:
        for _ in range(2):
            sdk(slack).conversations_history(channel="C0TEST")
        with pytest.raises(SlackApiError) as failure:
            sdk(slack).conversations_history(channel="C0TEST")
    assert failure.value.response.status_code == 429
    assert 50 <= int(failure.value.response.headers["Retry-After"]) <= 60

"""The fake Slack keeps, shows and refuses what Slack does."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.fakes.conftest import NOW, QUIET, post, sdk
from tests.fakes.slack import BOT_USER, DEFAULT_SCOPES, FakeSlack

METADATA = {"event_type": "voc_weekly", "event_payload": {"week": "2025-11-17", "run": 1}}
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "*hi*"}}]
POST, UPDATE, REACT = "chat.postMessage", "chat.update", "reactions.add"
HISTORY, REPLIES = "conversations.history", "conversations.replies"


# --- What is posted is kept and read back -----------------------------------------------------


def test_a_post_is_kept_and_an_update_keeps_what_is_not_sent(slack: FakeSlack) -> None:
    ts = post(slack, blocks=BLOCKS, metadata=METADATA)
    sdk(slack).chat_update(channel="C0TEST", ts=ts, text="new")
    (message,) = slack.messages("C0TEST")
    assert (message["ts"], message["text"], message["blocks"]) == (ts, "new", BLOCKS)
    assert (message["metadata"], message["edited"]["user"]) == (METADATA, BOT_USER)
    assert not slack.refusals


def test_a_channel_is_read_newest_first_and_a_thread_oldest_first_in_pages(
    slack: FakeSlack,
) -> None:
    slack.page_size_limit = 2
    stamps = [post(slack) for _ in range(4)]
    thread = [stamps[1], *(post(slack, thread_ts=stamps[1]) for _ in range(3))]
    history = sdk(slack).conversations_history(channel="C0TEST", oldest=stamps[0], limit=200)
    replies = sdk(slack).conversations_replies(channel="C0TEST", ts=stamps[1])
    read = [
        [[each["ts"] for each in page["messages"]] for page in pages]
        for pages in (history, replies)
    ]
    assert read == [[stamps[:1:-1], stamps[1:2]], [thread[:2], thread[2:]]]
    assert [each["ts"] for each in slack.threads[stamps[1]]] == thread[1:]
    assert stamps == sorted(set(stamps)), "unique and increasing while the clock stands still"


@pytest.mark.parametrize("method", [HISTORY, REPLIES])
def test_the_payload_of_metadata_comes_only_when_asked_for(slack: FakeSlack, method: str) -> None:
    where = {"channel": "C0TEST", "ts": post(slack, metadata=METADATA)}
    where = where if method == REPLIES else {"channel": "C0TEST"}
    silent = sdk(slack).api_call(method, params=where)
    asked = sdk(slack).api_call(method, params={**where, "include_all_metadata": True})
    assert silent["messages"][0]["metadata"] == {"event_type": "voc_weekly"}
    assert asked["messages"][0]["metadata"] == METADATA


def test_a_file_is_uploaded_into_a_thread_as_a_message_without_text(slack: FakeSlack) -> None:
    sdk(slack).files_upload_v2(
        channel="C0TEST", thread_ts=post(slack), filename="a.png", content=b"png", alt_txt="a chart"
    )
    ((message,),) = slack.threads.values()
    (file,) = slack.files.values()
    assert (message["text"], message["files"][0]["name"]) == ("", "a.png")
    assert (file.content, file.alt_text) == (b"png", "a chart")
    with pytest.raises(SlackApiError, match="file_not_found"):
        sdk(slack).files_completeUploadExternal(channel_id="C0TEST", files=[{"id": file.id}])


# --- What is refused --------------------------------------------------------------------------

CHANNELS: dict[str, dict[str, bool]] = {
    "C0TEST": {},
    "C0OTHER": {},
    "C0AWAY": {"is_member": False},
    "C0SECRET": {"is_private": True, "is_member": False},
    "C0OLD": {"is_archived": True},
    "G0GROUP": {},
}
PARENT, REPLY, FOREIGN, NOWHERE = (f"{NOW}.{n:06d}" for n in (0, 100, 200, 900))


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("chat.shout", {}, "unknown_method"),
        ("auth.test", {"token": None}, "not_authed"),
        ("auth.test", {"token": "xoxb-no"}, "invalid_auth"),
        ("auth.test", {"token": "xapp-test-token"}, "not_allowed_token_type"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
        (HISTORY, {"channel": "G0GROUP"}, "missing_scope"),
        (POST, {"channel": "C0SECRET"}, "channel_not_found"),
        (HISTORY, {"channel": "C0NOWHERE"}, "channel_not_found"),
        (HISTORY, {"channel": "C0AWAY"}, "not_in_channel"),
        (POST, {"channel": "C0OLD"}, "is_archived"),
        (POST, {"channel": BOT_USER}, "cannot_dm_bot"),
        (POST, {"attachments": []}, "invalid_arguments"),
        (POST, {"thread_ts": 1763370000.0001}, "invalid_arguments"),
        (POST, {"thread_ts": REPLY}, "thread_not_found"),
        (POST, {"channel": "C0OTHER", "thread_ts": PARENT}, "thread_not_found"),
        (REPLIES, {"ts": NOWHERE}, "thread_not_found"),
        (POST, {"blocks": [{"type": "section"}]}, "invalid_blocks"),
        (POST, {"unfurl_links": True}, "unfurl_not_disabled"),
        (UPDATE, {"ts": PARENT, "text": "<!here>"}, "unescaped_text"),
        (UPDATE, {"ts": FOREIGN, "text": "new"}, "cant_update_message"),
        (UPDATE, {"ts": NOWHERE, "text": "new"}, "message_not_found"),
        (REACT, {"timestamp": PARENT, "name": "eyes"}, "already_reacted"),
        (HISTORY, {"cursor": "bm8="}, "invalid_cursor"),
        (HISTORY, {"oldest": "monday"}, "invalid_ts_oldest"),
    ],
)
def test_a_wrong_call_is_refused_with_slacks_error_code_and_has_no_effect(
    method: str, params: dict[str, Any], error: str
) -> None:
    scopes = [each for each in DEFAULT_SCOPES if each != "groups:history"]
    with FakeSlack(channels=CHANNELS, scopes=scopes, clock=lambda: NOW) as slack:
        post(slack, thread_ts=post(slack))
        slack.say("C0TEST", "<!here> unchecked & unescaped")
        sdk(slack).reactions_add(channel="C0TEST", timestamp=PARENT, name="eyes")
        before = slack.messages("C0TEST"), slack.threads, slack.reactions[:]
        usual = {"channel": "C0TEST", **({"text": "hello", **QUIET} if method == POST else {})}
        params, token = {**usual, **params}, params.get("token", slack.token)
        params.pop("token", None)
        with pytest.raises(SlackApiError, match=error) as failure:
            sdk(slack, token).api_call(method, json=params)
        assert failure.value.response.get("needed") in (None, "groups:history")
        assert [(each.method, each.error) for each in slack.refusals] == [(method, error)]
        assert before == (slack.messages("C0TEST"), slack.threads, slack.reactions)


def test_too_many_posts_to_a_channel_are_refused_for_a_second() -> None:
    with FakeSlack(channels=CHANNELS, messages_per_second=1) as slack:
        post(slack)
        post(slack, "C0OTHER")
        with pytest.raises(SlackApiError, match="ratelimited") as failure:
            post(slack)
        assert failure.value.response.status_code == 429
        assert failure.value.response.headers["Retry-After"] == "1"
        assert len(slack.messages("C0TEST")) == 1

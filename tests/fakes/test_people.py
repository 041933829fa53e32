"""People in the fake Slack act on an app as the real ones do: proved with Bolt and Slack's SDK."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes.people import People, Sent
from tests.fakes.response_urls import LIFETIME, USES
from tests.fakes.slack import BOT_USER, DEFAULT_SCOPES, FakeSlack

Json = dict[str, Any]
SECRET = "test-signing-secret"
BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "다시"},
    "action_id": "retry",
    "value": "2026-W46",
}
ACTIONS = {"type": "actions", "elements": [BUTTON]}
LONELY = {"type": "section", "text": {"type": "mrkdwn", "text": "alone"}, "accessory": BUTTON}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


class Clock:
    now = 1_763_370_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[FakeSlack]:
    with FakeSlack(clock=clock) as slack:
        yield slack


class TinyApp:
    """A Bolt app that notes what it gets, and answers `/voc` and the button where it is told to."""

    def __init__(self, slack: FakeSlack) -> None:
        client = AsyncWebClient(token=slack.token, base_url=slack.url + "/api/")
        self.bolt = AsyncApp(client=client, signing_secret=SECRET)
        self.got: list[Json] = []
        self.retries: list[str | None] = []
        self.bolt.event("app_mention")(self._event)
        self.bolt.event("message")(self._event)
        self.bolt.command("/voc")(self._command)
        self.bolt.command("/hello")(self._hello)
        self.bolt.action("retry")(self._action)

    async def _event(self, body: Json, request: Any) -> None:
        self.retries.append(next(iter(request.headers.get("x-slack-retry-num", [])), None))
        self.got.append(body)

    async def _command(self, ack: Any, respond: Any, body: Json) -> None:
        await ack()
        self.got.append(body)
        await respond(f"heard {body['text']}", response_type="in_channel")

    async def _hello(self, ack: Any) -> None:
        await ack("안녕하세요")

    async def _action(self, ack: Any, respond: Any, body: Json) -> None:
        await ack()
        self.got.append(body)
        await respond("pressed", replace_original=True)

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.got) >= count)


def until(true: Any, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


@contextmanager
def over_http(app: TinyApp) -> Iterator[str]:
    handler = AsyncSlackRequestHandler(app.bolt)

    async def endpoint(request: Request) -> Response:
        return await handler.handle(request)

    routes = [Route("/slack/events", endpoint, methods=["POST"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/slack/events"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def over_socket(app: TinyApp, slack: FakeSlack) -> Iterator[None]:
    """The aiohttp variant of the SDK's SocketModeClient, in a loop of its own."""
    started, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        client: Any = AsyncSocketModeHandler(app.bolt, slack.app_token, ping_interval=0.2).client
        await client.connect()
        started.set()
        await stop.wait()
        await client.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(main())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert started.wait(10)
        slack.socket.wait_for_connections()
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture
def app(slack: FakeSlack) -> TinyApp:
    return TinyApp(slack)


@pytest.fixture
def people(slack: FakeSlack, app: TinyApp) -> Iterator[People]:
    with over_http(app) as url:
        yield People(slack, SECRET, url)


@pytest.fixture
def connected(slack: FakeSlack, app: TinyApp) -> Iterator[People]:
    with over_socket(app, slack):
        yield People(slack)


def sdk(slack: FakeSlack) -> WebClient:
    return WebClient(token=slack.token, base_url=slack.url + "/api/", retry_handlers=[])


def post(slack: FakeSlack, channel: str = "C0TEST", **more: Any) -> str:
    fields = {"text": "hello", "unfurl_links": False, "unfurl_media": False, **more}
    return str(sdk(slack).chat_postMessage(channel=channel, **fields)["ts"])


# --- Events over HTTP -------------------------------------------------------------------------


def test_a_mention_is_stored_signed_and_delivered(
    slack: FakeSlack, people: People, app: TinyApp
) -> None:
    sent = people.mention("status", user="U0KIM")
    app.wait_for(1)
    event = app.got[0]["event"]
    assert (sent.status, sent.channel) == (200, "C0TEST")
    assert 0 < sent.seconds < 3
    assert event["type"] == "app_mention"
    assert event["text"] == f"<@{BOT_USER}> status"
    assert event["ts"] == event["event_ts"] == sent.ts
    assert app.got[0]["authorizations"][0]["user_id"] == BOT_USER
    assert slack.message("C0TEST", sent.ts)["user"] == "U0KIM"


def test_a_mention_in_a_thread_names_its_parent(
    slack: FakeSlack, people: People, app: TinyApp
) -> None:
    parent = post(slack)
    sent = people.mention("why", thread_ts=parent)
    app.wait_for(1)
    event = app.got[0]["event"]
    assert (event["thread_ts"], event["parent_user_id"]) == (parent, BOT_USER)
    assert [each["ts"] for each in slack.threads[parent]] == [sent.ts]


def test_a_direct_message_comes_as_message_im(people: People, app: TinyApp) -> None:
    sent = people.direct("hi", user="U0KIM")
    app.wait_for(1)
    event = app.got[0]["event"]
    assert (event["type"], event["channel_type"]) == ("message", "im")
    assert event["channel"] == sent.channel == "D0KIM"


def test_again_repeats_every_byte(people: People, app: TinyApp) -> None:
    sent = people.mention("status")
    assert sent.again().raw == sent.raw
    app.wait_for(2)
    assert app.got[0] == app.got[1]


def test_a_retry_says_so_and_keeps_the_event_id(people: People, app: TinyApp) -> None:
    first = people.mention("status")
    assert first.again(retry_num=2).raw[1]["X-Slack-Retry-Reason"] == "http_timeout"
    app.wait_for(2)
    assert sorted(map(str, app.retries)) == ["2", "None"]
    assert app.got[0]["event_id"] == app.got[1]["event_id"]


def test_a_mention_can_come_again_as_a_message_of_another_id(people: People, app: TinyApp) -> None:
    first = people.mention("status")
    app.wait_for(1)
    first.again(event_type="message", event_id="Ev9")
    app.wait_for(2)
    one, two = app.got
    assert (two["event"]["type"], two["event"]["channel_type"]) == ("message", "channel")
    assert one["event"]["ts"] == two["event"]["ts"]
    assert (two["event_id"], one["event_id"]) == ("Ev9", first.payload["event_id"])


@pytest.mark.parametrize("how", [{"wrong_signature": True}, {"age": 301}])
def test_bolt_refuses_what_is_not_rightly_signed(people: People, app: TinyApp, how: Any) -> None:
    assert people.mention("status", **how).status == 401
    assert not app.got


def test_a_signature_of_four_minutes_ago_is_still_right(people: People) -> None:
    assert people.mention("status", age=240).status == 200


def test_fields_are_overridden_where_they_belong(slack: FakeSlack, people: People) -> None:
    fields = {"bot_id": "B0OTHER", "subtype": "bot_message", "is_ext_shared_channel": True}
    sent = people.mention("status", fields=fields)
    assert sent.payload["is_ext_shared_channel"] is True
    assert "is_ext_shared_channel" not in sent.payload["event"]
    assert sent.payload["event"]["subtype"] == "bot_message"
    assert slack.message("C0TEST", sent.ts)["bot_id"] == "B0OTHER"


def test_raw_bytes_can_be_sent_signed_or_not(people: People) -> None:
    assert people.send_raw(b"{}", {"Content-Type": "application/json"}).status == 401
    body = b'{"type": "url_verification", "challenge": "c"}'
    headers = {"Content-Type": "application/json", **people.signed(body)}
    answer = people.send_raw(body, headers)
    assert (answer.status, json.loads(answer.body)) == (200, {"challenge": "c"})


def test_nobody_there_is_an_answer_too(slack: FakeSlack) -> None:
    people = People(slack, SECRET, "http://127.0.0.1:9/slack/events")
    sent = people.mention("status")
    assert sent.status is None
    assert "refused" in sent.error
    assert not people.reachable()


def test_two_hundred_mentions_in_ten_seconds(slack: FakeSlack, app: TinyApp) -> None:
    with over_http(app) as url, ThreadPoolExecutor(8) as threads:
        people, began = People(slack, SECRET, url), time.monotonic()
        sent = list(threads.map(people.mention, map(str, range(200))))
        assert time.monotonic() - began < 10
        assert people.reachable()
    assert [each.status for each in sent] == [200] * 200
    assert len({each.ts for each in sent}) == 200
    assert len({each.payload["event_id"] for each in sent}) == 200


# --- Commands and buttons ---------------------------------------------------------------------


def test_a_command_is_answered_through_its_response_url(
    slack: FakeSlack, people: People, app: TinyApp
) -> None:
    sent = people.command("/voc", "상태 & more", user="U0KIM")
    assert (sent.status, sent.body) == (200, "")
    until(lambda: slack.refusals)
    assert slack.responses(sent.response_url) == [
        {"text": "heard 상태 & more", "response_type": "in_channel"}
    ]
    assert slack.refusals[0].error == "unescaped_text"
    sent = people.command("/voc", "status")
    until(lambda: slack.messages("C0TEST"))
    assert slack.messages("C0TEST")[0]["text"] == "heard status"
    assert app.got[0]["channel_name"] == "c0test"
    assert app.got[0]["trigger_id"] != app.got[1]["trigger_id"]


def test_an_answer_in_the_acknowledgement_is_for_one_person(
    slack: FakeSlack, people: People
) -> None:
    sent = people.command("/hello", channel=slack.dm("U0KIM"), user="U0KIM")
    assert sent.body == "안녕하세요"
    (message,) = slack.ephemerals("D0KIM")
    assert (message["text"], message["to"]) == ("안녕하세요", "U0KIM")
    assert slack.responses(sent.response_url) == slack.messages("D0KIM") == []


@pytest.mark.parametrize("blocks", [[ACTIONS], [LONELY]])
def test_a_press_carries_the_button_and_its_message(
    slack: FakeSlack, people: People, app: TinyApp, blocks: list[Json]
) -> None:
    parent = slack.say("C0TEST", "hi")
    ts = post(slack, thread_ts=parent, blocks=blocks)
    sent = people.press("C0TEST", ts, "retry")
    assert sent.status == 200
    until(lambda: slack.message("C0TEST", ts)["text"] == "pressed")
    (body,) = app.got
    (action,) = body["actions"]
    assert (action["value"], action["block_id"]) == ("2026-W46", "b0")
    assert float(action["action_ts"]) > 0
    assert body["container"]["thread_ts"] == body["message"]["thread_ts"] == parent
    assert body["message"]["blocks"][0]["block_id"] == "b0"
    assert slack.message("C0TEST", ts)["blocks"] == []


def test_a_button_that_is_not_there_cannot_be_pressed(slack: FakeSlack) -> None:
    people, ts = People(slack, connect_timeout=0), post(slack, blocks=[ACTIONS])
    for channel, message, action in [
        ("C0TEST", ts, "other"),
        ("C0TEST", "1.000100", "retry"),
        ("D0KIM", ts, "retry"),
    ]:
        with pytest.raises(LookupError):
            people.press(channel, message, action)
    stale = people.press("C0TEST", ts, "retry", value="2026-W01")
    assert stale.payload["actions"][0]["value"] == "2026-W01"


def test_an_ephemeral_message_is_pressed_without_its_text(slack: FakeSlack) -> None:
    people, url = People(slack, connect_timeout=0), slack.response_url("C0TEST", "U0KIM")
    slack.answer(url, {"text": "sure?", "blocks": [ACTIONS]})
    (message,) = slack.ephemerals("C0TEST")
    sent = people.press("C0TEST", message["ts"], "retry")
    assert sent.payload["container"]["is_ephemeral"] is True
    assert "message" not in sent.payload
    respond(sent.response_url, text="done", replace_original=True)
    assert [each["text"] for each in slack.ephemerals("C0TEST")] == ["done"]
    respond(sent.response_url, delete_original=True)
    assert slack.ephemerals("C0TEST") == []


# --- Response URLs ----------------------------------------------------------------------------


def respond(url: str, **body: Any) -> tuple[int, str]:
    answer = WebhookClient(url).send_dict(body)
    return answer.status_code, answer.body


@pytest.fixture
def url(slack: FakeSlack) -> str:
    return slack.response_url("C0TEST", "U0HUMAN")


def test_an_answer_is_for_one_person_unless_it_says_otherwise(slack: FakeSlack, url: str) -> None:
    parent = slack.say("C0TEST", "hi")
    assert respond(url, text="only you", thread_ts=parent) == (200, "ok")
    assert respond(url, text="all", response_type="in_channel", thread_ts=parent) == (200, "ok")
    assert [each["text"] for each in slack.ephemerals("C0TEST")] == ["only you"]
    assert [each["text"] for each in slack.threads[parent]] == ["all"]
    assert [each["text"] for each in slack.responses(url)] == ["only you", "all"]
    assert not slack.refusals


def test_the_sixth_use_is_refused(slack: FakeSlack, url: str) -> None:
    assert [respond(url, text="hi")[0] for _ in range(USES)] == [200] * USES
    status, body = respond(url, text="hi")
    assert (status, json.loads(body)) == (404, {"ok": False, "error": "used_url"})
    assert len(slack.responses(url)) == USES


def test_after_half_an_hour_a_url_is_expired(slack: FakeSlack, url: str, clock: Clock) -> None:
    clock.now += LIFETIME
    assert respond(url, text="hi")[0] == 200
    clock.now += 1
    status, body = respond(url, text="hi")
    assert (status, json.loads(body)["error"]) == (404, "expired_url")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "a < b"}, "unescaped_text"),
        ({"blocks": [ACTIONS]}, "no_text"),
        ({"text": "hi", "blocks": [{"type": "carousel"}]}, "invalid_blocks"),
        ({"text": "hi", "attachments": []}, "invalid_arguments"),
        ({"text": "hi", "response_type": "public"}, "invalid_arguments"),
        ({"text": "hi", "thread_ts": "1.000100"}, "thread_not_found"),
        ({"text": "hi", "unfurl_links": True}, "unfurl_not_disabled"),
        ({"delete_original": True}, "message_not_found"),
    ],
)
def test_a_wrong_answer_is_refused_and_noted(
    slack: FakeSlack, url: str, body: Json, error: str
) -> None:
    status, text = respond(url, **body)
    assert (status, json.loads(text)["error"]) == (400, error)
    assert slack.refusals[0].error == error
    assert slack.responses(url) == [body]
    assert slack.messages("C0TEST") == slack.ephemerals("C0TEST") == []


def test_only_json_at_an_address_given_out_is_taken(slack: FakeSlack, url: str) -> None:
    assert httpx.post(url, data={"text": "hi"}, trust_env=False).status_code == 400
    assert respond(slack.url + "/respond/guessed", text="hi")[0] == 404


# --- Direct messages and the token of the app --------------------------------------------------


def test_a_post_to_a_user_goes_to_their_direct_messages(slack: FakeSlack) -> None:
    fields: Json = {"text": "hi", "unfurl_links": False, "unfurl_media": False}
    answer = sdk(slack).chat_postMessage(channel="U0KIM", **fields)
    assert answer["channel"] == "D0KIM"
    assert [each["text"] for each in slack.messages("D0KIM")] == ["hi"]
    with pytest.raises(SlackApiError, match="cannot_dm_bot"):
        sdk(slack).chat_postMessage(channel=BOT_USER, **fields)


def test_a_post_to_a_user_needs_two_scopes() -> None:
    for missing in ("im:write", "chat:write"):
        scopes = [each for each in DEFAULT_SCOPES if each != missing]
        with FakeSlack(scopes=scopes) as slack, pytest.raises(SlackApiError) as failure:
            post(slack, "U0KIM")
        assert failure.value.response["needed"] == missing


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("apps.connections.open", "xapp-other", "invalid_auth"),
        ("apps.connections.open", "xoxb-test-token", "not_allowed_token_type"),
        ("auth.test", "xapp-test-token", "not_allowed_token_type"),
    ],
)
def test_each_token_opens_its_own_methods(
    slack: FakeSlack, method: str, token: str, error: str
) -> None:
    with pytest.raises(SlackApiError, match=error):
        sdk(slack).api_call(method, params={"token": token})


# --- Socket Mode ------------------------------------------------------------------------------


def test_events_commands_and_presses_come_over_the_socket(
    slack: FakeSlack, connected: People, app: TinyApp
) -> None:
    ts = post(slack, blocks=[ACTIONS])
    sent = [
        connected.mention("status"),
        connected.direct("hi"),
        connected.command("/voc", "status"),
        connected.press("C0TEST", ts, "retry"),
    ]
    app.wait_for(4)
    assert [each.status for each in sent] == [200] * 4
    assert all(0 < each.seconds < 3 for each in sent)
    assert len(slack.socket.acks) == 4
    assert [each["type"] for each in slack.socket.sent] == [
        "events_api",
        "events_api",
        "slash_commands",
        "interactive",
    ]
    assert not slack.refusals


def test_an_acknowledgement_may_carry_the_answer(slack: FakeSlack, connected: People) -> None:
    assert json.loads(connected.command("/hello").body) == {"text": "안녕하세요"}
    assert [each["text"] for each in slack.ephemerals("C0TEST")] == ["안녕하세요"]


def test_an_envelope_can_come_twice_and_a_retry_says_so(
    slack: FakeSlack, connected: People, app: TinyApp
) -> None:
    sent = connected.mention("status", copies=2)
    app.wait_for(2)
    until(lambda: len(slack.socket.acks) == 2)
    assert len({ack.envelope_id for ack in slack.socket.acks}) == 1
    assert sent.again(retry_num=1).status == 200
    app.wait_for(3)
    assert sorted(map(str, app.retries)) == ["0", "0", "1"]


@pytest.mark.parametrize("how", ["disconnect", "drop"])
def test_a_client_comes_back_with_a_new_url(
    slack: FakeSlack, connected: People, app: TinyApp, how: str
) -> None:
    getattr(slack.socket, how)()
    until(lambda: slack.socket.opened == 2)
    slack.socket.wait_for_connections()
    assert connected.mention("status").status == 200
    assert not slack.refusals


def test_nobody_connected_ends_the_wait(slack: FakeSlack) -> None:
    people = People(slack, connect_timeout=0.05)
    sent: Sent = people.mention("status")
    assert sent.status is None
    assert "no client" in sent.error
    assert not people.reachable()


def test_a_url_is_good_for_one_connection_and_nonsense_is_noted(slack: FakeSlack) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    url = sdk(slack).apps_connections_open(app_token=slack.app_token)["url"]
    with connect(url, proxy=None) as client:
        assert json.loads(client.recv())["type"] == "hello"
        client.send('{"envelope_id": "guessed"}')
        until(lambda: slack.refusals)
        assert slack.refusals[0].error == "unknown_envelope"
        with pytest.raises(InvalidStatus):
            connect(url, proxy=None)
    assert slack.refusals[1].error == "invalid_ticket"


def test_no_ack_is_told_from_an_ack(slack: FakeSlack) -> None:
    from websockets.sync.client import connect

    url = sdk(slack).apps_connections_open(app_token=slack.app_token)["url"]
    with connect(url, proxy=None):
        sent = People(slack, timeout=0.1).mention("status")
    assert (sent.status, sent.error) == (None, "no ack within 0.1 s")

"""What people do reaches an app as Slack delivers it, and what the app answers is checked.

That Bolt understands it is proved with the real bot, in tests/bot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.fakes.conftest import NOW, post, sdk
from tests.fakes.http import FakeServer, Refused, Reply, Request
from tests.fakes.people import People
from tests.fakes.response_urls import LIFETIME, USES
from tests.fakes.slack import FakeSlack

SECRET = "test-signing-secret"
BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "다시"}, "action_id": "retry"}
ACTIONS = {"type": "actions", "elements": [{**BUTTON, "value": "2026-W46"}]}


class App(FakeServer):
    """Takes everything."""

    def respond(self, request: Request) -> Reply:
        return Reply()

    def refuse(self, refused: Refused) -> Reply:
        raise NotImplementedError


@pytest.fixture
def app() -> Iterator[App]:
    with App() as app:
        yield app


@pytest.fixture
def people(slack: FakeSlack, app: App) -> People:
    return People(slack, SECRET, f"{app.url}/slack/events")


@pytest.mark.parametrize(
    ("how", "is_right"),
    [({}, True), ({"age": 240}, True), ({"age": 301}, False), ({"wrong_signature": True}, False)],
)
def test_a_request_is_signed_unless_asked_otherwise(
    people: People, app: App, how: Any, is_right: bool
) -> None:
    assert people.mention("status", **how).status == 200
    (request,) = app.requests
    signed = SignatureVerifier(SECRET).is_valid_request(request.body, dict(request.headers))
    assert signed is is_right


def test_an_event_comes_again_as_the_same_bytes_or_with_what_is_asked_to_differ(
    slack: FakeSlack, people: People, app: App
) -> None:
    parent = post(slack)
    sent = people.mention("status", thread_ts=parent, user="U0KIM")
    sent.again()
    sent.again(retry_num=2)
    sent.again(event_type="message", event_id="Ev9")
    first, same, retry, other = app.requests
    assert slack.threads[parent][0]["user"] == "U0KIM"
    assert first.payload["event"]["ts"] == slack.threads[parent][0]["ts"] == sent.ts
    assert (same.body, same.headers.items()) == (first.body, first.headers.items())
    assert (retry.body, retry.headers["X-Slack-Retry-Num"]) == (first.body, "2")
    event = {**first.payload["event"], "type": "message", "channel_type": "channel"}
    assert other.payload == {**first.payload, "event_id": "Ev9", "event": event}


def test_only_a_button_that_is_there_is_pressed(slack: FakeSlack, people: People) -> None:
    parent = slack.say("C0TEST", "hi")
    ts = post(slack, thread_ts=parent, blocks=[ACTIONS])
    pressed = people.press("C0TEST", ts, "retry").payload
    assert pressed["actions"][0]["value"] == "2026-W46"
    assert pressed["container"]["thread_ts"] == pressed["message"]["thread_ts"] == parent
    for message, action in ((ts, "other"), (parent, "retry"), ("1.000100", "retry")):
        with pytest.raises(LookupError):
            people.press("C0TEST", message, action)


# --- Response URLs ----------------------------------------------------------------------------


def respond(url: str, **body: Any) -> tuple[int, str]:
    answer = WebhookClient(url).send_dict(body)
    return answer.status_code, answer.body


def test_a_response_url_takes_five_answers_within_half_an_hour() -> None:
    clock = [NOW]
    with FakeSlack(clock=lambda: clock[0]) as slack:
        url, late = (slack.response_url("C0TEST", user) for user in ("U0KIM", "U0LEE"))
        clock[0] += LIFETIME
        assert [respond(url, text="hi") for _ in range(USES)] == [(200, "ok")] * USES
        used, _ = respond(url, text="hi")
        clock[0] += 1
        expired, _ = respond(late, text="hi")
        unknown, _ = respond(f"{slack.url}/respond/guessed", text="hi")
        assert (used, expired, unknown) == (404, 404, 404)
        assert [each["to"] for each in slack.ephemerals("C0TEST")] == ["U0KIM"] * USES
        assert len(slack.responses(url)) == USES


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "a < b"}, "unescaped_text"),
        ({"blocks": [ACTIONS]}, "no_text"),
        ({"text": "hi", "response_type": "in_channel"}, "invalid_arguments"),
        ({"text": "hi", "replace_original": True}, "invalid_arguments"),
    ],
)
def test_a_wrong_answer_is_refused_and_recorded(slack: FakeSlack, body: Any, error: str) -> None:
    url = slack.response_url("C0TEST", "U0HUMAN")
    status, _ = respond(url, **body)
    assert (status, [each.error for each in slack.refusals]) == (400, [error])
    assert (slack.responses(url), slack.ephemerals("C0TEST")) == ([body], [])


# --- Socket Mode ------------------------------------------------------------------------------


@pytest.fixture
def url(slack: FakeSlack) -> str:
    return str(sdk(slack).apps_connections_open(app_token=slack.app_token)["url"])


def test_an_envelope_is_acknowledged_by_its_id(slack: FakeSlack, url: str) -> None:
    people = People(slack)
    with connect(url, proxy=None) as client, ThreadPoolExecutor() as pool:
        assert json.loads(client.recv())["type"] == "hello"
        command = pool.submit(people.command, "/hello", copies=2)
        first, second = json.loads(client.recv()), json.loads(client.recv())
        client.send(json.dumps({"envelope_id": first["envelope_id"], "payload": {"text": "안녕"}}))
        assert (command.result().status, first) == (200, second)
        mention = pool.submit(people.mention, "status", retry_num=1)
        event = json.loads(client.recv())
        client.send(json.dumps({"envelope_id": event["envelope_id"]}))
        assert (mention.result().status, event["retry_attempt"]) == (200, 1)
    assert [each["text"] for each in slack.ephemerals("C0TEST")] == ["안녕"]
    assert [each["type"] for each in slack.socket.sent] == ["slash_commands", "events_api"]
    assert not slack.refusals


def test_a_url_is_good_for_one_connection_and_silence_is_not_an_acknowledgement(
    slack: FakeSlack, url: str
) -> None:
    with connect(url, proxy=None) as client:
        client.recv()
        with pytest.raises(InvalidStatus):
            connect(url, proxy=None)
        client.send('{"envelope_id": "guessed"}')
        sent = People(slack, timeout=0.1).mention("status")
        assert (sent.status, sent.error) == (None, "no ack within 0.1 s")
        assert json.loads(client.recv())["type"] == "events_api"
        slack.socket.disconnect()
        assert json.loads(client.recv())["type"] == "disconnect"
        slack.socket.drop()
        with pytest.raises(ConnectionClosed):
            client.recv()
    assert [each.error for each in slack.refusals] == ["invalid_ticket", "unknown_envelope"]

"""What people do in the fake workspace, and how Slack delivers it to the app.

    people = People(slack, events_url="http://127.0.0.1:3000/slack/events")
    sent = people.mention("status")
    assert sent.status == 200 and sent.seconds < 3
    sent.again(retry_num=1)

Without `events_url` it goes through the fake's Socket Mode.
"""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, Unpack
from urllib.parse import urlencode

from tests.fakes.http import FORM, JSON, parse_json
from tests.fakes.payloads import block_actions, message_event, slash_command
from tests.fakes.people_http import Answer, listening, post, signed
from tests.fakes.slack import BOT_USER, FakeSlack
from tests.fakes.socket_mode import Kind, NotConnected


class How(TypedDict, total=False):
    """How a delivery differs from the usual one."""

    retry_num: int
    """Sends X-Slack-Retry-Num (Socket Mode: retry_attempt) and a reason."""
    retry_reason: str
    event_type: str
    """A mention as `message`, which an app subscribed to both gets as well."""
    event_id: str
    fields: Mapping[str, Any]
    """Override the event's fields (`bot_id`, `subtype`), or the envelope's where only it has them
    (`is_ext_shared_channel`); of a command or a press the payload's."""
    wrong_signature: bool
    age: float
    """Seconds since the request was signed, rightly."""
    copies: int
    """Socket Mode: how often the very same envelope is sent."""


@dataclass(frozen=True)
class Sent:
    """What was delivered and how the app answered.

    `status` is the HTTP status; over Socket Mode 200 stands for an ack and None for no ack. None
    also if nothing could be reached, and `error` says why. `ts` is the message's.
    """

    kind: Kind
    channel: str
    ts: str
    payload: dict[str, Any] = field(repr=False)
    status: int | None = None
    body: str = ""
    seconds: float = 0
    error: str = ""
    response_url: str = ""
    raw: tuple[bytes, dict[str, str]] = field(default=(b"", {}), repr=False)
    people: People | None = field(default=None, repr=False)

    def again(self, **how: Unpack[How]) -> Sent:
        """Deliver it once more: without options the very same bytes and signature."""
        assert self.people is not None
        return self.people._redeliver(self, how)


class People:
    """Everybody in the workspace but the bot.

    Args:
        events_url: where the app takes events, commands and presses; None for Socket Mode.
        timeout: seconds to wait for an answer; Slack itself gives up after 3.
        connect_timeout: Socket Mode: seconds to wait for a client to be connected.
    """

    def __init__(
        self,
        slack: FakeSlack,
        signing_secret: str = "test-signing-secret",
        events_url: str | None = None,
        *,
        timeout: float = 10,
        connect_timeout: float = 5,
    ) -> None:
        self.slack, self.signing_secret, self.events_url = slack, signing_secret, events_url
        self.timeout, self.connect_timeout = timeout, connect_timeout
        self._numbers = itertools.count(1)

    # What people do

    def mention(
        self,
        text: str,
        channel: str = "C0TEST",
        thread_ts: str | None = None,
        user: str = "U0HUMAN",
        **how: Unpack[How],
    ) -> Sent:
        """Say `<@U0BOT> text`, or the text itself if it mentions the bot elsewhere.

        `text` is as Slack passes it on, that is with `&`, `<`, `>` escaped.
        """
        said = text if f"<@{BOT_USER}>" in text else f"<@{BOT_USER}> {text}".strip()
        return self._say(said, "app_mention", channel, thread_ts, user, how)

    def direct(
        self,
        text: str,
        user: str = "U0HUMAN",
        thread_ts: str | None = None,
        **how: Unpack[How],
    ) -> Sent:
        """Say it to the bot alone."""
        return self._say(text, "message", self.slack.dm(user), thread_ts, user, how)

    def command(
        self,
        command: str,
        text: str = "",
        channel: str = "C0TEST",
        user: str = "U0HUMAN",
        **how: Unpack[How],
    ) -> Sent:
        """Type `/voc text`. An answer in the acknowledgement is shown in the fake, as Slack does."""
        url = self.slack.response_url(channel, user)
        payload = slash_command(
            command, text, channel, self._channel_name(channel), user, self._trigger(), url
        )
        sent = self._deliver(Sent("slash_commands", channel, "", payload, response_url=url), how)
        if sent.status == 200 and sent.body.strip():
            self.slack.answer(url, _acknowledgement(sent.body))
        return sent

    def press(
        self,
        channel: str,
        message_ts: str,
        action_id: str,
        value: str | None = None,
        user: str = "U0HUMAN",
        **how: Unpack[How],
    ) -> Sent:
        """Press a button of a message, of several with that `action_id` the one with the value.

        LookupError if it is not there; with a value it is pressed all the same, as one in a
        message that has changed since.
        """
        url = self.slack.response_url(channel, user)
        payload = block_actions(
            self.slack.message(channel, message_ts),
            action_id,
            value,
            channel,
            self._channel_name(channel),
            user,
            self._trigger(),
            url,
        )
        return self._deliver(
            Sent("interactive", channel, message_ts, payload, response_url=url), how
        )

    # Below that

    def send_raw(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Any bytes with any headers, to `events_url`."""
        assert self.events_url is not None, "Socket Mode takes no raw requests"
        return post(self.events_url, body, headers, self.timeout)

    def signed(self, body: bytes, age: float = 0) -> dict[str, str]:
        """The two headers that prove a body is Slack's."""
        return signed(self.signing_secret, body, age)

    def reachable(self) -> bool:
        """Whether the app is connected, or listens at `events_url`."""
        if self.events_url is None:
            return self.slack.socket.connections > 0
        return listening(self.events_url)

    def _say(
        self,
        text: str,
        kind: str,
        channel: str,
        thread_ts: str | None,
        user: str,
        how: How,
    ) -> Sent:
        more: dict[str, Any] = {"thread_ts": thread_ts} if thread_ts else {}
        changed = how.get("fields", {})
        more |= {key: changed[key] for key in ("bot_id", "subtype") if key in changed}
        ts = self.slack.say(channel, text, user=user, **more)
        message = self.slack.message(channel, ts)
        event_id = f"Ev{next(self._numbers):010d}"
        payload = message_event(kind, message, channel, event_id)
        return self._deliver(Sent("events_api", channel, ts, payload), how)

    def _redeliver(self, sent: Sent, how: How) -> Sent:
        if not how and self.events_url is not None:
            return self._posted(sent, *sent.raw)
        return self._deliver(replace(sent, payload=copy.deepcopy(sent.payload)), how)

    def _deliver(self, sent: Sent, how: How) -> Sent:
        _change(sent.payload, how)
        sent = replace(sent, people=self)
        if self.events_url is None:
            return self._through_socket(sent, how)
        body = _encoded(sent)
        secret = "wrong" * 8 if how.get("wrong_signature") else self.signing_secret
        headers = {
            "Content-Type": JSON if sent.kind == "events_api" else FORM,
            **signed(secret, body, how.get("age", 0)),
        }
        if retry := how.get("retry_num"):
            headers["X-Slack-Retry-Num"] = str(retry)
            headers["X-Slack-Retry-Reason"] = how.get("retry_reason", "http_timeout")
        return self._posted(sent, body, headers)

    def _posted(self, sent: Sent, body: bytes, headers: dict[str, str]) -> Sent:
        answer = self.send_raw(body, headers)
        return replace(
            sent,
            status=answer.status,
            body=answer.body,
            seconds=answer.seconds,
            error=answer.error,
            raw=(body, headers),
        )

    def _through_socket(self, sent: Sent, how: How) -> Sent:
        if how.keys() & {"wrong_signature", "age"}:
            raise ValueError("Socket Mode has no signatures")
        began = time.monotonic()
        try:
            ack = self.slack.socket.deliver(
                sent.kind,
                copy.deepcopy(sent.payload),
                copies=how.get("copies", 1),
                retry_num=how.get("retry_num", 0),
                retry_reason=how.get("retry_reason", "timeout") if "retry_num" in how else "",
                connect_timeout=self.connect_timeout,
                ack_timeout=self.timeout,
            )
        except NotConnected as fault:
            return replace(sent, status=None, error=str(fault), seconds=time.monotonic() - began)
        if ack is None:
            error = f"no ack within {self.timeout:g} s"
            return replace(sent, status=None, error=error, seconds=self.timeout)
        body = json.dumps(ack.payload) if ack.payload else ""
        return replace(sent, status=200, body=body, seconds=ack.seconds)

    def _trigger(self) -> str:
        return f"{next(self._numbers)}.{int(time.time())}.trigger"

    def _channel_name(self, channel: str) -> str:
        settings = self.slack.channels.get(channel, {})
        if channel.startswith("D"):
            return "directmessage"
        if settings.get("is_private", channel.startswith("G")):
            return "privategroup"
        return str(settings.get("name", channel.lower()))


def _change(payload: dict[str, Any], how: How) -> None:
    event = payload.get("event", payload)
    if kind := how.get("event_type"):
        event["type"] = kind
        if kind == "message" and "channel_type" not in event:
            event["channel_type"] = "group" if event["channel"].startswith("G") else "channel"
    if event_id := how.get("event_id"):
        payload["event_id"] = event_id
    for key, value in how.get("fields", {}).items():
        where = payload if key in payload and key not in event else event
        where[key] = value


def _encoded(sent: Sent) -> bytes:
    if sent.kind == "slash_commands":
        return urlencode(sent.payload).encode()
    text = json.dumps(sent.payload)
    return text.encode() if sent.kind == "events_api" else urlencode({"payload": text}).encode()


def _acknowledgement(body: str) -> dict[str, Any]:
    try:
        answer = parse_json(body)
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {"text": body}

"""Requests as nobody should send them, and more of them than anybody does: refused or answered, one by one."""

from __future__ import annotations

import contextlib
import copy
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.bot.conftest import (
    Bots,
    Prefect,
    bot_settings,
    people_of,
    replies,
    wait_for,
    wait_for_reply,
)
from tests.bot.test_requests import BUTTONS
from tests.fakes.http import FORM, JSON, Reply
from tests.fakes.people import People, Sent
from tests.fakes.slack import BOT_ID, BOT_USER, FakeSlack

HELP, RECEIVED = "VOC 봇 사용법", "⏳ 받음"
ODD: tuple[Any, ...] = (None, 5, "", "\ud800<", [], [{}], {"id": {}}, True)


ODD_SIGNATURES = (
    *({"X-Slack-Request-Timestamp": odd} for odd in ("soon", "", "-1", "1e9", "²", "9" * 5000)),
    *({"X-Slack-Signature": odd} for odd in ("v0=é", "")),
)


def test_an_odd_time_or_signature_is_refused(people: People) -> None:
    right = people.signed(b"{}") | {"Content-Type": JSON}
    for odd in ODD_SIGNATURES:
        assert people.send_raw(b"{}", right | odd).status == 401, odd


def mutations(payload: Any) -> Iterator[Any]:
    """The payload with each of its values left out, and replaced by each odd one."""
    for path in list(paths(payload)):
        for odd in ("left out", *ODD):
            changed = copy.deepcopy(payload)
            parent = changed
            for step in path[:-1]:
                parent = parent[step]
            if odd == "left out":
                del parent[path[-1]]
            else:
                parent[path[-1]] = odd
            yield changed


def paths(payload: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = payload.items() if isinstance(payload, dict) else enumerate(payload)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, (dict, list)) and key not in ("blocks", "state"):
            yield from paths(value, (*path, key))


def test_whatever_is_missing_or_odd_in_a_request_it_is_refused_or_answered(
    bots: Bots, prefect: Prefect
) -> None:
    """Each kind with each of its values left out and replaced. Nobody in it may ask, so that nothing starts."""
    with (
        FakeSlack(channels={"C0TEST": {}}) as slack,
        bots(**bot_settings(slack), VOC_BOT_USERS="U0BOSS") as bot,
    ):
        people = people_of(slack, bot)
        summary = slack.say("C0TEST", "summary", user="U0BOT", blocks=[BUTTONS])
        sent = [
            people.mention("help"),
            people.direct("help"),
            people.command("/voc"),
            people.command("/hello"),
            people.press("C0TEST", summary, "rerun"),
        ]
        bodies = [(each, changed) for each in sent for changed in mutations(each.payload)]

        def deliver(what: tuple[Sent, dict[str, Any]]) -> int | None:
            sent, payload = what
            kind = JSON if sent.kind == "events_api" else FORM
            body = encoded(sent, payload)
            return people.send_raw(body, people.signed(body) | {"Content-Type": kind}).status

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(deliver, bodies))
        assert set(statuses) == {200, 400, 404}, [
            body
            for status, body in zip(statuses, bodies, strict=True)
            if status not in (200, 400, 404)
        ][:3]
        last = people.mention("help")
        wait_for_reply(slack, last.ts, "🚫")
        log = bot.log.read_text()
    assert "Traceback" not in log
    assert "unexpected" not in log
    assert not prefect.runs()


def encoded(sent: Sent, payload: dict[str, Any]) -> bytes:
    if sent.kind == "slash_commands":
        odd = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in payload.items()
        }
        return urlencode(odd, errors="surrogatepass").encode()
    text = json.dumps(payload)
    return text.encode() if sent.kind == "events_api" else urlencode({"payload": text}).encode()


def test_what_does_not_arrive_in_ten_seconds_is_given_up(bots: Bots, slack: FakeSlack) -> None:
    """Half a request line, half the headers, half a body; and a second request on a connection that had one."""
    headers = b"POST /slack/events HTTP/1.1\r\nHost: voc\r\nContent-Length: 100\r\n"
    halves = (
        b"",
        b"POST /sla",
        headers,
        headers + b"\r\n{",
        b"GET / HTTP/1.1\r\nHost: voc\r\n\r\nGET /",
    )
    with bots() as bot:
        port = urlsplit(bot.url).port or 0
        with contextlib.ExitStack() as open_ones:
            waiting = []
            for half in halves:
                connection = socket.create_connection(("127.0.0.1", port), timeout=60)
                waiting.append(open_ones.enter_context(connection))
                connection.sendall(half)
            sent = people_of(slack, bot).mention("help")
            wait_for_reply(slack, sent.ts, HELP)
            for connection in waiting:
                while connection.recv(1000):
                    pass  # the answer to the whole request
        assert "Traceback" not in bot.log.read_text()


def test_what_another_company_s_installation_is_sent_is_left_alone(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    """The bot's token is not for it. Another workspace of the same Enterprise Grid is no other company."""
    who = {"ok": True, "team_id": "T0TEST", "enterprise_id": "E0", "bot_id": BOT_ID}
    slack.on("auth.test", do=Reply(body=who | {"user_id": BOT_USER}))
    other = {"team_id": "T0OTHER", "authorizations": [{"team_id": "T0OTHER"}]}
    sister = {
        "team_id": "T0SISTER",
        "user_team": "T0SISTER",
        "context_enterprise_id": "E0",
        "authorizations": [{"team_id": "T0SISTER", "enterprise_id": "E0"}],
    }
    with bots() as bot:
        people = people_of(slack, bot)
        assert people.mention("", fields=other).status == 200
        assert people.command("/voc", fields={"team_id": "T0OTHER"}).status == 200
        summary = slack.say("C0TEST", "summary", user=BOT_USER, blocks=[BUTTONS])
        team = {"team": {"id": "T0OTHER"}}
        assert people.press("C0TEST", summary, "rerun", fields=team).status == 200
        sent = people.mention("help", fields=sister)
        wait_for_reply(slack, sent.ts, HELP)
    assert slack.reactions == [("C0TEST", sent.ts, "eyes")]
    assert not prefect.runs()


def test_of_two_hundred_mentions_at_once_each_is_answered_once(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    """Reports, help and status; every fifth is delivered twice. Slack waits three seconds, people a little longer."""
    texts = ["2026-W46", "help", "help", "상태"] * 50
    with bots() as bot:

        def deliver(number: int) -> Sent:
            sent = people_of(slack, bot).mention(texts[number])
            return sent.again(retry_num=1) if number % 5 == 0 else sent

        with ThreadPoolExecutor(200) as pool:
            sent = list(pool.map(deliver, range(len(texts))))
        assert {each.status for each in sent} == {200}
        wait_for(lambda: len(slack.threads) == len(texts), 120)
        wait_for(lambda: len(prefect.runs("slack:told=received")) == 50, 60)
        assert "Traceback" not in bot.log.read_text()
        assert bot.stop() == 0
    expected = {"2026-W46": RECEIVED, "help": HELP, "상태": "리포트"}
    for text, each in zip(texts, sent, strict=True):
        (reply,) = replies(slack, each.ts)
        assert expected[text] in reply
    assert len(prefect.runs()) == 50

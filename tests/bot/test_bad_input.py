"""Requests as nobody should send them, and more of them than anybody does: refused or answered, one by one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.bot.conftest import (
    Bots,
    Prefect,
    bot_settings,
    people_of,
    wait_for_reply,
)
from tests.bot.test_requests import BUTTONS
from tests.fakes.http import FORM, JSON
from tests.fakes.people import People, Sent
from tests.fakes.slack import FakeSlack

HELP, RECEIVED = "VOC 봇 사용법", "⏳ 받음"
ODD: tuple[Any, ...] = (None, 5, "", "\ud800<", [], [{}], {"id": {}}, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "²"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Signature": ""},
    ],
)
def test_an_odd_time_or_signature_is_refused(people: People, headers: dict[str, str]) -> None:
    body = b"{}"
    right = people.signed(body) | {"Content-Type": JSON}
    assert people.send_raw(body, right | headers).status == 401


def mutations(payload: Any, change: Any = None) -> Iterator[Any]:
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
    print(len(bodies))


def encoded(sent: Sent, payload: dict[str, Any]) -> bytes:
    if sent.kind == "slash_commands":
        odd = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in payload.items()
        }
        return urlencode(odd, errors="surrogatepass").encode()
    text = json.dumps(payload)
    return text.encode() if sent.kind == "events_api" else urlencode({"payload": text}).encode()

"""A fake fails as it is told to: before or after the effect, on the calls it is told to."""

from __future__ import annotations

import threading
from http.client import RemoteDisconnected
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import FixedValueRetryIntervalCalculator

from tests.fakes.conftest import QUIET, post
from tests.fakes.http import Fault, Reply, hang, hook, lose_reply, refuse_connection_before
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack, ratelimited

POST = "chat.postMessage"


def test_a_reply_given_as_a_fault_has_no_effect(slack: FakeSlack) -> None:
    slack.on(POST, do=ratelimited(2))
    with pytest.raises(SlackApiError, match="ratelimited") as failure:
        post(slack)
    assert failure.value.response.status_code == 429
    assert failure.value.response.headers["Retry-After"] == "2"
    assert not slack.messages("C0TEST")
    assert not slack.refusals, "a fault on demand is not the client's doing"


@pytest.mark.parametrize(("fault", "kept"), [(lose_reply, 1), (refuse_connection_before, 0)])
def test_a_connection_closes_before_or_after_the_effect(
    slack: FakeSlack, fault: Fault, kept: int
) -> None:
    slack.on(POST, do=fault)
    with pytest.raises(RemoteDisconnected):
        post(slack)
    assert len(slack.messages("C0TEST")) == kept


def test_the_sdk_left_to_itself_posts_twice_when_an_answer_is_lost(slack: FakeSlack) -> None:
    slack.on(POST, nth=1, do=lose_reply)
    client = WebClient(token=slack.token, base_url=slack.url + "/api/")
    client.retry_handlers[0].interval_calculator = FixedValueRetryIntervalCalculator(0)
    client.api_call(POST, json={"channel": "C0TEST", "text": "hi", **QUIET})
    assert len(slack.messages("C0TEST")) == 2


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 1)])
def test_a_request_that_hangs_takes_effect_though_the_client_gave_up(
    slack: FakeSlack, http: httpx.Client, when: Any, kept: int
) -> None:
    taken = threading.Event()
    slack.on(POST, do=hook(lambda _: taken.set(), when="after"))
    slack.on(POST, do=hang(0.2, when=when))
    quiet = dict.fromkeys(QUIET, "false")
    form = {"token": slack.token, "channel": "C0TEST", "text": "hi", **quiet}
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{slack.url}/api/{POST}", data=form, timeout=0.05)
    assert len(slack.messages("C0TEST")) == kept
    assert taken.wait(5)
    assert len(slack.messages("C0TEST")) == 1


@pytest.mark.parametrize(
    ("nth", "hit"), [(None, [1, 2, 3, 4]), (2, [2]), (range(1, 4), [1, 2, 3]), (5, [])]
)
def test_a_fault_hits_the_calls_it_is_given_for(
    laas: FakeLaas, http: httpx.Client, nth: int | range | None, hit: list[int]
) -> None:
    http.post(laas.url)
    laas.on(nth=nth, do=Reply(status=503))
    statuses = [http.post(laas.url).status_code for _ in range(4)]
    assert [number for number, status in enumerate(statuses, 1) if status == 503] == hit
    assert [each.number for each in laas.requests] == [1, 2, 3, 4, 5]


def test_an_error_inside_the_fake_comes_out_when_the_block_ends(http: httpx.Client) -> None:
    laas = FakeLaas()
    laas.on(do=hook(lambda number: number / 0))
    with pytest.raises(ZeroDivisionError), laas:
        http.post(laas.url)

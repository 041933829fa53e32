"""Slack is waited for over two minutes, and no longer than that."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from flows.slack.patience import WAITS_SECONDS, Patience, Unavailable


class Clock:
    """Takes the place of waiting."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    cancelled: ContextVar[Clock] = ContextVar("cancelled")
    cancelled.set(clock)
    monkeypatch.setattr("flows.slack.patience._cancelled", cancelled)
    return clock


def give_up(asked: Sequence[float] = ()) -> int:
    """Fail again and again, while Slack asks for these waits; how many attempts there were."""
    attempts = itertools.count(1)
    wishes = iter(asked)

    def fail() -> None:
        next(attempts)
        raise Unavailable("HTTP 503", next(wishes, 0.0))

    with pytest.raises(Unavailable):
        Patience().ask(fail)
    return next(attempts) - 1


def test_the_waits_grow_over_at_least_two_minutes(clock: Clock) -> None:
    assert give_up() == len(WAITS_SECONDS) + 1
    assert clock.waits == list(WAITS_SECONDS) == sorted(WAITS_SECONDS)
    assert sum(clock.waits) >= 120


def test_slack_is_waited_for_as_long_as_it_asks_within_the_same_time(clock: Clock) -> None:
    give_up([60, 0, 60, 60])
    assert clock.waits == [60, 4, 60, 2]
    assert sum(clock.waits) == sum(WAITS_SECONDS)


def test_all_calls_of_a_step_share_the_time(clock: Clock) -> None:
    patience = Patience((1, 2))
    faults = [Unavailable("HTTP 503")] * 2

    def recover() -> str:
        if faults:
            raise faults.pop()
        return "found"

    assert patience.ask(recover) == "found"
    assert not patience.waits(Unavailable("HTTP 503"))
    assert clock.waits == [1, 2]

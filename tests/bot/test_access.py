"""Who may ask."""

from __future__ import annotations

import pytest

from bot.access import Asker, may_ask
from bot.settings import BotSettings


@pytest.mark.parametrize(
    ("variables", "asker", "allowed"),
    [
        ({}, Asker("C1", "U1"), True),
        ({"VOC_BOT_CHANNELS": "C1, C2"}, Asker("C2", "U1"), True),
        ({"VOC_BOT_CHANNELS": "C1 C2"}, Asker("C3", "U1"), False),
        ({"VOC_BOT_USERS": "U1"}, Asker("C3", "U1"), True),
        ({"VOC_BOT_USERS": "U1"}, Asker("C3", "U2"), False),
        ({"VOC_BOT_CHANNELS": "C1", "VOC_BOT_USERS": "U1"}, Asker("C1", "U2"), False),
        ({}, Asker("C1", "U1", is_outside=True), False),
        ({"VOC_BOT_CHANNELS": "C1"}, Asker("C1", "U1", is_outside=True), False),
        ({"VOC_BOT_SHARED_CHANNELS": "C1"}, Asker("C1", "U1", is_outside=True), True),
        ({"VOC_BOT_SHARED_CHANNELS": "C2"}, Asker("C1", "U1", is_outside=True), False),
    ],
)
def test_the_lists_say_who_may_ask(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], asker: Asker, allowed: bool
) -> None:
    for name, value in {"SLACK_BOT_TOKEN": "xoxb-1", **variables}.items():
        monkeypatch.setenv(name, value)
    assert may_ask(asker, BotSettings()) is allowed

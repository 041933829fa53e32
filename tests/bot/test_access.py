"""Who may ask, and who belongs to another company."""

from __future__ import annotations

from typing import Any

import pytest

from bot.access import Asker, may_ask
from bot.listeners.envelope import button_asker, event_asker
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


GRID = {"team_id": "T1", "enterprise_id": "E1"}


@pytest.mark.parametrize(
    ("body", "user_team", "is_outside"),
    [
        ({"team_id": "T1"}, None, False),
        ({"team_id": "T1"}, "T1", False),
        ({"team_id": "T1", "is_ext_shared_channel": False}, "T2", True),
        ({"team_id": "T1", "is_ext_shared_channel": True}, "T1", True),
        ({"team_id": "T1", "is_ext_shared_channel": True}, "T2", True),
        (GRID | {"is_ext_shared_channel": False}, "T2", False),
        (GRID | {"is_ext_shared_channel": False}, "E1", False),
        (GRID | {"is_ext_shared_channel": True}, "T2", True),
        (GRID | {"is_ext_shared_channel": True}, "E1", True),
        (
            {"team_id": "T1", "context_enterprise_id": "E1", "is_ext_shared_channel": False},
            "T2",
            False,
        ),
        # Slack does not say whether the channel is shared: only the Grid itself is surely ours.
        (GRID, "E1", False),
        (GRID, "T2", True),
        (GRID, "E2", True),
        ({}, "T2", True),
        (GRID, ["T1"], True),
        (GRID | {"is_ext_shared_channel": "false"}, "T1", True),
    ],
)
def test_a_colleague_of_the_same_grid_is_no_stranger(
    body: dict[str, Any], user_team: object, is_outside: bool
) -> None:
    event = {"channel": "C1", "user": "U1", "user_team": user_team}
    assert event_asker(body, event) == Asker("C1", "U1", is_outside)


@pytest.mark.parametrize(
    ("body", "team", "is_outside"),
    [
        ({"team": {"id": "T1"}}, "T1", False),
        ({"team": {"id": "T1"}}, "T2", True),
        ({"team": {"id": "T1"}}, None, False),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "E1", False),
        ({"team": {"id": "T1"}, "enterprise": {"id": "E1", "name": "Org"}}, "E1", False),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "E2", True),
        # A colleague of another workspace, or another company's: the payload does not tell.
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "T2", True),
        ({"team": None, "enterprise": {"id": "E1"}}, "T2", True),
        ({}, "T2", True),
        ({"team": "T1", "enterprise": 5}, "T2", True),
    ],
)
def test_a_press_comes_from_a_colleague_when_their_team_is_ours_or_the_grid(
    body: dict[str, Any], team: object, is_outside: bool
) -> None:
    press = {"channel": {"id": "C1"}, "user": {"id": "U1", "team_id": team}} | body
    assert button_asker(press) == Asker("C1", "U1", is_outside)

"""Read from Slack's payloads who asks. Pure."""

from __future__ import annotations

from typing import Any

from bot.access import Asker

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What Bolt raises when it reads a body that is none of Slack's."""


class Malformed(Exception):
    """A request lacks what Slack always sends. The message names the field, and quotes nothing."""


def is_readable(body: dict[str, Any]) -> bool:
    """Whether a body has the shapes that Bolt takes for granted."""
    event, actions = body.get("event", {}), body.get("actions", [{"action_id": ""}])
    return (
        isinstance(event, dict)
        and isinstance(event.get("type", ""), str)
        and isinstance(actions, list)
        and bool(actions)
        and all(isinstance(each, dict) for each in actions)
        and all(isinstance(each.get("action_id"), str) for each in actions)
    )


def text_at(payload: Any, *path: str, default: str | None = None) -> str:
    """The text at a path such as "user", "id". Raises Malformed when something else is there, or nothing."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    found = payload or default
    if not isinstance(found, str):
        raise Malformed(".".join(path))
    return found


def time_at(payload: Any, *path: str) -> float:
    """The Unix time at a path. Raises Malformed."""
    try:
        return float(text_at(payload, *path))
    except ValueError:
        raise Malformed(".".join(path)) from None


def event_asker(body: dict[str, Any], event: dict[str, Any]) -> Asker:
    """The writer of an event's message.

    Slack says whether the channel is shared with another company. If not, everybody in it who is of an Enterprise
    Grid is a colleague, in whatever workspace; `user_team` is that workspace, or the Grid itself.
    """
    is_shared = body.get("is_ext_shared_channel")
    grid = body.get("enterprise_id") or body.get("context_enterprise_id")
    is_inside = (is_shared is False and grid) or not (
        is_shared or _is_foreign(event.get("user_team"), body.get("team_id"), grid)
    )
    return Asker(text_at(event, "channel"), text_at(event, "user"), not is_inside)


def button_asker(body: dict[str, Any]) -> Asker:
    """The person who pressed a button.

    Slack does not say whether the channel is shared. It names the app's team with its Enterprise Grid, and the
    person's team: of a colleague in a Grid usually the Grid. Where it is another workspace, only the scope users:read
    would tell a colleague from another company's people, so it counts as another company's.
    """
    team, grid = body.get("team"), body.get("enterprise")
    ours = [each for each in (team, grid) if isinstance(each, dict)]
    ids = [each.get(name) for each in ours for name in ("id", "enterprise_id")]
    user = text_at(body, "user", "id")
    is_outside = _is_foreign(body["user"].get("team_id"), *ids)
    return Asker(text_at(body, "channel", "id"), user, is_outside)


def is_from_a_person(event: dict[str, Any]) -> bool:
    """Whether a person wrote the message: not a bot's message, not an edit, not a deletion."""
    return (
        "bot_id" not in event
        and event.get("subtype") in (None, "thread_broadcast", "file_share")
        and {"user", "channel", "ts"} <= event.keys()
    )


def _is_foreign(theirs: object, *ours: object) -> bool:
    return theirs is not None and theirs not in ours

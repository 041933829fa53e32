"""Read from Slack's payloads who asks. Pure."""

from __future__ import annotations

from typing import Any

from bot.access import Asker


def event_asker(body: dict[str, Any], event: dict[str, Any]) -> Asker:
    """The writer of an event's message. Slack says whether the channel is shared with another company."""
    is_outside = bool(body.get("is_ext_shared_channel")) or _is_foreign(
        body.get("team_id"), event.get("user_team")
    )
    return Asker(event["channel"], event["user"], is_outside)


def button_asker(body: dict[str, Any]) -> Asker:
    """The person who pressed a button. Slack does not say whether the channel is shared, but names the team."""
    user = body["user"]
    is_outside = _is_foreign((body.get("team") or {}).get("id"), user.get("team_id"))
    return Asker(body["channel"]["id"], user["id"], is_outside)


def is_from_a_person(event: dict[str, Any]) -> bool:
    """Whether a person wrote the message: not a bot's message, not an edit, not a deletion."""
    return (
        "bot_id" not in event
        and event.get("subtype") in (None, "thread_broadcast", "file_share")
        and {"user", "channel", "ts"} <= event.keys()
    )


def _is_foreign(ours: str | None, theirs: str | None) -> bool:
    return ours is not None and theirs is not None and ours != theirs

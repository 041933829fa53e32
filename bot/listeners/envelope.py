"""What Slack's payloads say about who asks. Pure."""

from __future__ import annotations

from typing import Any

from bot.access import Asker


def event_asker(body: dict[str, Any], event: dict[str, Any]) -> Asker:
    """Who wrote an event's message. Slack says whether the channel is shared with another company."""
    is_outside = bool(body.get("is_ext_shared_channel")) or _is_foreign(
        body.get("team_id"), event.get("user_team")
    )
    return Asker(event["channel"], event["user"], is_outside)


def button_asker(body: dict[str, Any]) -> Asker:
    """Who pressed a button. Slack does not say whether the channel is shared, but where the person belongs."""
    user = body["user"]
    is_outside = _is_foreign((body.get("team") or {}).get("id"), user.get("team_id"))
    return Asker(body["channel"]["id"], user["id"], is_outside)


def is_from_a_person(event: dict[str, Any]) -> bool:
    """Whether a message is somebody's own words: no bot's, no edit, no deletion."""
    return (
        "bot_id" not in event
        and event.get("subtype") in (None, "thread_broadcast", "file_share")
        and {"user", "channel", "ts"} <= event.keys()
    )


def _is_foreign(ours: str | None, theirs: str | None) -> bool:
    return ours is not None and theirs is not None and ours != theirs

"""What Slack sends to an app, from values: an event, a command, a press. Pure but for the time."""

from __future__ import annotations

import time
import uuid
from typing import Any

from tests.fakes.conversations import TEAM
from tests.fakes.slack import BOT_USER
from tests.fakes.socket_mode import APP

Json = dict[str, Any]

TOKEN = "verification-token"
TEAM_DOMAIN = "test"


def message_event(kind: str, message: Json, channel: str, event_id: str) -> Json:
    """The envelope of an `app_mention` or `message` event on a stored message."""
    ts = message["ts"]
    event = {
        "client_msg_id": str(uuid.uuid4()),
        **message,
        "type": kind,
        "channel": channel,
        "event_ts": ts,
        "blocks": [rich_text(message["text"])],
    }
    if kind == "message":
        event["channel_type"] = "im"
    bot = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(float(ts)),
        "authorizations": [bot],
        "is_ext_shared_channel": False,
        "event_context": f"4-{channel}-{ts}",
    }


def slash_command(
    command: str,
    text: str,
    channel: str,
    channel_name: str,
    user: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel,
        "channel_name": channel_name,
        "user_id": user,
        "user_name": user.lower(),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def block_actions(
    message: Json,
    action_id: str,
    value: str | None,
    channel: str,
    channel_name: str,
    user: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    """One press of a button; LookupError if there is none to press. Of what only one person sees, Slack
    names the place and no message."""
    message = _with_block_ids(message)
    is_ephemeral = bool(message.get("is_ephemeral"))
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel,
        "is_ephemeral": is_ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    name = user.lower()
    return {
        "type": "block_actions",
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        "api_app_id": APP,
        "token": TOKEN,
        "container": container,
        "trigger_id": trigger_id,
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": channel_name},
        **({} if is_ephemeral else {"message": {"app_id": APP, **message}}),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [_button(message, action_id, value) | {"action_ts": f"{time.time():.6f}"}],
    }


def rich_text(text: str) -> dict[str, Any]:
    """The block Slack makes of typed text, in short: the mention of the bot apart from the rest."""
    mention = f"<@{BOT_USER}>"
    elements: list[dict[str, Any]] = []
    if text.startswith(mention):
        elements.append({"type": "user", "user_id": BOT_USER})
        text = text.removeprefix(mention)
    if text:
        elements.append({"type": "text", "text": text})
    line = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": "typed", "elements": [line]}


def _with_block_ids(message: dict[str, Any]) -> dict[str, Any]:
    """Slack gives a block an id where the app did not."""
    for number, block in enumerate(message.get("blocks", [])):
        block.setdefault("block_id", f"b{number}")
    return message


def _button(message: dict[str, Any], action_id: str, value: str | None) -> dict[str, Any]:
    found = [
        {**button, "block_id": block["block_id"]}
        for block in message.get("blocks", [])
        for button in [*block.get("elements", []), block.get("accessory", {})]
        if button.get("type") == "button" and button.get("action_id") == action_id
    ]
    fitting = [each for each in found if value is None or each.get("value") == value]
    if fitting:
        button = fitting[0]
    elif value is None:
        raise LookupError(f"no button {action_id} in message {message['ts']}")
    else:
        text = {"type": "plain_text", "text": "gone", "emoji": True}
        button = {"type": "button", "block_id": "gone", "action_id": action_id, "text": text}
        button["value"] = value
    # The address of a link button stays in the message: the action does not carry it.
    return {key: each for key, each in button.items() if key != "url"}

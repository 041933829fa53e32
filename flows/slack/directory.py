"""Whether Slack knows the owners and channels of the seed, for `voc doctor`: a run would find out too late."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flows.runtime.errors import SlackError
from flows.slack.web_api import WebApiTransport

_FIX = "Fix category_owners.csv"


def unusable(
    slack: WebApiTransport, owners: Collection[str], channels: Collection[str]
) -> tuple[str, ...]:
    """A sentence on each owner and channel that does not exist or cannot be used, with what to do."""
    groups = sorted(owner for owner in owners if owner.startswith("S"))
    found = [
        *(each for user in sorted(set(owners).difference(groups)) for each in _user(slack, user)),
        *_groups(slack, groups),
        *(each for channel in sorted(channels) for each in _channel(slack, channel)),
    ]
    return tuple(dict.fromkeys(found))  # a scope that the app lacks is named once


def _user(slack: WebApiTransport, user: str) -> Iterator[str]:
    try:
        is_gone = slack.read("users_info", user=user)["user"].get("deleted")
    except SlackError as error:
        is_gone = error.code == "user_not_found"
        if not is_gone:
            yield str(error)
    if is_gone:
        yield f"The owner {user} is no active user of this workspace. {_FIX}."


def _groups(slack: WebApiTransport, groups: Collection[str]) -> Iterator[str]:
    if not groups:
        return
    try:
        known = {group["id"] for group in slack.read("usergroups_list")["usergroups"]}
    except SlackError as error:
        yield str(error)
        return
    for group in groups:
        if group not in known:
            yield f"The owner {group} is no active user group. {_FIX}, or enable the group in Slack."


def _channel(slack: WebApiTransport, channel: str) -> Iterator[str]:
    try:
        found = slack.read("conversations_info", channel=channel)["channel"]
    except SlackError as error:
        yield (
            f"The channel {channel} does not exist, or is private. {_FIX}, or invite the app with /invite."
            if error.code == "channel_not_found"
            else str(error)
        )
        return
    if found.get("is_archived"):
        yield f"The channel {channel} is archived. {_FIX}."
    elif not found.get("is_member"):
        yield f"The app is not in the channel {channel}. Invite it with /invite."

"""Who may ask. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings import BotSettings


@dataclass(frozen=True)
class Asker:
    """The person who asks, and the channel. `is_outside` if one of the two also belongs to another company."""

    channel: str
    user: str
    is_outside: bool = False


def may_ask(asker: Asker, settings: BotSettings) -> bool:
    """Whether the settings let this person ask in this channel; empty lists let everybody."""
    if settings.channels and asker.channel not in settings.channels:
        return False
    if settings.users and asker.user not in settings.users:
        return False
    return not asker.is_outside or asker.channel in settings.shared_channels

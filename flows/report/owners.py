"""Who looks after a category, and where its alerts go as well. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalogue import Locale


@dataclass(frozen=True)
class Owner:
    """The row of the seed `category_owners` that applies; None where it says nothing.

    Args:
        id: Slack's of a user (U…, W…) or a user group (S…).
        channel: id of a Slack channel.
        language: of the messages there; None for the report's.
    """

    id: str | None = None
    channel: str | None = None
    language: Locale | None = None


NOBODY = Owner()


@dataclass(frozen=True)
class Owners:
    """The owners of categories and of the levels above them, by the one to three levels that are not empty."""

    by_levels: Mapping[tuple[str, ...], Owner] = field(default_factory=dict)

    def of(self, category: Sequence[str]) -> Owner:
        """The owner of a category, or of an upper level: its other levels are empty or left out."""
        return self.by_levels.get(named_levels(category), NOBODY)


def named_levels(category: Sequence[str]) -> tuple[str, ...]:
    """The levels of a category, or of an upper level, that are not empty."""
    return tuple(filter(None, category))

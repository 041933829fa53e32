"""Who looks after a category, and where its alerts go as well. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalogue import Locale
from flows.report.values import Category


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
Owners = Mapping[Category, Owner]
"""The owners of categories and of levels above that have one."""

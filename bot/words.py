"""Read what people write to the bot, in Korean or English. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from catalogue.weeks import as_of_word

_SPELLINGS = {"지난 주": "지난주", "last week": "지난주"}
_LATEST = {"지난주", "latest"}
_FORCE = {"다시", "force"}
_STATUS = {"상태", "status"}
_MENTION = re.compile(r"<@[^>]*>")


@dataclass(frozen=True)
class Asked:
    """What a person asks for.

    `as_of` is the date as of which the wanted week is the newest complete one; None asks for the latest.
    """

    kind: Literal["report", "status", "help"]
    as_of: date | None = None
    force: bool = False


def understood(text: str) -> Asked:
    """Read the words after a mention or a command.

    Nothing or 지난주 is the latest week; 2026-W46 or a date in it is that week; 다시 forces; 상태 asks for the
    status. Anything else, also two weeks at once, asks for help.
    """
    plain = " ".join(_MENTION.sub(" ", text.lower()).split())
    for spelling, word in _SPELLINGS.items():
        plain = plain.replace(spelling, word)
    words = plain.split()
    if len(words) == 1 and words[0] in _STATUS:
        return Asked("status")
    weeks = [word for word in words if word not in _FORCE]
    if len(weeks) > 1:
        return Asked("help")
    force = len(weeks) < len(words)
    if not weeks or weeks[0] in _LATEST:
        return Asked("report", None, force)
    as_of = _as_of(weeks[0])
    return Asked("report", as_of, force) if as_of else Asked("help")


def _as_of(word: str) -> date | None:
    try:
        return as_of_word(word)
    except ValueError:
        return None

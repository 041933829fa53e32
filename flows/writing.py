"""How categories and numbers are written for people: in Slack, on the page and on the terminal alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.report import printable

MAX_CATEGORY_CHARACTERS = 120
_BARS = "▁▂▃▄▅▆▇█"


def category_name(levels: Sequence[str]) -> str:
    """A category, or the levels above one: joined, and of trailing unclassified ones only the first."""
    levels = list(levels)
    while len(levels) > 1 and levels[-1] == levels[-2] == "(미분류)":
        levels.pop()
    names = [" ".join(printable(level).split()) or "–" for level in levels]
    return cut(" / ".join(names), MAX_CATEGORY_CHARACTERS)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, never ending within an escape such as &amp;."""
    if len(text) <= limit:
        return text
    return re.sub(r"&[a-z]{0,3}$", "", text[: limit - 1]).rstrip() + "…"


def signed(value: float) -> str:
    """One decimal with its sign, a real minus, and no -0.0."""
    return f"{round(value, 1) + 0.0:+,.1f}".replace("-", "−")


def percent(ratio: float | None) -> str:
    """A share from 0 to 1 as per cent with one decimal; a dash where there is none."""
    return "–" if ratio is None else f"{100 * ratio:.1f}%"


def sparkline(totals: Sequence[int]) -> str:
    """One bar a week, from 0 to the largest of them."""
    top = max(totals, default=0)
    if top == 0:
        return _BARS[0] * len(totals)
    return "".join(_BARS[round(total / top * (len(_BARS) - 1))] for total in totals)

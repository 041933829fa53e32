"""How categories and numbers are written for people: in Slack, on the page and on the terminal alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from catalogue import Texts
from flows.report.values import Category, Change, Receipt, Status, printable

MAX_CATEGORY_CHARACTERS = 120
ICONS: dict[Status, str] = {"CRITICAL": "🔴", "MONITOR": "🟠", "IMPROVED": "🟢", "STABLE": "⚪"}
_BARS = "▁▂▃▄▅▆▇█"


def category_name(levels: Sequence[str]) -> str:
    """A category, or the levels above one: joined, and of trailing unclassified levels only the first."""
    levels = list(levels)
    while len(levels) > 1 and levels[-1] == levels[-2] == "(미분류)":
        levels.pop()
    names = [" ".join(printable(level).split()) or "–" for level in levels]
    return cut(" / ".join(names), MAX_CATEGORY_CHARACTERS)


def announced_name(category: Category, texts: Texts) -> str:
    """The name of what is announced: a category, or all below a level above."""
    name = category_name(category)
    return name if len(category) == 3 else texts("change.all_below", name=name)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, never ending within an escape such as &amp;."""
    if len(text) <= limit:
        return text
    return re.sub(r"&[a-z]{0,3}$", "", text[: limit - 1]).rstrip() + "…"


def ticket_address(template: str, ticket_id: str) -> str:
    """Where a ticket is seen. Its id is quoted, so that none can break out of the address."""
    return template.replace("{id}", quote(ticket_id, safe=""))


def signed(value: float) -> str:
    """One decimal with its sign, a real minus, and no -0.0."""
    return f"{round(value, 1) + 0.0:+,.1f}".replace("-", "−")


def percent(ratio: float | None) -> str:
    """A share from 0 to 1 as per cent with one decimal; a dash where there is no share."""
    return "–" if ratio is None else f"{100 * ratio:.1f}%"


def growth(change: Change, texts: Texts) -> str:
    """The change in tickets; a new category has no percentage."""
    pct = change.total_change_pct
    return texts("change.new") if pct is None else f"{signed(pct)}%"


def headline(change: Change, texts: Texts) -> str:
    """What changed: the negative share where that alone is the reason, otherwise the tickets."""
    points = change.negative_ratio_change_pp
    if change.reasons == ("negative_ratio",) and points is not None:
        return texts("change.negative", points=signed(points))
    return growth(change, texts)


def reasons(change: Change, texts: Texts) -> str:
    """The rules that were met, in words."""
    return " · ".join(texts(f"reason.{reason}") for reason in change.reasons)


def unanswered(receipt: Receipt, texts: Texts) -> list[str]:
    """How many analyses the model was not asked for or had no time for; nothing where it had its say."""
    not_asked, out_of_time = receipt.questions_not_asked, receipt.questions_out_of_time
    return [
        *([texts("receipt.not_asked", count=not_asked)] if not_asked else []),
        *([texts("receipt.out_of_time", count=out_of_time)] if out_of_time else []),
    ]


def sparkline(totals: Sequence[int]) -> str:
    """One bar a week, from 0 to the largest total."""
    top = max(totals, default=0)
    if top == 0:
        return _BARS[0] * len(totals)
    return "".join(_BARS[round(total / top * (len(_BARS) - 1))] for total in totals)

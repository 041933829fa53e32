"""How categories and numbers are written for people: in Slack, on the page and on the terminal alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from catalogue import Texts
from flows.report.values import Category, Change, Receipt, Status, Week, WeeklyReport, printable

MAX_CATEGORY_CHARACTERS = 120
UNCLASSIFIED = "(미분류)"
"""A level that the source leaves blank, as the marts name it."""
ICONS: dict[Status, str] = {"CRITICAL": "🔴", "MONITOR": "🟠", "IMPROVED": "🟢", "STABLE": "⚪"}
_BARS = "▁▂▃▄▅▆▇█"


def category_name(levels: Sequence[str]) -> str:
    """A category, or the levels above one: joined, and of trailing unclassified levels only the first."""
    levels = list(levels)
    while len(levels) > 1 and levels[-1] == levels[-2] == UNCLASSIFIED:
        levels.pop()
    names = [" ".join(printable(level).split()) or "–" for level in levels]
    return cut(" / ".join(names), MAX_CATEGORY_CHARACTERS)


def announced_name(category: Category, texts: Texts) -> str:
    """The name of what is announced: a category, or all below a level above."""
    name = category_name(category)
    return name if len(category) == 3 else texts("change.all_below", name=name)


def week_text(week: Week, texts: Texts) -> str:
    """A week by its number and dates: W46, 11.9–15."""
    return texts("week.named", number=week_number(week), days=days_text(week, texts))


def days_text(week: Week, texts: Texts) -> str:
    """The dates of a week, the month once where it is one: 11.9–15."""
    if week.start.month == week.end.month:
        return texts("week.days_one_month", start=week.start, end=week.end)
    return texts("week.days_two_months", start=week.start, end=week.end)


def week_before_text(week: Week, texts: Texts) -> str:
    """The week before the one that is spoken of: 전주(W45)."""
    return texts("week.before", number=week_number(week))


def week_number(week: Week) -> str:
    """W46, without the year: a report is never far from its week."""
    return week.label.rpartition("-")[2]


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


def all_tickets_text(report: WeeklyReport, texts: Texts) -> str:
    """All tickets of the week with how many are usual, and the negative share of both weeks."""
    if report.alarms is None or not report.alarms.comparison_total:
        return ""
    base, comparison = report.alarms.base, report.alarms.comparison
    usual = ""
    if comparison.usual:
        low, high = comparison.usual
        usual = texts("summary.usual_of_all", low=low, high=high)
    return texts(
        "summary.all",
        count=comparison.total,
        usual=usual,
        base=percent(base.negative_ratio),
        comparison=percent(comparison.negative_ratio),
    )


def growth(change: Change, texts: Texts) -> str:
    """The change in tickets; one without tickets in the base week has no percentage: it is new, or back."""
    pct = change.total_change_pct
    if pct is not None:
        return f"{signed(pct)}%"
    return texts("change.new") if change.is_first_seen else texts("change.back")


def negative_shares(change: Change) -> str:
    """The negative share of both weeks, and the change in points."""
    shares = f"{percent(change.base_negative_ratio)} → {percent(change.comparison_negative_ratio)}"
    points = change.negative_ratio_change_pp
    return shares + ("" if points is None else f" ({signed(points)}%p)")


def decided(change: Change, texts: Texts) -> str:
    """The numbers that decided: the negative shares where those alone are the reason, otherwise the tickets."""
    if change.is_share_alone:
        return texts("change.decided_share", negative=negative_shares(change))
    return texts(
        "change.decided",
        base=change.base_total,
        comparison=change.comparison_total,
        growth=growth(change, texts),
    )


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


def trend(change: Change) -> str:
    """Its eight weeks, where they show anything: bars that go up and down within the usual range do not."""
    return "" if change.is_usual else sparkline(change.total_last_8_weeks)


def sparkline(totals: Sequence[int]) -> str:
    """One bar a week, from 0 to the largest total."""
    top = max(totals, default=0)
    if top == 0:
        return _BARS[0] * len(totals)
    return "".join(_BARS[round(total / top * (len(_BARS) - 1))] for total in totals)

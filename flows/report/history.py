"""What is said of earlier weeks: how long an alarm has lasted, when it was last there, and what has ended. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from catalogue import Texts
from flows.report.values import ANALYSED, Category, Change, Status, Week, WeeklyReport
from flows.report.writing import UNCLASSIFIED, week_before_text, week_text

NAMES_SHOWN = 3
LEVELS_SHOWN = 2
Name = Callable[[Category], str]


def history_text(change: Change, base: Week, texts: Texts) -> str:
    """Of an alarm its weeks in a row, or the weeks since the last one; of what has improved, what it was before."""
    if change.resolution == "resolved" and change.alert_status_before:
        was = texts(f"status.{change.alert_status_before}")
        return texts("history.resolved", week=week_before_text(base, texts), status=was)
    if change.alarm_weeks > 1:
        return texts("history.in_a_row", weeks=change.alarm_weeks)
    if change.alarm_weeks and change.weeks_since_alarm:
        return texts("history.again", weeks=change.weeks_since_alarm)
    return ""


def past_alerts_text(report: WeeklyReport, texts: Texts, name: Name) -> str:
    """What became of the base week's alerts that are not announced any more; empty where there are none.

    What is announced as improved says so itself.
    """
    told = {change.category for change in report.announced}
    silent = [change for change in report.resolved if change.category not in told]
    ended = _ended(silent, report.still_raised, texts, name)
    week = week_before_text(report.weeks.base, texts)
    return texts("history.past", week=week, ended=ended) if ended else ""


def resolution_text(report: WeeklyReport, texts: Texts, name: Name) -> str:
    """What became of all of them, for the base week's own summary; empty where this report resolves none."""
    if not report.resolved:
        return ""
    week = week_text(report.weeks.comparison, texts)
    ended = _ended(report.resolved, report.still_raised, texts, name)
    return texts("history.resolution", week=week, ended=ended)


def first_names(names: Iterable[str], texts: Texts) -> str:
    """The first names, and how many others there are."""
    shown = list(names)
    rest = len(shown) - NAMES_SHOWN
    return ", ".join(shown[:NAMES_SHOWN]) + (texts("change.others", count=rest) if rest > 0 else "")


def _ended(
    resolved: Sequence[Change], still_raised: Sequence[Change], texts: Texts, name: Name
) -> str:
    """By what they were announced as: how many and which are over; then those that have stayed as high."""
    told = [
        texts("history.over", status=texts(f"status.{status}"), **counted)
        for status in ANALYSED
        if (counted := _counted(resolved, texts, name, status))
    ]
    if counted := _counted(still_raised, texts, name):
        told.append(texts("history.still_raised", **counted))
    return " · ".join(told)


def _counted(
    changes: Sequence[Change], texts: Texts, name: Name, status: Status | None = None
) -> dict[str, object]:
    """The count and the first names of those that were announced as this status; nothing where there are none."""
    found = [c.category for c in changes if status in (None, c.alert_status_before)]
    names = first_names((name(_short(category)) for category in found), texts)
    return {"count": len(found), "names": names} if found else {}


def _short(category: Category) -> Category:
    """The last levels of a name; all of them where those are not classified."""
    last = category[-LEVELS_SHOWN:]
    return category if set(last) == {UNCLASSIFIED} else last

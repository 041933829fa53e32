"""The chart of `voc history`: one bar a week, its negative tickets in another shade."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.commands.status_table import marked
from flows.report.categories import Levels
from flows.report.evidence import MARKS
from flows.report.values import CategoryWeek
from flows.report.writing import category_name

_NEGATIVE, _OTHER = ("█", "red"), ("░", "cyan")  # different without colours too
_USUAL, _EMPTY = ("·", "dim"), (" ", "")
_WIDEST_BAR, _NARROWEST_BAR = 60, 8
_BESIDE_THE_BAR = 56


def show_history(levels: Levels, weeks: Sequence[CategoryWeek]) -> None:
    """A headline, a line for each week with the oldest first, and what the shades mean."""
    console = Console(highlight=False)
    most = max(week.total_count for week in weeks)
    room = min(_WIDEST_BAR, max(_NARROWEST_BAR, console.width - _BESIDE_THE_BAR))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("week", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("tickets", justify="right", no_wrap=True)
    table.add_column("negative", justify="right", no_wrap=True)
    has_usual = any(week.usual for week in weeks)
    if has_usual:
        table.add_column("usual", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for week in weeks:
        ratio = week.negative_ratio
        table.add_row(
            week.week.label,
            _bar(week, most, room),
            f"{week.total_count:,}",
            "–" if ratio is None else f"{100 * ratio:.0f}%",
            *(["{:,}–{:,}".format(*week.usual) if week.usual else "–"] if has_usual else []),
            _status(week),
        )
    console.print(Text(_headline(levels, weeks), "bold"), end="\n\n", soft_wrap=True)
    console.print(table)
    legend = Text.assemble("\n", _NEGATIVE, " negative  ", _OTHER, " other")
    if has_usual:
        legend.append_text(Text.assemble("  ", _USUAL, " usual range"))
    console.print(legend.append(_note(levels)))


def _headline(levels: Levels, weeks: Sequence[CategoryWeek]) -> str:
    name = category_name(levels)
    return f"{name}, {weeks[0].week.label} to {weeks[-1].week.label}"


def _note(levels: Levels) -> str:
    is_category = len(levels) == 3
    return "" if is_category else "   The status is the worst of the categories below."


def _status(week: CategoryWeek) -> Text:
    if week.status is None:
        return Text()
    return marked(week.status) + (f" {MARKS[week.evidence]}" if week.evidence else "")


def _bar(week: CategoryWeek, most: int, room: int) -> Text:
    """The week's tickets to the scale of the week with the most; a week with tickets always has a bar.

    Behind it, the band of what is usual.
    """
    length = max(1, round(week.total_count / most * room)) if week.total_count else 0
    negative = round(week.negative_count / most * room)
    cells = [_NEGATIVE] * negative + [_OTHER] * (length - negative)
    if week.usual:
        low, high = (min(round(tickets / most * room), room) for tickets in week.usual)
        cells += [_EMPTY] * (low - length) + [_USUAL] * (high - max(low, length))
    return Text.assemble(*cells)

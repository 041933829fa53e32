"""The table of `voc status`: numbers are never cut, less important columns are dropped on a narrow terminal."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from catalogue import Texts
from flows.report.evidence import MARKS, alarms_text, company_texts
from flows.report.values import STATUSES, Alarms, Change, Status, WeekPair, to_look_at_first
from flows.report.writing import ICONS, category_name, signed, sparkline

_STYLES = {"CRITICAL": "bold red", "MONITOR": "yellow", "IMPROVED": "green", "STABLE": "dim"}
_REASONS = {
    "volume_increase": "more tickets",
    "negative_ratio": "more negative",
    "volume_decrease": "fewer tickets",
}

TEXTS = Texts("en")
_GAP = 2
_MIN_CATEGORY_WIDTH = 20
_ENDLESS = 10_000


def show_statuses(weeks: WeekPair, rows: Sequence[Change], alarms: Alarms | None) -> None:
    """A headline, and one line a category, worst first."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _ENDLESS  # readers of a pipe want one line a category
    console.print(_headline(weeks, rows, alarms), end="\n\n")
    if not rows:
        console.print("No category has such a status.")
        return
    console.print(_table(rows, console))
    if console.is_terminal:
        more = f"voc history --category {shlex.quote(category_name(rows[0].category))}"
        console.print(Text(f"\nThe weeks of one: {more}"), soft_wrap=True)


def marked(status: Status) -> Text:
    """A status with its icon, in its colour."""
    return Text(f"{ICONS[status]} {status}", _STYLES[status])


def _headline(weeks: WeekPair, rows: Sequence[Change], alarms: Alarms | None) -> Text:
    week, counts = weeks.comparison, Counter(row.status for row in rows)
    lines = [
        Text(f"{week.label} ({week.start} – {week.end}) against {weeks.base.label}", "bold"),
        Text("   ").join(
            Text(f"{ICONS[status]} {counts[status]} {status}", _STYLES[status])
            for status in STATUSES
            if counts[status]
        ),
    ]
    lines += map(Text, [alarms_text(alarms, TEXTS), *company_texts(alarms, TEXTS)])
    if first := to_look_at_first(rows):
        lines.append(
            Text(
                f"Look first: {category_name(first.category)}, {_tickets(first)} ({_change(first)})"
            )
        )
    return Text("\n").join(line for line in lines if line)


def _tickets(row: Change) -> str:
    return f"{row.base_total:,} → {row.comparison_total:,}"


def _change(row: Change) -> str:
    return "new" if row.total_change_pct is None else f"{signed(row.total_change_pct)}%"


def _negative(row: Change) -> str:
    """The share in the comparison week, and its change in percentage points where there is one."""
    ratio, points = row.comparison_negative_ratio, row.negative_ratio_change_pp
    share = "–" if ratio is None else f"{100 * ratio:.0f}%"
    return f"{share} {'' if points is None else signed(points) + 'pp':>7}"


def _usual(row: Change) -> str:
    return "–" if row.usual is None else "{:,}–{:,}".format(*row.usual)


def _mark(row: Change) -> str:
    return f"{MARKS[row.evidence]} {TEXTS(f'html.{row.evidence}')}" if row.evidence else ""


def _why(row: Change) -> str:
    return ", ".join(_REASONS[reason] for reason in row.reasons)


@dataclass(frozen=True)
class _Column:
    heading: str
    cell: Callable[[Change], Text | str]
    justify: JustifyMethod = "left"

    def width(self, rows: Sequence[Change]) -> int:
        """Cells that the widest value takes; a Hangul syllable takes two."""
        return max(map(cell_len, [self.heading, *(str(self.cell(row)) for row in rows)]))


_STATUS = _Column("status", lambda row: marked(row.status))
_CATEGORY = _Column("category", lambda row: category_name(row.category))
_NUMBERS = (
    _Column("tickets", _tickets, "right"),
    _Column("change", _change, "right"),
    _Column("negative", _negative, "right"),
)
_EVIDENCE = (_Column("usual", _usual, "right"), _Column("evidence", _mark))
_WEEKS = _Column("8 weeks", lambda row: sparkline(row.total_last_8_weeks))
_WHY = _Column("why", _why)
_LAYOUTS = (
    (*_NUMBERS, *_EVIDENCE, _WEEKS, _WHY),
    (*_NUMBERS, *_EVIDENCE, _WEEKS),
    (*_NUMBERS, *_EVIDENCE),
    (*_NUMBERS[:2], *_EVIDENCE),
    (*_NUMBERS[:2], _EVIDENCE[1]),
    _NUMBERS[:2],
)


def _table(rows: Sequence[Change], console: Console) -> Table:
    """The first layout that leaves room for the categories; "why" is shown with them where it has no column."""
    widest = _CATEGORY.width(rows)
    for columns in _LAYOUTS:
        room = console.width - sum(_GAP + column.width(rows) for column in (_STATUS, *columns))
        if room >= min(widest, _MIN_CATEGORY_WIDTH):
            break
    room = max(min(room, widest), 1)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("status", width=_STATUS.width(rows), no_wrap=True)
    table.add_column("category", width=room, overflow="fold")
    for column in columns:
        table.add_column(
            column.heading, justify=column.justify, width=column.width(rows), no_wrap=True
        )
    for row in rows:
        category = Text(category_name(row.category))
        if _WHY not in columns and row.status_reason:
            lines = list(category.wrap(console, room, overflow="fold"))
            category = _with_why(lines, _why(row), room)
        table.add_row(_STATUS.cell(row), category, *(column.cell(row) for column in columns))
    return table


def _with_why(lines: Sequence[Text], why: str, room: int) -> Text:
    """The lines of a category, and "why" on the last line where it fits, else on a line of its own."""
    fits = cell_len(f"{lines[-1]} · {why}") <= room
    return Text("\n").join(lines) + Text(f" · {why}" if fits else f"\n{why}", "dim")

"""Reports and tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from flows.outcome import RunResult
from flows.report import Change, WeekPair
from flows.slack.messages import category_name, sparkline
from flows.slack.preview import preview

_STYLES = {"CRITICAL": "bold red", "MONITOR": "yellow", "IMPROVED": "green", "STABLE": "dim"}
_MESSAGE_WIDTH = 92
_WIDE = 110


def show_result(result: RunResult) -> None:
    """The messages as they look in Slack, then one line on what came of them."""
    console = Console()
    for message in result.messages:
        is_reply = message.id.kind != "summary"
        panel = Panel(Text(preview(message.blocks)), width=_MESSAGE_WIDTH)
        console.print(Padding(panel, (0, 0, 0, 4 if is_reply else 0)))
    console.print(_closing_line(result))


def show_statuses(weeks: WeekPair, rows: Sequence[Change]) -> None:
    """One line a category, worst first."""
    console = Console()
    is_wide = console.width >= _WIDE
    table = Table(
        title=f"{weeks.comparison.label} ({weeks.comparison.start} – {weeks.comparison.end})",
        box=SIMPLE_HEAD,
    )
    table.add_column("status", no_wrap=True)
    table.add_column("category", overflow="fold", min_width=20)
    for heading in ("tickets", "change", "negative"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("8 weeks", no_wrap=True)
    if is_wide:
        table.add_column("reason", no_wrap=True)
    for row in rows:
        cells: list[RenderableType] = [
            Text(row.status, style=_STYLES[row.status]),
            Text(category_name(row.category)),
            f"{row.base_total:,} → {row.comparison_total:,}",
            "new" if row.total_change_pct is None else f"{row.total_change_pct:+,.1f}%",
            _negative(row),
            sparkline(row.total_last_8_weeks),
        ]
        table.add_row(*cells, *([row.status_reason or ""] if is_wide else []))
    console.print(table)


def _negative(row: Change) -> str:
    ratio, points = row.comparison_negative_ratio, row.negative_ratio_change_pp
    share = "–" if ratio is None else f"{100 * ratio:.0f}%"
    return share if points is None else f"{share} ({points:+.1f})"


def _closing_line(result: RunResult) -> str:
    week = result.weeks.comparison
    where = ", ".join(sorted({message.channel for message in result.delivered}))
    match result.outcome:
        case "posted" | "quiet":
            new = sum(message.is_new for message in result.delivered)
            return f"Posted {new} message(s) for {week.label} to {where}."
        case "already_posted":
            return f"{week.label} was already posted to {where}: nothing was posted. --force posts it again."
        case "dry_run":
            return f"Dry run for {week.label}: nothing was posted."
        case "no_data":
            days = f"{week.start} – {week.end}"
            end = f" The tickets end on {result.last_date}." if result.last_date else ""
            return f"No tickets in {week.label} ({days}): nothing was posted.{end} Choose another --week."
        case "not_ready":
            return f"{week.label} is not loaded yet: nothing was posted."

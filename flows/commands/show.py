"""Reports and tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
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
    table = Table(
        title=f"{weeks.comparison.label} ({weeks.comparison.start} – {weeks.comparison.end})"
    )
    table.add_column("status")
    table.add_column("category", overflow="fold")
    table.add_column("tickets", justify="right")
    table.add_column("change", justify="right")
    table.add_column("negative", justify="right")
    table.add_column("points", justify="right")
    table.add_column("8 weeks")
    table.add_column("reason")
    for row in rows:
        table.add_row(
            Text(row.status, style=_STYLES[row.status]),
            Text(category_name(row.category)),
            f"{row.base_total:,} → {row.comparison_total:,}",
            "new" if row.total_change_pct is None else f"{row.total_change_pct:+,.1f}%",
            "–"
            if row.comparison_negative_ratio is None
            else f"{100 * row.comparison_negative_ratio:.1f}%",
            "–" if row.negative_ratio_change_pp is None else f"{row.negative_ratio_change_pp:+.1f}",
            sparkline(row.total_last_8_weeks),
            row.status_reason or "",
        )
    Console().print(table)


def _closing_line(result: RunResult) -> str:
    week = result.weeks.comparison
    where = ", ".join(sorted({message.channel for message in result.delivered}))
    match result.outcome:
        case "posted" | "quiet":
            new = sum(message.is_new for message in result.delivered)
            return f"Posted {new} message(s) for {week.label} to {where}."
        case "already_posted":
            return f"{week.label} stands in {where} already: nothing was posted. --force posts it again."
        case "dry_run":
            return f"Dry run for {week.label}: nothing was posted."
        case "no_data":
            days = f"{week.start} – {week.end}"
            return (
                f"No tickets in {week.label} ({days}): nothing was posted. Choose another --week."
            )
        case "not_ready":
            return f"{week.label} is not loaded yet: nothing was posted."

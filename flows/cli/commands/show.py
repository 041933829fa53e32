"""What `voc run` prints at the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from flows.privacy.masker import Masker
from flows.report.outcome import RunResult
from flows.report.values import to_look_at_first
from flows.report.writing import category_name
from flows.runtime.settings import Settings
from flows.slack.preview import preview

_MESSAGE_WIDTH = 92


def show_result(result: RunResult, settings: Settings, masker: Masker) -> None:
    """Print the messages as they look in Slack, then one line on what happened to them, and where to look."""
    console = Console(highlight=False)
    for message in result.messages:
        is_reply = message.id.kind != "summary"
        panel = Panel(Text(masker.clean(preview(message.blocks))), width=_MESSAGE_WIDTH)
        console.print(Padding(panel, (0, 0, 0, 4 if is_reply else 0)))
    console.print(Text(_closing_line(result)))
    for what, where in _where_to_look(result, settings):
        console.print(Text(f"  {what:<10}{where}"), soft_wrap=True)


def _closing_line(result: RunResult) -> str:
    week = result.weeks.comparison
    match result.outcome:
        case "posted" | "quiet":
            new = sum(message.is_new for message in result.delivered)
            return f"Posted {new} message(s) for {week.label} to {_channels(result)}."
        case "already_posted":
            return (
                f"{week.label} was already posted to {_channels(result)}: nothing was posted. "
                "--force posts it again."
            )
        case "dry_run":
            return f"Dry run for {week.label}: nothing was posted."
        case "no_data":
            if result.last_date:  # of a file that ends earlier: its weeks were named above
                return f"Nothing was posted for {week.label}."
            days = f"{week.start} – {week.end}"
            return (
                f"No tickets in {week.label} ({days}): nothing was posted. Choose another --week."
            )
        case "not_ready":
            days = ", ".join(map(str, result.missing_days)) or "its days"
            return f"{week.label} is not loaded yet: nothing was posted. Tickets of {days} are missing."


def _where_to_look(result: RunResult, settings: Settings) -> Iterator[tuple[str, str]]:
    if result.delivered:
        is_in_slack = settings.slack_bot_token is not None
        yield (
            "messages",
            f"Slack, {_channels(result)}" if is_in_slack else f"{settings.home / 'outbox'}",
        )
    if result.page:
        yield "report", result.page
    if result.report:
        target = " --target bigquery" if settings.target == "bigquery" else ""
        yield "table", f"voc status{target}"
        if worst := to_look_at_first(result.report.rows):
            category = shlex.quote(category_name(worst.category))
            yield "trend", f"voc history --category {category}{target}"


def _channels(result: RunResult) -> str:
    return ", ".join(sorted({message.channel for message in result.delivered}))

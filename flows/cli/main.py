"""The command line, `voc …`. Nothing slow is imported before the input has been checked."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from flows.cli.commands import completion
from flows.runtime.errors import UsageError, VocError

if TYPE_CHECKING:
    from flows.runtime.assembly import Assembly

INTERRUPTED = 130  # Typer's exit code for Ctrl-C
TERMINATED = 128 + signal.SIGTERM
TERMINATED_SECONDS = 9.0
"""From SIGTERM to the end, whatever goes on: Cloud Run kills after 10 s."""

COMPLETING = "_VOC_COMPLETE"  # set by the shell that asks what Tab may offer


class _FlagsWithoutType:
    """Typer 0.29 writes `<bool>` beside every flag and `<str>` beside an argument in --help: no news to anybody."""

    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
            elif param.param_type_name == "argument":
                param.display_type_rich = lambda ctx: None
        return params


class _Command(_FlagsWithoutType, TyperCommand):
    pass


class _Group(_FlagsWithoutType, TyperGroup):
    pass


app = typer.Typer(
    cls=_Group, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False
)

AsOf = Annotated[
    str | None, typer.Option(help="Report the week that was newest on this date.", metavar="DATE")
]
WeekOption = Annotated[
    str | None,
    typer.Option(help="Report this ISO week.", metavar="2026-W46", autocompletion=completion.weeks),
]
Source = Annotated[
    Path | None,
    typer.Option(help="CSV, Parquet or .xlsx file with the tickets.", metavar="FILE"),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help="Header that holds a column (repeatable).", metavar="COLUMN=HEADER"),
]
MapEmotion = Annotated[
    list[str] | None,
    typer.Option(help="The file's words for an emotion (repeatable).", metavar="부정=WORD,…"),
]
SourceTimezone = Annotated[
    str | None,
    typer.Option(help="Zone of times without one (default: UTC).", metavar="Asia/Seoul"),
]
Sheet = Annotated[
    str | None, typer.Option(help="Sheet of an .xlsx file (default: the first).", metavar="NAME")
]
DateOrder = Annotated[
    str | None,
    typer.Option(help="Which number of 11/2/2026 comes first.", metavar="dmy|mdy"),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        help="Where the tables are (default: VOC_TARGET).",
        metavar="duckdb|bigquery",
        autocompletion=completion.targets,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")
]


def _assembly(
    target: str | None = None,
    columns: list[str] | None = None,
    emotions: list[str] | None = None,
    source_timezone: str | None = None,
    sheet: str | None = None,
    date_order: str | None = None,
) -> Assembly:
    """The parts of this process, from settings that are read here once and what the command says of its source."""
    from flows.runtime.asked import AskedSource
    from flows.runtime.assembly import Assembly
    from flows.runtime.settings import load_settings

    asked = AskedSource(tuple(columns or ()), tuple(emotions or ()), sheet, date_order)
    return Assembly(load_settings(target, source_timezone, asked))


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"voc-analyst {_assembly().settings.version}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """What customers complained about more than last week, and why.

    Examples:
      voc sample --out tickets.parquet
      voc run --source tickets.parquet --dry-run
      voc status
      voc history --category "유저 / 이력서"
      voc ask "유저 / 이력서 왜?"
    """


@app.command(cls=_Command)
def run(
    as_of: AsOf = None,
    week: WeekOption = None,
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    channel: Annotated[
        str | None, typer.Option(help="Slack channel id.", metavar="C0123ABCD")
    ] = None,
    thread_ts: Annotated[
        str | None, typer.Option(help="Post into this thread.", metavar="TS")
    ] = None,
    target: TargetOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but post.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Post again what was posted already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the tables, analyse what got worse and post the report.

    Examples:
      voc run --source tickets.csv --dry-run
      voc run --source tickets.csv --week 2026-W46
      voc run --source export.xlsx --map id="Ticket ID" --source-timezone Asia/Seoul
      voc run --target bigquery --channel C0123ABCD --force
    """
    from flows.cli.commands.run import run_report

    parts = _assembly(target, columns, map_emotion, source_timezone, sheet, date_order)
    result = run_report(
        parts,
        as_of=_asked_as_of(as_of, week),
        source=source,
        channel=channel,
        thread_ts=thread_ts,
        dry_run=dry_run,
        force=force,
    )
    if as_json:
        shown = result.as_json()
        # The other values come from code, and a key of a message may look like a number.
        foreign = {name: shown[name] for name in ("changes", "analyses", "doubts")}
        _print_json(shown | parts.masker.clean(foreign))
    else:
        from flows.cli.commands.show import show_result

        show_result(result, parts.settings, parts.masker)
    if result.outcome in ("no_data", "not_ready"):
        raise typer.Exit(3)


@app.command(cls=_Command)
def status(
    week: WeekOption = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this status (repeatable).",
            metavar="CRITICAL",
            autocompletion=completion.statuses,
        ),
    ] = None,
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
    as_json: Json = False,
) -> None:
    """Show the status of every category.

    Examples:
      voc status
      voc status --week 2026-W46 --status CRITICAL --status MONITOR
      voc status --source tickets.csv --json
    """
    from flows.cli.commands.status import read_statuses

    weeks, rows, alarms = read_statuses(
        _assembly(target, columns, map_emotion, source_timezone, sheet, date_order),
        as_of=_asked_as_of(None, week),
        statuses=status or [],
        source=source,
    )
    if as_json:
        _print_json({"rows": [row.as_json() for row in rows]})
    else:
        from flows.cli.commands.status_table import show_statuses

        show_statuses(weeks, rows, alarms)


@app.command(cls=_Command)
def report(
    out: Annotated[Path, typer.Option(help="Folder to write to.", metavar="DIR")],
    week: WeekOption = None,
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
) -> None:
    """Write the report of a week as a page, and post nothing.

    Examples:
      voc report --out pages
      voc report --week 2026-W46 --source tickets.csv --out pages
    """
    from flows.cli.commands.report import write_report

    as_of = _asked_as_of(None, week)
    print(
        write_report(
            _assembly(target, columns, map_emotion, source_timezone, sheet, date_order),
            as_of=as_of,
            out=out,
            source=source,
        )
    )


@app.command(cls=_Command)
def history(
    category: Annotated[
        str,
        typer.Option(
            help="One, two or three levels, as voc status shows them.",
            metavar="NAME",
            autocompletion=completion.categories,
        ),
    ],
    weeks: Annotated[int, typer.Option(help="Weeks to show.", metavar="N", min=1, max=520)] = 26,
    week: Annotated[
        str | None,
        typer.Option(
            help="End with this ISO week.", metavar="2026-W46", autocompletion=completion.weeks
        ),
    ] = None,
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
    as_json: Json = False,
) -> None:
    """Draw the weeks of a category, or of all that is below an upper level.

    Examples:
      voc history --category "유저 / 이력서"
      voc history --category "유저 / 이력서 / 업로드 오류" --weeks 12
      voc history --category 유저 --week 2026-W40 --json
    """
    from flows.cli.commands.history import read_trend

    levels, shown = read_trend(
        _assembly(target, columns, map_emotion, source_timezone, sheet, date_order),
        category=category,
        weeks=weeks,
        as_of=_asked_as_of(None, week),
        source=source,
    )
    if as_json:
        _print_json({"category": list(levels), "weeks": [each.as_json() for each in shown]})
    else:
        from flows.cli.commands.history_chart import show_history

        show_history(levels, shown)


@app.command(cls=_Command)
def ask(
    question: Annotated[str, typer.Argument(help="As in Slack.", metavar="QUESTION")],
    week: WeekOption = None,
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
    as_json: Json = False,
) -> None:
    """Answer a question about a category, its weeks, tickets or why it got worse.

    Examples:
      voc ask "유저 / 이력서 왜?"
      voc ask "4주 추이 결제"
      voc ask "W45 W46 비교" --json
    """
    from flows.cli.commands.ask import answer_question, show_answer
    from flows.report.answers import Suggestions

    parts = _assembly(target, columns, map_emotion, source_timezone, sheet, date_order)
    answer = answer_question(parts, question, as_of=_asked_as_of(None, week), source=source)
    if as_json and isinstance(answer, Suggestions):
        _print_json({"candidates": parts.masker.clean(list(answer.questions))})
    elif as_json:
        _print_json(parts.masker.clean({"answer": {"kind": answer.kind, **answer.as_json()}}))
    else:
        show_answer(answer, parts)
    if isinstance(answer, Suggestions):
        raise typer.Exit(2)


@app.command(cls=_Command)
def backfill(
    first: Annotated[
        str, typer.Option("--from", help="First ISO week to count again.", metavar="2025-W01")
    ],
    last: Annotated[
        str, typer.Option("--to", help="Last ISO week to count again.", metavar="2026-W46")
    ],
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
) -> None:
    """Count past weeks again, in one dbt run, and post nothing.

    Examples:
      voc backfill --from 2025-W01 --to 2026-W46
      voc backfill --from 2026-W40 --to 2026-W46 --source tickets.csv
    """
    from flows.cli.commands.backfill import count_again
    from flows.report.as_of import as_of_week

    weeks = {"first": as_of_week(first), "last": as_of_week(last)}
    count_again(
        _assembly(target, columns, map_emotion, source_timezone, sheet, date_order),
        **weeks,
        source=source,
    )
    print(f"Counted {first} to {last} again; nothing was posted. See voc status --week {last}.")


@app.command(cls=_Command)
def backtest(
    thresholds: Annotated[
        Path, typer.Option(help="Other thresholds, as a file like the seed.", metavar="FILE")
    ],
    weeks: Annotated[
        int | None,
        typer.Option(help="The newest weeks (default: 26, or all).", metavar="N", min=1),
    ] = None,
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
    as_json: Json = False,
) -> None:
    """Show the alarms that past weeks would have had under other thresholds; nothing is changed.

    Examples:
      voc backtest --thresholds candidate.csv
      voc backtest --thresholds candidate.csv --weeks 12 --json
    """
    from flows.cli.commands.backtest import compare, show_comparison

    comparison = compare(
        _assembly(target, columns, map_emotion, source_timezone, sheet, date_order),
        thresholds,
        weeks=weeks,
        source=source,
    )
    if as_json:
        _print_json(comparison.as_json())
    else:
        show_comparison(comparison)


@app.command(cls=_Command)
def sample(
    out: Annotated[Path, typer.Option(help="File to write, .parquet or .csv.", metavar="FILE")],
    weeks: Annotated[int, typer.Option(help="Weeks of tickets.", metavar="N", min=1)] = 12,
    tickets_per_week: Annotated[
        int, typer.Option(help="Tickets in each week.", metavar="N", min=1)
    ] = 1200,
    until: Annotated[
        str | None, typer.Option(help="Last day (default: last Sunday in Seoul).", metavar="DATE")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same file.", metavar="N")] = 1,
) -> None:
    """Write made-up Korean tickets with a surge, a spike, a new and a vanished category.

    Examples:
      voc sample --out tickets.parquet
      voc sample --out tickets.csv --weeks 26 --tickets-per-week 500
    """
    from flows.cli.commands.sample import write

    write(out, weeks=weeks, tickets_per_week=tickets_per_week, until=until, seed=seed)


@app.command(cls=_Command)
def doctor(
    source: Source = None,
    columns: Map = None,
    map_emotion: MapEmotion = None,
    source_timezone: SourceTimezone = None,
    sheet: Sheet = None,
    date_order: DateOrder = None,
    target: TargetOption = None,
) -> None:
    """Say what is configured, reachable and missing.

    Examples:
      voc doctor
      voc doctor --source tickets.csv
      voc doctor --target bigquery
    """
    from flows.cli.commands.doctor import examine

    raise typer.Exit(
        examine(
            _assembly(target, columns, map_emotion, source_timezone, sheet, date_order),
            source=source,
        )
    )


@app.command(cls=_Command)
def purge(
    before: Annotated[
        str | None, typer.Option(help="Of weeks that end before this date.", metavar="DATE")
    ] = None,
    ticket: Annotated[
        str | None, typer.Option(help="Of the ticket with this id.", metavar="ID")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and remove nothing.")] = False,
    target: TargetOption = None,
    as_json: Json = False,
) -> None:
    """Remove customers' words from where voc has put them; counts and statuses stay.

    Examples:
      voc purge --before 2026-06-01 --dry-run
      voc purge --before 2026-06-01
      voc purge --ticket 123456 --json
    """
    from flows.cli.commands.purge import purged, show_purge
    from flows.report.as_of import date_of

    day = date_of(before) if before is not None else None
    done = purged(_assembly(target), before=day, ticket=ticket, dry_run=dry_run)
    if as_json:
        _print_json(done.as_json())
    else:
        show_purge(done)


@app.command("open", cls=_Command)
def open_page(target: TargetOption = None) -> None:
    """Open the newest report as a page, in the browser.

    Examples:
      voc open
    """
    from flows.cli.commands.open import newest_page, show_in_browser

    page = newest_page(_assembly(target))
    is_shown = show_in_browser(page)
    print(page if is_shown else f"{page} (this machine has no browser: open it elsewhere)")


@app.command(cls=_Command)
def docs(target: TargetOption = None) -> None:
    """Build the documentation site of the tables and metrics.

    Examples:
      voc docs
      voc docs --target bigquery
    """
    from flows.cli.commands.docs import build_docs

    print(f"The documentation is in {build_docs(_assembly(target))}.")


def _asked_as_of(as_of: str | None, week: str | None) -> date | None:
    from flows.report.as_of import as_of_week, date_of

    if as_of and week:
        raise UsageError("--as-of and --week name the week twice. Use one of them.")
    if week:
        return as_of_week(week)
    return date_of(as_of) if as_of else None


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False))


def main() -> None:
    """Run the command line; every error is one line and an exit code (see flows.runtime.errors)."""
    if os.environ.get(COMPLETING):
        _complete()
    os.umask(0o077)  # what is written holds customers' words
    sigterm = _end_on_sigterm()
    # A root logger with a handler keeps libraries from printing, and from adding a handler that prints.
    logging.getLogger().addHandler(logging.NullHandler())
    code, message = _run()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # there is nothing left to interrupt
    if code and sigterm:  # whatever the interrupt was taken for on its way up
        _leave(TERMINATED, "ended by SIGTERM")
    if code == INTERRUPTED:
        _leave(INTERRUPTED, "interrupted")
    if message:
        _show_error(code, message)
    sys.exit(code)


def _complete() -> NoReturn:
    """Give the shell what Tab may offer. On a half-typed line, no error is shown."""
    offered = io.StringIO()
    try:
        with contextlib.redirect_stdout(offered):
            app(prog_name="voc", standalone_mode=False)
    except SystemExit:  # how Typer ends when it has answered
        print(completion.quoted_for_bash(offered.getvalue()), end="")
        raise
    except (Exception, KeyboardInterrupt):
        sys.exit(1)
    sys.exit(0)


def _run() -> tuple[int, str]:
    """Run the command; return its exit code, and the line that explains an error.

    The error's frames are cleared: Prefect keeps it, and at exit DuckDB complains about every object kept alive.
    """
    try:
        return app(prog_name="voc", standalone_mode=False) or 0, ""
    except VocError as error:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = error.__context__ = None
        return error.exit_code, str(error)
    except Exception as error:
        if hasattr(error, "format_message"):
            # Click's usage errors; without a message, Click has printed the help.
            text = error.format_message().rstrip(".")
            return 2, f"{text}. See --help." if text else ""
        from flows.runtime.failures import unexpected

        return 1, unexpected(error)


def _end_on_sigterm() -> list[int]:
    """Let SIGTERM interrupt the command as Ctrl-C does, and then be in the list. A stuck command ends in time too."""
    received: list[int] = []
    last_call: SimpleQueue[int] = (
        SimpleQueue()
    )  # its put() is safe in a handler; starting a thread is not

    def end(number: int, frame: FrameType | None) -> None:
        received.append(number)
        last_call.put(number)
        raise KeyboardInterrupt

    def leave_in_time() -> None:
        last_call.get()
        time.sleep(TERMINATED_SECONDS)
        _leave(TERMINATED, "ended by SIGTERM before it had finished")

    threading.Thread(target=leave_in_time, daemon=True).start()
    signal.signal(signal.SIGTERM, end)
    return received


def _leave(code: int, message: str) -> NoReturn:
    """End without waiting for threads, which may be waiting for Slack. Child processes end when their stdin does."""
    with contextlib.suppress(OSError):
        _show_error(code, message)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _show_error(code: int, message: str) -> None:
    if "--json" in sys.argv:
        _print_json({"outcome": "error", "error": {"code": code, "message": message}})
    else:
        print(f"voc: {message}", file=sys.stderr)

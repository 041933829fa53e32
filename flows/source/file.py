"""Accepts a CSV, Parquet or .xlsx file as the source table of the DuckDB target.

Parquet is read in place through a view; the others are typed and stored once. Everything that can be wrong with a
file is found here, before dbt or Prefect is imported. A file is read whole, or refused.
"""

from __future__ import annotations

import hashlib
import logging
import stat
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from flows.report.values import Week, WeekPair
from flows.runtime.errors import WEEK, SourceError, UsageError
from flows.runtime.workspace import NO_SOURCE, Workspace, Workspaces, resolved
from flows.source.database import check_zones, connected
from flows.source.options import SourceOptions
from flows.source.reading import SUFFIXES
from flows.source.registering import Line, register

log = logging.getLogger("voc")

# One more when a file is read to another table than before: what an older version has registered is read again.
_READER = 3


@dataclass(frozen=True)
class SourceFile:
    """A registered file: where its warehouse is, and which weeks it can compare.

    `needs_full_refresh` is true until a build of this version of the file has succeeded. `reportable` says which
    weeks can be reported, such as "2026-W45 to 2026-W47". `newest_whole` is the newest of them that the file does not
    end in before its Friday, or the newest where there is no such one. `reportable` is empty if none can be reported:
    then tickets from `needed_from` on would be enough.
    """

    path: Path
    workspace: Workspace
    weeks: WeekPair
    first_date: date
    last_date: date
    reportable: str
    newest_whole: str
    needed_from: date
    needs_full_refresh: bool

    @property
    def ends_before_report_week(self) -> bool:
        return self.last_date < self.weeks.comparison.start

    @property
    def advice(self) -> str:
        """What would work: a week to choose, or an export that reaches further back."""
        if not self.reportable:
            return (
                "A report compares two complete weeks: export the tickets from Monday, "
                f"{self.needed_from} on."
            )
        is_newest = self.reportable.endswith(self.newest_whole)
        remark = "" if is_newest else ", the newest that is whole"
        return f"Reports can be made on {self.reportable}: add --week {self.newest_whole}{remark}."

    @property
    def without_report_week(self) -> str:
        """What is wrong with a file that ends before the report week, and what would work."""
        week = self.weeks.comparison
        return (
            f"{self.path.name} has no tickets in {week.label} ({week.start} – {week.end}): they are from "
            f"{self.first_date} to {self.last_date}. {self.advice}"
        )

    @property
    def key(self) -> str:
        """Distinguishes reports on different files; the same file keeps its key when it changes."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:8]

    def mark_built(self) -> None:
        """Remember that a build of this version has succeeded."""
        assert self.workspace.duckdb_path is not None
        with connected(self.workspace.duckdb_path) as connection:
            connection.execute("update source.version set is_built = true")


@dataclass(frozen=True)
class _Version:
    """If any of these values changes, the tables must be built again."""

    path: str
    size: int
    modified_ns: int
    timezone: str
    options: str
    reader: int = _READER


def source_of(
    workspaces: Workspaces,
    timezone: str,
    source: Path | None,
    as_of: date,
    options: SourceOptions | None = None,
) -> SourceFile | None:
    """The file that the target duckdb reads, as its source table; None where the target reads BigQuery's table.

    Raises UsageError or SourceError when source and target do not fit together, and what `open_source` raises.
    """
    if workspaces.is_on_bigquery:
        if source is not None:
            raise UsageError(
                "--source is read by the target duckdb only. Leave out one of the two."
            )
        return None
    if source is None:
        raise SourceError(NO_SOURCE)
    return open_source(workspaces, timezone, source, as_of, options)


def open_source(
    workspaces: Workspaces,
    timezone: str,
    source: Path,
    as_of: date,
    options: SourceOptions | None = None,
) -> SourceFile:
    """Check the file and make it the source table of its own DuckDB database.

    Args:
        timezone: the zone in which weeks begin.
        options: how the file is to be read (default: by its own column names, times without a zone in UTC).

    Raises:
        SourceError: a file, columns, types or times that cannot be used, a database that is locked or not writable,
            fewer than two complete weeks before `as_of`.
        UsageError: options that do not fit the file.
    """
    options = options or SourceOptions()
    path = resolved(source)
    version = _version_of(path, timezone, options)
    workspace = workspaces.of(path)
    assert workspace.duckdb_path is not None
    with connected(workspace.duckdb_path) as connection:
        check_zones(connection, timezone, options.timezone)
        is_built = _is_built(connection, version)
        if is_built is None:
            connection.execute("begin")
            lines = register(connection, path, options, workspace.folder)
            _remember(connection, version, lines)
            _keep_days(connection, timezone)
            connection.execute("commit")
        file = _file_of(connection, path, workspace, timezone, as_of, is_built=bool(is_built))
        lines = _remembered(connection)
    _check_two_complete_weeks(file, as_of)
    for line in lines:
        log.log(logging.WARNING if line.is_warning else logging.INFO, "%s", line.text)
    return file


def _version_of(path: Path, timezone: str, options: SourceOptions) -> _Version:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise SourceError(f"{path.name} is a folder. Name one file.")
        if not stat.S_ISREG(found.st_mode):
            raise SourceError(f"{path.name} is a pipe or a device. Write the tickets to a file.")
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}. Check --source.") from None
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(
            f"{path.name} is neither .csv nor .parquet nor .xlsx. Export the tickets as one of these."
        )
    if any(character in str(path) for character in "*?["):
        raise SourceError(f"{path.name}: *, ? and [ are not allowed in the path. Rename the file.")
    if found.st_size == 0:
        raise SourceError(f"{path.name} is empty. Export the tickets again.")
    if options.sheet is not None and path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path.name} has no sheets. Leave out --sheet.")
    return _Version(str(path), found.st_size, found.st_mtime_ns, timezone, options.fingerprint)


def _is_built(connection: duckdb.DuckDBPyConnection, version: _Version) -> bool | None:
    """Whether this version of the file was built; None if the database holds another version or none."""
    try:
        ((*recorded, is_built),) = connection.execute("from source.version").fetchall()
    except duckdb.CatalogException:
        return None
    return bool(is_built) if tuple(recorded) == astuple(version) else None


def _remember(
    connection: duckdb.DuckDBPyConnection, version: _Version, lines: Sequence[Line]
) -> None:
    connection.execute(
        "create or replace table source.version as select ? as path, ? as size, ? as modified_ns, ? as timezone, "
        "? as options, ? as reader, false as is_built",
        astuple(version),
    )
    connection.execute("create or replace table source.lines (line varchar, is_warning boolean)")
    connection.executemany("insert into source.lines values (?, ?)", list(map(astuple, lines)))


def _keep_days(connection: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """The days that have tickets: a run that finds the file unchanged does not read all of its times for them."""
    connection.execute(
        """
        create or replace table source.days as
        select distinct cast(timezone($timezone, event_create_time) as date) as day
        from source.tickets
        where event_create_time between timestamptz '0001-01-02 00:00+00' and timestamptz '9999-12-30 00:00+00'
        """,
        {"timezone": timezone},
    )


def _remembered(connection: duckdb.DuckDBPyConnection) -> list[Line]:
    return [Line(*row) for row in connection.execute("from source.lines").fetchall()]


def _file_of(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    workspace: Workspace,
    timezone: str,
    as_of: date,
    *,
    is_built: bool,
) -> SourceFile:
    """The file with its first and last ticket's date, the week pair that `as_of` asks for, the weeks to choose from.

    A ticket from after `as_of` does not show how far the file reaches, nor does a ticket from a year that Python does
    not know: their clocks were wrong.
    """
    (row,) = connection.execute(
        """
        with report_week as (
            select cast(date_trunc('week', $as_of) as date) - 7 as week_start
        ),

        tickets as (
            select
                min(day) as first_date,
                coalesce(max(day) filter (day <= $as_of), max(day)) as last_date,
                max(day) filter (day <= $today) as newest_date,
                cast(date_trunc('week', $today) as date) - 7 as newest_complete_week
            from source.days
        ),

        weeks_to_choose as (
            select
                cast(date_trunc('week', first_date) as date) + 7 as first_week,
                least(cast(date_trunc('week', newest_date) as date), newest_complete_week) as last_week,
                -- Many companies have no tickets at a weekend.
                last_week - case when newest_date < last_week + 4 and first_week < last_week then 7 else 0 end
                    as newest_whole_week
            from tickets
        )

        select
            first_date,
            last_date,
            week_start,
            week_start + 6,
            strftime(week_start, '%G-W%V'),
            week_start - 7,
            week_start - 1,
            strftime(week_start - 7, '%G-W%V'),
            case
                when first_week = last_week then strftime(last_week, '%G-W%V')
                when first_week < last_week
                    then strftime(first_week, '%G-W%V') || ' to ' || strftime(last_week, '%G-W%V')
                else ''
            end,
            strftime(newest_whole_week, '%G-W%V'),
            last_week - 7
        from tickets
        cross join weeks_to_choose
        cross join report_week
        """,
        {"as_of": as_of, "today": datetime.now(ZoneInfo(timezone)).date()},
    ).fetchall()
    first_date, last_date, *weeks, reportable, newest_whole, needed_from = row
    if first_date is None:
        raise SourceError(
            "the file holds no ticket with an event_create_time. Export the tickets again."
        )
    pair = WeekPair(comparison=Week(*weeks[:3]), base=Week(*weeks[3:]))
    return SourceFile(
        path,
        workspace,
        pair,
        first_date,
        last_date,
        reportable or "",
        newest_whole,
        needed_from,
        needs_full_refresh=not is_built,
    )


def _check_two_complete_weeks(file: SourceFile, as_of: date) -> None:
    base_end = file.weeks.base.end
    if file.first_date > base_end:
        raise SourceError(
            f"{file.path.name} has fewer than two complete weeks before {as_of}: its tickets are from "
            f"{file.first_date} to {file.last_date}, and {file.weeks.comparison.label} would be compared with "
            f"{file.weeks.base.label}. {file.advice}",
            kind=WEEK,
        )

"""Accepts a CSV or Parquet file as the source table of the DuckDB target.

Parquet is read in place through a view; CSV is typed and stored once. Everything that can be wrong with a file is
found here, before dbt or Prefect is imported.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

import duckdb

from flows.report.values import Week, WeekPair
from flows.runtime.errors import SourceError, UsageError
from flows.runtime.workspace import NO_SOURCE, Workspace, Workspaces

REQUIRED_COLUMNS = ("id", "event_create_time", "category1", "overall_emotion")
OPTIONAL_COLUMNS = (
    "title",
    "detail",
    "category2",
    "category3",
    "inbound_outbound",
    "main_topic",
    "keywords",
)
log = logging.getLogger("voc")

_READ_AS_UTC = "%s: event_create_time has times without a zone: they are read as UTC"
# A database named like a schema makes every `schema.table` in it ambiguous.
RESERVED_STEMS = ("main", "source", "system", "temp")


@dataclass(frozen=True)
class SourceFile:
    """A registered file: where its warehouse is, and which weeks it can compare.

    `needs_full_refresh` is true until a build of this version of the file has succeeded.
    """

    path: Path
    workspace: Workspace
    weeks: WeekPair
    first_date: date
    last_date: date
    needs_full_refresh: bool

    @property
    def ends_before_report_week(self) -> bool:
        return self.last_date < self.weeks.comparison.start

    @property
    def key(self) -> str:
        """Distinguishes reports on different files; the same file keeps its key when it changes."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:8]

    def mark_built(self) -> None:
        """Remember that a build of this version has succeeded."""
        assert self.workspace.duckdb_path is not None
        with _connected(self.workspace.duckdb_path) as connection:
            connection.execute("update source.version set is_built = true")


@dataclass(frozen=True)
class _Version:
    """If any of these values changes, the tables must be built again."""

    path: str
    size: int
    modified_ns: int
    timezone: str


def source_of(
    workspaces: Workspaces, timezone: str, source: Path | None, as_of: date
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
    return open_source(workspaces, timezone, source, as_of)


def open_source(workspaces: Workspaces, timezone: str, source: Path, as_of: date) -> SourceFile:
    """Check the file and make it the source table of its own DuckDB database.

    Raises SourceError for a file, columns, types or times that cannot be used, for a database that is locked or
    not writable, and for fewer than two complete weeks before `as_of`.
    """
    path = source.resolve()
    version = _version_of(path, timezone)
    workspace = workspaces.of(path)
    assert workspace.duckdb_path is not None
    with _connected(workspace.duckdb_path) as connection:
        is_built = _is_built(connection, version)
        if is_built is None:
            _register(connection, path, version)
        first_date, last_date, weeks = _span(connection, timezone, as_of)
    file = SourceFile(
        path, workspace, weeks, first_date, last_date, needs_full_refresh=not is_built
    )
    _check_two_complete_weeks(file, as_of)
    return file


def _version_of(path: Path, timezone: str) -> _Version:
    if path.is_dir():
        raise SourceError(f"{path.name} is a folder. Name one file.")
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise SourceError(
            f"{path.name} is neither .csv nor .parquet. Export the tickets as one of these."
        )
    if any(character in str(path) for character in "*?["):
        raise SourceError(f"{path.name}: *, ? and [ are not allowed in the path. Rename the file.")
    try:
        with path.open("rb"):
            stat = path.stat()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}. Check --source.") from None
    if stat.st_size == 0:
        raise SourceError(f"{path.name} is empty. Export the tickets again.")
    return _Version(str(path), stat.st_size, stat.st_mtime_ns, timezone)


def _is_built(connection: duckdb.DuckDBPyConnection, version: _Version) -> bool | None:
    """Whether this version of the file was built; None if the database holds another version or none."""
    try:
        ((*recorded, is_built),) = connection.execute("from source.version").fetchall()
    except duckdb.CatalogException:
        return None
    return bool(is_built) if tuple(recorded) == astuple(version) else None


@contextmanager
def _connected(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if path.stem in RESERVED_STEMS:
        raise SourceError(
            f"a DuckDB file cannot be called {path.name}. Choose another VOC_DUCKDB_PATH."
        )
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        if "lock" in str(error):
            raise SourceError(
                f"{path} is in use by another process. Wait for it to end, or set VOC_DUCKDB_PATH."
            ) from None
        raise SourceError(
            f"{path} cannot be opened for writing. Check its permissions, or set VOC_DUCKDB_PATH."
        ) from None
    with connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            "set python_enable_replacements = false"
        )  # a name means a table, never a Python variable
        yield connection


def _register(connection: duckdb.DuckDBPyConnection, path: Path, version: _Version) -> None:
    is_csv = path.suffix.lower() == ".csv"
    reader = "read_csv" if is_csv else "read_parquet"
    options = (
        ", all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"'"
        if is_csv
        else ""
    )
    relation = f"{reader}({_quoted(str(path))}{options})"
    with _explained(path):
        types = {
            name.lower(): type_
            for name, type_, *_ in connection.sql(f"describe select * from {relation}").fetchall()
        }
    missing = [column for column in REQUIRED_COLUMNS if column not in types]
    if missing and len(types) == 1 and (";" in next(iter(types)) or "\t" in next(iter(types))):
        raise SourceError(f"{path.name} is not separated by commas. Save it comma separated.")
    if missing:
        raise SourceError(
            f"{path.name} has no column {', '.join(missing)}. Needed are {', '.join(REQUIRED_COLUMNS)}; "
            f"optional are {', '.join(OPTIONAL_COLUMNS)}."
        )
    nested = [
        column
        for column, type_ in types.items()
        if column in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
        and (type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "BLOB", "UNION")))
    ]
    if nested:
        raise SourceError(f"{path.name}: {', '.join(nested)} holds no text. Write it as text.")
    columns = [
        _time_expression(path, types["event_create_time"]) + " as event_create_time",
        *(
            f"cast({column} as varchar) as {column}"
            if column in types
            else f"cast(null as varchar) as {column}"
            for column in ("id", "category1", "overall_emotion", *OPTIONAL_COLUMNS)
        ),
    ]
    kind = "table" if is_csv else "view"
    with _explained(path):
        _check_times(connection, path, relation, types["event_create_time"])
        _check_ids(connection, path, relation)
        connection.execute("begin")
        connection.execute("create schema if not exists source")
        connection.execute(
            "drop table if exists source.tickets"
            if _is_table(connection)
            else "drop view if exists source.tickets"
        )
        connection.execute(
            f"create {kind} source.tickets as select {', '.join(columns)} from {relation}"
        )
        connection.execute(
            "create or replace table source.version as "
            "select ? as path, ? as size, ? as modified_ns, ? as timezone, false as is_built",
            astuple(version),
        )
        connection.execute("commit")


def _is_table(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "select table_type from information_schema.tables where table_schema = 'source' and table_name = 'tickets'"
    ).fetchall()
    return found == [("BASE TABLE",)]


def _time_expression(path: Path, type_: str) -> str:
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return "event_create_time"  # unchanged: Parquet row groups are skipped by this column
    if type_.startswith("TIMESTAMP") or type_ == "DATE":
        return "timezone('UTC', cast(event_create_time as timestamp))"  # no zone given means UTC
    if type_ == "VARCHAR":
        return "cast(nullif(trim(event_create_time), '') as timestamp with time zone)"
    raise SourceError(
        f"{path.name}: event_create_time is {type_}, not a time. Write it as 2026-11-15T15:30:00Z or as a timestamp."
    )


def _check_times(
    connection: duckdb.DuckDBPyConnection, path: Path, relation: str, type_: str
) -> None:
    if type_ != "VARCHAR":
        if type_ != "TIMESTAMP WITH TIME ZONE":
            log.warning(_READ_AS_UTC, path.name)
        return
    ((wrong_count, first_row, has_zones),) = connection.execute(
        f"""
        with rows_numbered as (
            select row_number() over () as row_number, nullif(trim(event_create_time), '') as written
            from {relation}
        ),

        rows_checked as (
            select
                row_number,
                try_cast(written as timestamp with time zone) is null as is_wrong,
                regexp_matches(written, $zone, 'i') as has_zone
            from rows_numbered
            where written is not null
        )

        select
            count(*) filter (is_wrong),
            min(row_number) filter (is_wrong),
            coalesce(bool_and(has_zone), true)
        from rows_checked
        """,
        {"zone": r":\d\d(\.\d+)?\s*(Z|[+-]\d\d(:?\d\d)?|[A-Z]{3,}|[A-Z]+/\w+)$"},
    ).fetchall()
    if wrong_count:
        raise SourceError(
            f"{path.name}: event_create_time is not a time in {wrong_count} row(s), first in data row {first_row}. "
            "Write it as 2026-11-15T15:30:00Z."
        )
    if not has_zones:
        log.warning(_READ_AS_UTC, path.name)


def _check_ids(connection: duckdb.DuckDBPyConnection, path: Path, relation: str) -> None:
    ((without_id,),) = connection.execute(
        f"select count(*) from {relation} where id is null or trim(cast(id as varchar)) = ''"
    ).fetchall()
    if without_id:
        raise SourceError(
            f"{path.name}: id is blank in {without_id} row(s). Each ticket needs one."
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """DuckDB's messages quote the file's text: keep only the line number."""
    try:
        yield
    except duckdb.Error as error:
        line = re.search(r"[Ll]ine:? (\d+)", str(error))
        place = f" near line {line[1]}" if line else ""
        remedy = (
            "Save it as comma separated UTF-8 with a header line."
            if path.suffix.lower() == ".csv"
            else "Write it again as Parquet."
        )
        raise SourceError(f"{path.name} cannot be read{place}. {remedy}") from None


def _span(
    connection: duckdb.DuckDBPyConnection, timezone: str, as_of: date
) -> tuple[date, date, WeekPair]:
    """First and last ticket's date, and the week pair that `as_of` asks for.

    A ticket from after `as_of` does not show how far the file reaches, nor does a ticket from a year that Python does
    not know: their clocks were wrong.
    """
    (row,) = connection.execute(
        """
        with report_week as (
            select
                cast(date_trunc('week', $as_of) as date) - 7 as week_start,
                timezone($timezone, cast($as_of as timestamp) + interval 1 day) as report_day_end
        ),

        tickets as (
            select
                min(event_create_time) as first_at,
                coalesce(
                    max(event_create_time) filter (event_create_time < report_day_end),
                    max(event_create_time)
                ) as last_at
            from source.tickets
            cross join report_week
            where event_create_time between timestamptz '0001-01-02 00:00+00' and timestamptz '9999-12-30 00:00+00'
        )

        select
            cast(timezone($timezone, first_at) as date),
            cast(timezone($timezone, last_at) as date),
            week_start,
            week_start + 6,
            strftime(week_start, '%G-W%V'),
            week_start - 7,
            week_start - 1,
            strftime(week_start - 7, '%G-W%V')
        from tickets
        cross join report_week
        """,
        {"timezone": timezone, "as_of": as_of},
    ).fetchall()
    if row[0] is None:
        raise SourceError(
            "the file holds no ticket with an event_create_time. Export the tickets again."
        )
    return row[0], row[1], WeekPair(comparison=Week(*row[2:5]), base=Week(*row[5:8]))


def _check_two_complete_weeks(file: SourceFile, as_of: date) -> None:
    base_end = file.weeks.base.end
    if file.first_date > base_end:
        raise SourceError(
            f"{file.path.name} has fewer than two complete weeks before {as_of}: its tickets are from "
            f"{file.first_date} to {file.last_date}, and {file.weeks.comparison.label} would be compared with "
            f"{file.weeks.base.label}. Choose a later --as-of or --week."
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Makes a file's records the table or view source.tickets of its database, each value as dbt expects it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.runtime.errors import SourceError
from flows.source import reading
from flows.source.columns import check_names_come_first, places_of
from flows.source.emotions import emotion_expression, unknown_emotions
from flows.source.ids import id_expression
from flows.source.moments import Moments, moments_of
from flows.source.options import COLUMNS, SourceOptions
from flows.source.reading import Records
from flows.source.spelling import shown
from flows.source.times import ISO
from flows.source.workbook import write_sheet_as_csv

COPY = ".copy-{pid}.csv"
"""The name of a copy that exists while a file is read."""
_NO_TEXT = re.compile(r"STRUCT|MAP|BLOB|UNION|.*\]$")


@dataclass(frozen=True)
class Line:
    """What each run says of its file."""

    text: str
    is_warning: bool = False


def register(
    connection: duckdb.DuckDBPyConnection, path: Path, options: SourceOptions, folder: Path
) -> list[Line]:
    """Make the file the table or view source.tickets, whole or not at all; return what is to be said of it.

    The caller has begun a transaction.

    Args:
        folder: a private folder on the database's disk, for a copy of a file that DuckDB cannot read.

    Raises SourceError for what the file holds, UsageError for options that do not fit it.
    """
    name = path.name
    lines: list[Line] = []
    with _explained(path), _removed_at_end(folder / COPY.format(pid=os.getpid())) as copy:
        records, places = _records_of(connection, path, options, copy, lines)
        relation, kind = records.relation, "view"
        if path.suffix.lower() != ".parquet":
            relation, kind = "records", "table"
            connection.execute(f"create or replace temp table records as from {records.relation}")
        columns = {column: (f"c{place}", records.types[place]) for column, place in places.items()}
        _check_types(columns, name)
        moments = moments_of(
            *(connection, relation, *columns["event_create_time"]),
            *(options.timezone, options.date_order, name),
        )
        expressions = {
            column: f"cast({column_and_type[0]} as varchar)"
            for column, column_and_type in columns.items()
        } | {
            "event_create_time": moments.expression,
            "id": id_expression(connection, relation, *columns["id"], name),
            "overall_emotion": emotion_expression(columns["overall_emotion"][0], options.emotions),
        }
        selected = ", ".join(
            f"{expressions.get(column, 'cast(null as varchar)')} as {column}"
            for column in ("event_create_time", *(c for c in COLUMNS if c != "event_create_time"))
        )
        _drop(connection)
        connection.execute(f"create {kind} source.tickets as select {selected} from {relation}")
        connection.execute("drop table if exists temp.records")
        lines.append(_count(connection, records, name))
        lines += _lines_on_times(moments, options.timezone, name)
        if unknown := unknown_emotions(connection, "source.tickets", name):
            lines.append(Line(unknown, is_warning=True))
    return lines


def _records_of(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    options: SourceOptions,
    copy: Path,
    lines: list[Line],
) -> tuple[Records, dict[str, int]]:
    """The file's records, and where each column is among them."""

    suffix = path.suffix.lower()
    if suffix == ".parquet":
        records = reading.parquet_records(connection, path)
        return records, places_of(records.headers, options.columns, options.origins, path.name)
    source, label = path, path.name
    if suffix == ".xlsx":
        sheet, others = write_sheet_as_csv(path, options.sheet, copy)
        lines.append(Line(f"{path.name}: the sheet {sheet!r} is read"))
        is_chosen = options.sheet is not None or not others
        label = f"{path.name} (sheet {sheet!r}{'' if is_chosen else f'; --sheet names another: {shown(others)}'})"
        source = copy
    else:
        reading.check_csv_bytes(path)
        if not reading.is_utf8(path):
            reading.write_cp949_as_utf8(path, copy)
            lines.append(Line(f"{path.name} is not UTF-8: it is read as CP949 (EUC-KR)"))
            source = copy
    head = reading.first_records(source, path.name)
    if not head:
        raise SourceError(f"{path.name} is empty. Export the tickets again.")
    check_names_come_first(head, options.columns, label)
    places = places_of(head[0], options.columns, options.origins, label)
    return reading.csv_records(source, path.name, head[0]), places


def _check_types(columns: Mapping[str, tuple[str, str]], file: str) -> None:
    nested = [column for column, (_, type_) in columns.items() if _NO_TEXT.match(type_)]
    if nested:
        raise SourceError(f"{file}: {', '.join(nested)} holds no text. Write it as text.")


def _drop(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the tickets of another file or version, be they a table or a view."""
    connection.execute("create schema if not exists source")
    found = connection.execute(
        "select table_type from information_schema.tables where table_schema = 'source' and table_name = 'tickets'"
    ).fetchall()
    is_table = found == [("BASE TABLE",)]
    connection.execute(f"drop {'table' if is_table else 'view'} if exists source.tickets")


def _count(connection: duckdb.DuckDBPyConnection, records: Records, file: str) -> Line:
    """The line that says how many rows were read. Raises SourceError if they are not all that the file holds."""
    ((read,),) = connection.execute("select count(id) from source.tickets").fetchall()
    if read != records.count:
        raise SourceError(
            f"{file} has {records.count:,} rows, but {read:,} could be read. "
            "Save it again, with one kind of line end."
        )
    return Line(f"{file}: {read:,} rows read, 0 refused")


def _lines_on_times(moments: Moments, zone: str, file: str) -> Iterator[Line]:
    if moments.kind not in (None, ISO):
        assert moments.kind is not None
        yield Line(f"{file}: event_create_time is read as {moments.kind.name}")
    if moments.has_no_zone:
        is_default = zone == "UTC"
        other = (
            ". If they are local, add --source-timezone Asia/Seoul or another" if is_default else ""
        )
        yield Line(
            f"{file}: event_create_time has times without a zone: they are read as {zone}{other}",
            is_warning=is_default,
        )


@contextmanager
def _removed_at_end(copy: Path) -> Iterator[Path]:
    """The path of a copy that holds customers' words, and is gone whatever happens."""
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """DuckDB's messages quote the file's text: keep only the line number."""
    try:
        yield
    except duckdb.Error as error:
        line = re.search(r"[Ll]ine:? (\d+)", str(error))
        place = f" near line {line[1]}" if line else ""
        remedy = {
            ".parquet": "Write it again as Parquet.",
            ".xlsx": "Save it again, or export CSV.",
        }.get(
            path.suffix.lower(),
            "Save it as comma separated UTF-8 with a header line, and with one kind of line end.",
        )
        raise SourceError(f"{path.name} cannot be read{place}. {remedy}") from None

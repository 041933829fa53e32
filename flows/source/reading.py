"""A file's records as a relation of DuckDB, with nothing guessed, and how many there are by a count of its own.

CSV is read with every sign of its dialect named. CP949 and workbooks are first written as such a CSV, in a private
copy that is gone when the file has been registered.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.runtime.errors import SourceError

SUFFIXES = (".csv", ".parquet", ".xlsx")
_HEAD_RECORDS = 20
_CHUNK = 1 << 20
# Bytes. DuckDB's own bound of 2 MB is less than a long ticket with a picture pasted into it.
_LONGEST_RECORD = 16_000_000
_CSV_REMEDY = "Save it as comma separated UTF-8 with a header line."
_BEGINNINGS = (
    (b"\x1f\x8b", "is compressed. Unpack it"),
    (b"PK\x03\x04", "is a workbook or a ZIP archive, not a CSV. Name it .xlsx, or unpack it"),
    (b"PAR1", "is Parquet, not CSV. Name it .parquet"),
    (b"\xff\xfe", "is UTF-16. Save it as UTF-8, comma separated"),
    (b"\xfe\xff", "is UTF-16. Save it as UTF-8, comma separated"),
)


@dataclass(frozen=True)
class Records:
    """The records of a file.

    Args:
        headers: the columns' names as they are written.
        types: DuckDB's type of each column.
        relation: SQL for the records, with the columns c0, c1, …
        count: how many records the file holds, not counted by the reader of `relation`.
    """

    headers: tuple[str, ...]
    types: tuple[str, ...]
    relation: str
    count: int


def quoted(text: str) -> str:
    """The text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


# --- CSV --------------------------------------------------------------------------------------


def check_csv_bytes(path: Path) -> None:
    """Raise SourceError for what is no text of one byte a letter: UTF-16, an archive, NUL."""
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            for beginning, fault in _BEGINNINGS if line == 1 else ():
                if chunk.startswith(beginning):
                    raise SourceError(f"{path.name} {fault}.")
            if (place := chunk.find(b"\0")) >= 0:
                line += chunk.count(b"\n", 0, place)
                raise SourceError(
                    f"{path.name} cannot be read near line {line}: it holds NUL bytes, as UTF-16 or a damaged file "
                    f"does. {_CSV_REMEDY}"
                )
            line += chunk.count(b"\n")


def is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            while file.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return False
    return True


def write_cp949_as_utf8(path: Path, copy: Path) -> None:
    """Write the file again in UTF-8. Raises SourceError if it is not CP949."""
    try:
        with (
            path.open(encoding="cp949", newline="") as old,
            copy.open("w", encoding="utf-8", newline="") as new,
        ):
            while text := old.read(_CHUNK):
                new.write(text)
    except UnicodeDecodeError:
        raise SourceError(
            f"{path.name} cannot be read: it is neither UTF-8 nor CP949 (EUC-KR). {_CSV_REMEDY}"
        ) from None


def first_records(path: Path, name: str) -> list[list[str]]:
    """The first records that are not blank. Raises SourceError."""
    found: list[list[str]] = []
    for _, record in _records(path, name):
        if record:
            found.append(record)
        if len(found) == _HEAD_RECORDS:
            break
    return found


def csv_records(path: Path, name: str, headers: Sequence[str]) -> Records:
    """The records below the header. Raises SourceError, with the line, where one has more or fewer fields."""
    # Counted without a Python object for each: ten million records take a minute and no memory.
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            counts = Counter(map(len, csv.reader(file, strict=True)))
        except csv.Error:
            counts = Counter()
    del counts[0]  # blank lines
    if set(counts) != {len(headers)}:
        _raise_for_first_fault(path, name, len(headers))
    columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(headers)))
    relation = (
        f"read_csv({quoted(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true, skip = 0, "
        "delim = ',', quote = '\"', escape = '\"', comment = '', nullstr = '', encoding = 'utf-8', "
        "compression = 'none', strict_mode = true, null_padding = false, ignore_errors = false, "
        f"hive_partitioning = false, filename = false, union_by_name = false, max_line_size = {_LONGEST_RECORD})"
    )
    types = ("VARCHAR",) * len(headers)
    return Records(tuple(headers), types, relation, counts[len(headers)] - 1)


def _raise_for_first_fault(path: Path, name: str, width: int) -> None:
    for line, record in _records(path, name):
        if record and len(record) != width:
            raise SourceError(
                f"{name} cannot be read near line {line}: it has {len(record)} fields, the header has {width}. "
                "Put a text with commas in it between double quotes."
            )


def _records(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins on. Raises SourceError for quotes that do not fit."""
    csv.field_size_limit(_LONGEST_RECORD)
    line = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error:
                raise SourceError(
                    f"{name} cannot be read near line {line}: a double quote is missing, or one within a "
                    "text is not doubled."
                ) from None
            yield line, record
            line = reader.line_num + 1


# --- Parquet ----------------------------------------------------------------------------------


def parquet_records(connection: duckdb.DuckDBPyConnection, path: Path) -> Records:
    """The records of a Parquet file, which is read in place. Raises what DuckDB raises."""
    literal = quoted(str(path))
    schema = connection.execute(
        f"select name, coalesce(num_children, 0) from parquet_schema({literal})"
    ).fetchall()
    headers = tuple(_top_level(schema))
    names = ", ".join(f"c{n}" for n in range(len(headers)))
    reader = (
        f"read_parquet({literal}, binary_as_string = false, hive_partitioning = false, filename = false, "
        "file_row_number = false, union_by_name = false)"
    )
    relation = f"{reader} as records({names})"
    described = connection.execute(f"describe select * from {relation}").fetchall()
    ((count,),) = connection.execute(
        f"select sum(num_rows) from parquet_file_metadata({literal})"
    ).fetchall()
    return Records(headers, tuple(row[1] for row in described), relation, int(count))


def _top_level(schema: Sequence[tuple[str, int]]) -> Iterator[str]:
    """The columns' names as they are written: DuckDB renames one that is there twice."""
    place = 1  # after the root
    while place < len(schema):
        yield schema[place][0]
        place = _end_of(schema, place)


def _end_of(schema: Sequence[tuple[str, int]], place: int) -> int:
    """The place behind an element and all that is nested in it."""
    end = place + 1
    for _ in range(schema[place][1]):
        end = _end_of(schema, end)
    return end

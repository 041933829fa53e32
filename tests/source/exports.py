"""Files as people export them, and what became of them in the source table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from flows.runtime.asked import AskedSource
from flows.runtime.errors import SourceError, VocError
from flows.runtime.settings import load_settings
from flows.source.file import SourceFile
from tests.parts import open_source

HEADER = "id,event_create_time,category1,overall_emotion"
AS_OF = date(2026, 11, 16)
BASE, COMPARISON = "2026-11-03T01:00:00Z", "2026-11-10T01:00:00Z"
TWO_WEEKS = [f"1,{BASE},유저,부정", f"2,{COMPARISON},유저,중립"]


def csv(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "export.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def csv_of_times(folder: Path, *times: str) -> Path:
    """A ticket for each time."""
    return csv(folder, *(f'{n},"{time}",유저,부정' for n, time in enumerate(times, 1)))


def parquet(folder: Path, select: str) -> Path:
    path = folder / "export.parquet"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path


def parquet_of(folder: Path, **columns: str) -> Path:
    """A ticket in each of the two weeks; a column is an SQL expression, a pair of them differs by week."""
    types = {"id": "'1'", "category1": "'유저'", "overall_emotion": "'부정'"} | columns
    times = types.pop("event_create_time", "timestamptz '{}'")
    selects = (
        f"select {times.format(time)} as event_create_time, "
        + ", ".join(f"{expression} as {name}" for name, expression in types.items())
        for time in (BASE, COMPARISON)
    )
    return parquet(folder, " union all ".join(selects))


Row = Sequence[Any]


def xlsx(
    folder: Path,
    *rows: Row,
    change: Callable[[Any, Any], None] = lambda workbook, sheet: None,
) -> Path:
    """A workbook with one sheet, as Excel writes it. `change` is given workbook and sheet."""
    path = folder / "export.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as workbook:
        sheet = workbook.add_worksheet("티켓")
        for number, row in enumerate((HEADER.split(","), *rows)):
            sheet.write_row(number, 0, row)
        change(workbook, sheet)
    return path


def read(path: Path, zone: str | None = None, **asked: Any) -> list[tuple[str | None, ...]]:
    """Id, moment in UTC, category1 and overall_emotion of the tickets, as text; `asked` are options of the command."""
    return tickets(open_asked(path, zone, **asked))


def open_asked(path: Path, zone: str | None = None, **asked: Any) -> SourceFile:
    return open_source(load_settings(None, zone, AskedSource(**asked)), path, AS_OF)


def tickets(file: SourceFile) -> list[tuple[str | None, ...]]:
    with duckdb.connect(str(file.workspace.duckdb_path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(
            "select id, strftime(event_create_time, '%Y-%m-%d %H:%M:%S'), category1, overall_emotion "
            "from source.tickets order by event_create_time, id"
        ).fetchall()


def refusal(
    path: Path, kind: type[VocError] = SourceError, zone: str | None = None, **asked: Any
) -> str:
    """The one line that a file is refused with."""
    with pytest.raises(kind) as caught:
        open_asked(path, zone, **asked)
    assert "\n" not in str(caught.value)
    return str(caught.value)

"""Writes a sheet of an .xlsx file as CSV, cell by cell as it is seen: DuckDB's own reader would be a download."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.runtime.errors import SourceError, UsageError
from flows.source.spelling import shown

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_FIRST_INEXACT = 2**53
# An encrypted workbook, and the format of Excel 97, are in this container.
_OLE = b"\xd0\xcf\x11\xe0"


def write_sheet_as_csv(path: Path, sheet: str | None, copy: Path) -> tuple[str, list[str]]:
    """Write a sheet's rows as CSV, rows without any value left out; return the sheet's name, and the others'.

    A number is written as a whole one where it is exactly that, a time without a zone, a formula as what it last
    gave, an error such as #N/A as blank.

    Args:
        sheet: name of the sheet; the first that is shown if None.

    Raises:
        UsageError: the workbook has no such sheet.
        SourceError: the file is no workbook, or holds no row.
    """
    from python_calamine import CalamineError, load_workbook

    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise SourceError(
                f"{path.name} has a password, or is an old .xls. Save it as .xlsx without a password."
            )
    try:
        with load_workbook(path) as workbook:
            name = _chosen(workbook, sheet, path.name)
            others = [other for other in workbook.sheet_names if other != name]
            with copy.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
                for row in workbook.get_sheet_by_name(name).iter_rows():
                    cells = [_written(cell) for cell in row]
                    if any(cells):
                        writer.writerow(cells)
    except BaseException as error:
        # A panic of the library, which is written in Rust, is no Exception.
        if not isinstance(error, CalamineError) and type(error).__name__ != "PanicException":
            raise
        raise SourceError(
            f"{path.name} cannot be read as a workbook. Save it as .xlsx again, or export CSV."
        ) from None
    if copy.stat().st_size == 0:
        raise SourceError(f"{path.name}: the sheet {name!r} is empty. Name another with --sheet.")
    return name, others


def _chosen(workbook: CalamineWorkbook, sheet: str | None, file: str) -> str:
    """The name of the sheet that is asked for, or of the first that is shown."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    if sheet is not None and sheet not in workbook.sheet_names:
        raise UsageError(f"{file} has no sheet {sheet!r}. It has {shown(workbook.sheet_names)}.")
    seen = (
        each.name
        for each in workbook.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    )
    return sheet or next(seen, workbook.sheet_names[0])


def _written(cell: Any) -> str:
    match cell:
        case bool():
            return str(cell).upper()
        case float() if cell.is_integer() and abs(cell) < _FIRST_INEXACT:
            return str(int(cell))
        case datetime.datetime():
            return cell.isoformat(sep=" ")
        case _:
            return str(cell)

"""No row of a file is lost or doubled by guessing: it is read whole, or refused in one line."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows.runtime.errors import UsageError
from flows.source import reading
from tests.source.exports import (
    AS_OF,
    BASE,
    COMPARISON,
    HEADER,
    TWO_WEEKS,
    csv,
    open_asked,
    parquet_of,
    read,
    refusal,
    xlsx,
)

TEXT = "\n".join([HEADER, *TWO_WEEKS]) + "\n"


# --- CSV --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "third"),
    [
        pytest.param(TEXT + f"#3,{COMPARISON},유저,부정\n", "#3", id="an id like a comment"),
        pytest.param(TEXT + f"'3,{COMPARISON},유저,부정\n", "'3", id="an id with another quote"),
        pytest.param(TEXT + f"3;4|5,{COMPARISON},유저,부정\n", "3;4|5", id="other separators"),
        pytest.param(TEXT + f"\n3,{COMPARISON},유저,부정\n\n", "3", id="blank lines"),
        pytest.param(TEXT + f'3,{COMPARISON},"유\r\n저",부정\n', "3", id="a quoted line break"),
        pytest.param(TEXT + f'3,{COMPARISON},"유 ""저""",부정', "3", id="no end of the last line"),
        pytest.param("\ufeff" + TEXT + f"3,{COMPARISON},유저,부정\n", "3", id="a byte order mark"),
        pytest.param((TEXT + f"3,{COMPARISON},유저,부정\n").replace("\n", "\r\n"), "3", id="CRLF"),
        pytest.param((TEXT + f"3,{COMPARISON},유저,부정\n").replace("\n", "\r"), "3", id="CR"),
    ],
)
def test_every_row_of_a_csv_is_a_ticket(tmp_path: Path, content: str, third: str) -> None:
    path = tmp_path / "EXPORT.CSV"
    path.write_bytes(content.encode())
    assert {row[0] for row in read(path)} == {"1", "2", third}


def test_many_ids_like_comments_are_all_tickets(tmp_path: Path) -> None:
    rows = [f"#{n},{time},유저,부정" for time in (BASE, COMPARISON) for n in range(20)]
    assert len(read(csv(tmp_path, *rows))) == 40


@pytest.mark.parametrize("folder", ["category1=foo/id=9", "overall_emotion=x"])
def test_folders_that_look_like_columns_are_only_folders(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    for path in (csv(tmp_path / folder, *TWO_WEEKS), parquet_of(tmp_path / folder)):
        assert {(row[0], row[2]) for row in read(path)} <= {("1", "유저"), ("2", "유저")}
        assert {row[3] for row in read(path)} <= {"부정", "중립"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            TEXT + f"3,{COMPARISON},유저,부정,\n",
            "near line 4: it has 5 fields, the header has 4",
            id="one comma too many, with nothing behind it",
        ),
        pytest.param(
            TEXT + f'3,{COMPARISON},"유\n저",부정\n4,{COMPARISON},a,b,c\n',
            "near line 6: it has 5 fields",
            id="below a text of two lines",
        ),
        pytest.param(TEXT + f"3,{COMPARISON},유저\n", "near line 4: it has 3", id="a short line"),
        pytest.param(
            TEXT + f'3,{COMPARISON},"유저,부정\n4,{COMPARISON},유저,부정\n',
            "near line 4: a double quote is missing",
            id="a quote that does not end",
        ),
        pytest.param(
            TEXT + f'3,{COMPARISON},"유"저,부정\n', "near line 4: a double", id="a quote within"
        ),
        pytest.param(TEXT + f"3,{COMPARISON},유\0저,부정\n", "near line 4: it holds NUL", id="NUL"),
        pytest.param(TEXT + f"3,{COMPARISON},a,b\r\n", "one kind of line end", id="two line ends"),
        pytest.param(TEXT.encode("utf-16"), "is UTF-16. Save it as UTF-8", id="UTF-16"),
        pytest.param(TEXT.encode("utf-16-le"), "holds NUL bytes, as UTF-16", id="UTF-16, no mark"),
        pytest.param(
            TEXT.replace("유저", "caf\xe9,").encode("latin-1", "replace"),
            "neither UTF-8 nor CP949",
            id="Latin 1",
        ),
        pytest.param(gzip.compress(TEXT.encode()), "is compressed. Unpack it.", id="gzip"),
        pytest.param(b"PK\x03\x04", "Name it .xlsx, or unpack it", id="a workbook named .csv"),
        pytest.param(b"PAR1", "is Parquet, not CSV", id="Parquet named .csv"),
        pytest.param(b"\xef\xbb\xbf\n", "is empty", id="a byte order mark alone"),
        pytest.param(TEXT.replace(",", ";"), "not separated by commas", id="semicolons"),
        pytest.param(TEXT.replace(",", "\t"), "not separated by commas", id="tabs"),
        pytest.param(
            "VOC 2026\n\n" + TEXT, "1 line(s) above the one with the columns' names", id="a title"
        ),
        pytest.param(
            TEXT.replace("overall_emotion", "CATEGORY1 "),
            "has the column category1 2 times",
            id="a column twice",
        ),
    ],
)
def test_a_csv_that_is_not_read_whole_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert said in refusal(path)


def test_the_first_line_is_not_shown_when_it_is_a_ticket(tmp_path: Path) -> None:
    said = refusal(csv(tmp_path, TWO_WEEKS[1], header=f"1,{BASE},홍길동,kim@example.com"))
    assert "first line seems to be a ticket" in said
    assert "홍길동" not in said


def test_columns_that_are_not_used_may_be_anything(tmp_path: Path) -> None:
    rows = [f"{row},x,y,z" for row in TWO_WEEKS]
    assert len(read(csv(tmp_path, *rows, header=f"{HEADER},,Tags,Tags"))) == 2


def test_the_rows_are_counted_twice_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "voc")
    open_asked(csv(tmp_path, *TWO_WEEKS))
    open_asked(csv(tmp_path, *TWO_WEEKS))  # registered already: said of each run
    assert caplog.text.count("export.csv: 2 rows read, 0 refused") == 2


def test_a_reader_that_loses_a_row_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = reading.csv_records

    def with_one_more(*arguments: Any) -> reading.Records:
        records = count(*arguments)
        return replace(records, count=records.count + 1)

    monkeypatch.setattr(reading, "csv_records", with_one_more)
    assert "has 3 rows, but 2 could be read" in refusal(csv(tmp_path, *TWO_WEEKS))


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr"])
def test_a_korean_csv_of_excel_is_read_and_it_is_said(
    tmp_path: Path, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "voc")
    path = tmp_path / "export.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert {row[3] for row in read(path)} == {"부정", "중립"}
    assert "is not UTF-8: it is read as CP949" in caplog.text
    assert list((tmp_path / "home").rglob("*.csv")) == []  # the copy holds customers' words


# --- Workbooks --------------------------------------------------------------------------------

FIRST, SECOND = datetime(2026, 11, 3, 20, 13), datetime(2026, 11, 10, 20, 13)
CELLS = [[50000017, FIRST, "유저\n이력서", "부정"], [50000018, SECOND, "유저", "중립"]]


def with_note_first(workbook: Any, sheet: Any) -> None:
    note = workbook.add_worksheet("메모")
    note.write(0, 0, "메모")
    workbook.worksheets_objs.reverse()  # the order in which sheets are shown
    for place, each in enumerate(workbook.worksheets_objs):
        each.index = place


def with_hidden_sheet_first(workbook: Any, sheet: Any) -> None:
    with_note_first(workbook, sheet)
    workbook.worksheets_objs[0].hide()
    sheet.activate()
    sheet.set_first_sheet()


def with_far_format(workbook: Any, sheet: Any) -> None:
    sheet.write_blank(60, 2, None, workbook.add_format({"bold": True}))


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (lambda workbook, sheet: None, {}),
        (with_note_first, {"sheet": "티켓"}),
        (with_hidden_sheet_first, {}),
        (with_far_format, {}),
    ],
)
def test_a_workbook_is_read(
    tmp_path: Path, change: Any, asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "voc")
    assert read(xlsx(tmp_path, *CELLS, change=change), "Asia/Seoul", **asked) == [
        ("50000017", "2026-11-03 11:13:00", "유저\n이력서", "부정"),
        ("50000018", "2026-11-10 11:13:00", "유저", "중립"),
    ]
    assert "the sheet '티켓' is read" in caplog.text
    assert "2 rows read, 0 refused" in caplog.text
    assert list((tmp_path / "home").rglob("*.csv")) == []


def with_formulas(workbook: Any, sheet: Any) -> None:
    sheet.write_formula(1, 2, "=A1", None, "계산")
    sheet.write_formula(2, 2, "=NA()", None, "#N/A")
    sheet.write_boolean(1, 3, True)


def test_a_cell_is_what_is_seen_in_it(tmp_path: Path) -> None:
    path = xlsx(tmp_path, *CELLS, change=with_formulas)
    assert [row[2:] for row in read(path)] == [("계산", "TRUE"), (None, "중립")]


def with_title(workbook: Any, sheet: Any) -> None:
    bold = workbook.add_format({"bold": True})
    for column in range(1, 4):
        sheet.write_blank(0, column, None, bold)
    sheet.merge_range(0, 0, 0, 3, "월간 VOC", bold)
    sheet.write_row(1, 0, HEADER.split(","))


@pytest.mark.parametrize(
    ("rows", "change", "asked", "said"),
    [
        pytest.param(CELLS, with_title, {}, "1 line(s) above the one with", id="a title"),
        pytest.param(
            CELLS,
            with_note_first,
            {},
            "(sheet '메모'; --sheet names another: 티켓) has no column id",
            id="a note",
        ),
        pytest.param(
            [[5e17, FIRST, "유저", "부정"]], None, {}, "scientific notation", id="a number too long"
        ),
        pytest.param(
            [[1, 3e6, "유저", "부정"]], None, {}, "not a time in 1 row(s)", id="the year 10113"
        ),
        pytest.param(
            [*CELLS, [3, "2026. 11. 10.", "유저", "부정"]],
            None,
            {},
            "not a time in 1 row(s), first in data row 3",
            id="a date that is text among dates",
        ),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused(
    tmp_path: Path, rows: Any, change: Any, asked: Any, said: str
) -> None:
    path = xlsx(tmp_path, *rows, change=change or (lambda workbook, sheet: None))
    assert said in refusal(path, **asked)


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    said = refusal(xlsx(tmp_path, *CELLS), UsageError, sheet="Tickets")
    assert said == "export.xlsx has no sheet 'Tickets'. It has 티켓."
    assert "has no sheets" in refusal(csv(tmp_path, *TWO_WEEKS), UsageError, sheet="티켓")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 and no more", "cannot be read as a workbook"),
        (TEXT.encode(), "cannot be read as a workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "has a password, or is an old .xls"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes(content)
    assert said in refusal(path)


# --- What is no file --------------------------------------------------------------------------


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "folder.csv").mkdir()
    for name, said in (
        ("pipe.csv", "pipe.csv is a pipe or a device. Write the tickets to a file."),
        ("loop.csv", "cannot read loop.csv: its links lead round in a circle. Check --source."),
        ("folder.csv", "folder.csv is a folder. Name one file."),
        ("x" * 300 + ".csv", "File name too long. Check --source."),
    ):
        assert said in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["my.voc.duckdb", "Main.duckdb", "temp.duckdb", "a b.duckdb"])
def test_a_database_that_dbt_cannot_name_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_DUCKDB_PATH", str(tmp_path / name))
    assert f"a DuckDB file cannot be called {name}" in refusal(csv(tmp_path, *TWO_WEEKS))


def test_a_week_outside_the_file_is_refused_with_those_that_can_be_reported(
    tmp_path: Path,
) -> None:
    path = csv(tmp_path, *TWO_WEEKS, "3,2026-11-17T01:00:00Z,유저,부정")
    file = open_asked(path)
    assert (file.reportable, file.advice) == (
        "2026-W46 to 2026-W47",
        "Reports can be made on 2026-W46 to 2026-W47: add --week 2026-W46, the newest that is whole.",
    )
    csv(tmp_path, *TWO_WEEKS, "3,2026-11-20T01:00:00Z,유저,부정")
    assert open_asked(path).advice.endswith("2026-W46 to 2026-W47: add --week 2026-W47.")
    csv(tmp_path, *TWO_WEEKS[1:])
    assert "export the tickets from Monday, 2026-11-02 on." in refusal(path)
    assert AS_OF.isoformat() in refusal(path)

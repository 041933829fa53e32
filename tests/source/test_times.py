"""A column of times is of one known kind, or the file is refused with the place of the first that is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.runtime.errors import UsageError
from tests.source.exports import csv_of_times, open_asked, parquet_of, read, refusal

# One moment, 2026-11-10 20:13 as a clock shows it, and one a week earlier at 00:13.
KINDS = {
    "ISO": ("2026-11-03 00:13", "2026-11-10T20:13:00"),
    "slashes": ("2026/11/03 00:13", "2026/11/10 20:13:00"),
    "dots": ("2026.11.03 00:13", "2026.11.10 20:13"),
    "dots and halves": ("2026. 11. 3. 오전 12:13", "2026. 11. 10. 오후 8:13:00"),
    "dots and AM": ("2026. 11. 3. 12:13\u202fAM", "2026. 11. 10. 8:13 p.m."),
    "dashes and halves": ("2026-11-03 오전 12:13", "2026-11-10 오후 8:13"),
    "slashes and AM": ("2026/11/03 12:13:00 AM", "2026/11/10 8:13:00 PM"),
    "words": ("2026년 11월 3일 오전 12:13", "2026년 11월 10일 (화) 오후 8시 13분"),
    "Excel": ("46329.0090277778", "46336.842361111"),
}


@pytest.mark.parametrize("times", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    ("zone", "moments"),
    [
        ("Asia/Seoul", ["2026-11-02 15:13:00", "2026-11-10 11:13:00"]),
        (None, ["2026-11-03 00:13:00", "2026-11-10 20:13:00"]),
    ],
)
def test_a_time_without_a_zone_is_read_in_the_zone_that_is_said(
    tmp_path: Path,
    times: tuple[str, str],
    zone: str | None,
    moments: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "voc")
    assert [row[1] for row in read(csv_of_times(tmp_path, *times), zone)] == moments
    assert f"times without a zone: they are read as {zone or 'UTC'}" in caplog.text
    assert ("WARNING" in caplog.text) is (zone is None)


@pytest.mark.parametrize(
    "times",
    [
        ("2026-11-03T00:13:00Z", "2026-11-10 20:13+00"),
        ("2026/11/03 00:13Z", "2026/11/10 20:13+00:00"),
        ("1793664780", "1794341580.0"),
        ("1793664780000", "1794341580000"),
    ],
)
def test_a_moment_needs_no_zone(
    tmp_path: Path, times: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = read(csv_of_times(tmp_path, *times), "Asia/Seoul")
    assert [row[1] for row in rows] == ["2026-11-03 00:13:00", "2026-11-10 20:13:00"]
    assert "without a zone" not in caplog.text


@pytest.mark.parametrize(
    ("time", "read_as"),
    [
        ("2026. 11. 10. 오후 12:13", "2026-11-10 12:13:00"),
        ("2026. 11. 10. 오전 0:13", "2026-11-10 00:13:00"),
        ("2026. 11. 10.", "2026-11-10 00:00:00"),
        ("2026년 11월 10일", "2026-11-10 00:00:00"),
        ("2026.11.10 24:00", "2026-11-11 00:00:00"),
        ("2026-11-10 24:00:00", "2026-11-11 00:00:00"),
        ("2026-11-10 20:13\u00a0", "2026-11-10 20:13:00"),
    ],
)
def test_a_spelling_of_a_time(tmp_path: Path, time: str, read_as: str) -> None:
    earlier = time.replace("11. 10", "11. 3").replace("11월 10", "11월 3").replace(".10", ".03")
    path = csv_of_times(tmp_path, earlier.replace("-10", "-03"), time)
    assert read(path)[1][1] == read_as


@pytest.mark.parametrize(
    ("time", "moment"),
    [("2026-03-29 02:30", "2026-03-29 01:30:00"), ("2026-10-25 02:30", "2026-10-25 01:30:00")],
    ids=["an hour that the clock leaves out is the one after it", "one shown twice is the later"],
)
def test_a_clock_that_was_changed(tmp_path: Path, time: str, moment: str) -> None:
    path = csv_of_times(tmp_path, "2026-03-01 00:00", time, "2026-11-10 00:00")
    assert read(path, "Europe/Berlin")[1][1] == moment


@pytest.mark.parametrize(
    ("times", "said"),
    [
        pytest.param(
            ("2026-11-03", "2026-11-03", "1794341580"),
            "not a time in 1 row(s), first in data row 3; the others are times such as 2026-11-15T",
            id="seconds among ISO",
        ),
        pytest.param(
            ("2026. 11. 3.", "2026-11-10", "2026. 11. 10."),
            "in 1 row(s), first in data row 2; the others are times such as 2026. 11. 2. 오후 8:13",
            id="ISO among dots",
        ),
        pytest.param(
            ("2026-11-03", "2026/11/10"), "in 1 row(s), first in data row 2", id="a slash"
        ),
        pytest.param(("-5", "-6"), "not a time in 2 row(s), first in data row 1", id="negative"),
        pytest.param(("5", "6"), "not a time in 2 row(s)", id="small numbers"),
        pytest.param(("2026. 13. 3.", "2026. 11. 32."), "not a time in 2", id="no such day"),
        pytest.param(("2026. 11. 3. 오후 13:00", "2026. 11. 3."), "in 1 row(s)", id="오후 13"),
        pytest.param(("2026-11-03 10:00 KST",) * 2, "in 2 row(s)", id="a zone of letters"),
        pytest.param(
            ("11/2/2026", "11/10/2026"),
            "dmy (the day first) or mdy (the month first)",
            id="no order",
        ),
        pytest.param(("2.11.2026", "31.10.2026"), "--date-order: dmy (the day first)", id="31."),
        pytest.param(
            ("2026-11-03", "11/10/2026"), "not a time in 1 row(s)", id="one without order"
        ),
    ],
)
def test_a_column_of_more_than_one_kind_is_refused(
    tmp_path: Path, times: tuple[str, ...], said: str
) -> None:
    assert said in refusal(csv_of_times(tmp_path, *times))


def test_the_order_of_a_date_is_what_is_said(tmp_path: Path) -> None:
    path = csv_of_times(tmp_path, "3/11/2026 20:13", "10/11/2026 8:13 PM")
    assert [row[1] for row in read(path, date_order="dmy")] == [
        "2026-11-03 20:13:00",
        "2026-11-10 20:13:00",
    ]
    assert "fewer than two complete weeks" not in refusal(
        csv_of_times(tmp_path, "31/10/2026", "10/11/2026"), date_order="mdy"
    )
    assert "dmy (day first) or mdy" in refusal(path, UsageError, date_order="ymd")


@pytest.mark.parametrize(
    ("time", "zone", "moment"),
    [
        ("timestamptz '{}'", "Asia/Seoul", "2026-11-10 01:00:00"),
        ("timestamptz '{}'::timestamp", "Asia/Seoul", "2026-11-09 16:00:00"),
        ("timestamptz '{}'::timestamp_ns", "Asia/Seoul", "2026-11-09 16:00:00"),
        ("timestamptz '{}'::timestamp_s", None, "2026-11-10 01:00:00"),
        ("timestamptz '{}'::date", "Asia/Seoul", "2026-11-09 15:00:00"),
        ("epoch(timestamptz '{}')::bigint", "Asia/Seoul", "2026-11-10 01:00:00"),
        ("epoch_ms(timestamptz '{}')", None, "2026-11-10 01:00:00"),
        ("25569 + epoch(timestamptz '{}') / 86400", "Asia/Seoul", "2026-11-09 16:00:00"),
    ],
)
def test_a_typed_column_is_read_alike(
    tmp_path: Path, time: str, zone: str | None, moment: str
) -> None:
    assert read(parquet_of(tmp_path, event_create_time=time), zone)[1][1] == moment


@pytest.mark.parametrize("type_", ["boolean", "time", "float", "blob", "integer"])
def test_a_type_that_is_no_time_is_refused(tmp_path: Path, type_: str) -> None:
    value = {"boolean": "true", "time": "'10:00'", "blob": "'x'"}.get(type_, "5")
    path = parquet_of(tmp_path, event_create_time=f"{value}::{type_}")
    assert "event_create_time" in refusal(path)
    assert "not a time" in refusal(path) or "holds no text" in refusal(path)


def test_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    path = csv_of_times(tmp_path, *KINDS["ISO"])
    assert refusal(path, UsageError, "Mars/Base").startswith("--source-timezone is not a time zone")
    assert "posix/Asia/Seoul is not" in refusal(path, UsageError, "posix/Asia/Seoul")


def test_another_zone_reads_the_file_again(tmp_path: Path) -> None:
    path = csv_of_times(tmp_path, *KINDS["ISO"])
    open_asked(path).mark_built()
    assert not open_asked(path, "UTC").needs_full_refresh
    assert open_asked(path, "Asia/Seoul").needs_full_refresh

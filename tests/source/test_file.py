"""A CSV or Parquet file becomes the source table, or is refused with what to do about it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from flows.runtime.errors import SourceError, UsageError
from flows.runtime.settings import Settings, load_settings
from flows.source.file import SourceFile
from flows.source.options import OPTIONAL_COLUMNS
from tests.parts import open_source
from tests.source.exports import AS_OF, HEADER, TWO_WEEKS, csv, parquet, tickets
from tests.tables import rows_in


def database_of(file: SourceFile) -> Path:
    assert file.workspace.duckdb_path is not None
    return file.workspace.duckdb_path


@pytest.fixture
def settings() -> Settings:
    return load_settings()


def test_a_minimal_csv_gets_null_for_the_optional_columns(
    tmp_path: Path, settings: Settings
) -> None:
    file = open_source(settings, csv(tmp_path, *TWO_WEEKS), AS_OF)
    (row, _) = rows_in(database_of(file), "from source.tickets")
    assert list(row.values()).count(None) == len(OPTIONAL_COLUMNS)


def test_the_two_compared_weeks_follow_from_as_of(tmp_path: Path, settings: Settings) -> None:
    file = open_source(settings, csv(tmp_path, *TWO_WEEKS), AS_OF)
    assert (file.weeks.comparison.label, file.weeks.comparison.start) == (
        "2026-W46",
        date(2026, 11, 9),
    )
    assert (file.weeks.base.label, file.weeks.base.end) == ("2026-W45", date(2026, 11, 8))


@pytest.mark.parametrize(
    "time",
    ["timestamp '2026-11-10 01:00'", "timestamptz '2026-11-10 10:00+09'", "'2026-11-10T01:00:00Z'"],
)
def test_times_without_a_zone_are_utc(tmp_path: Path, settings: Settings, time: str) -> None:
    path = parquet(
        tmp_path,
        f"select '1' as id, {time} as event_create_time, 'a' as category1, '부정' as overall_emotion "
        f"union all select '0', {time.replace('11-10', '11-03')}, 'a', '부정'",
    )
    (_, row) = tickets(open_source(settings, path, AS_OF))
    assert row[1] == "2026-11-10 01:00:00"


def test_dates_and_spellings_of_a_week_edge_are_read_in_seoul(
    tmp_path: Path, settings: Settings
) -> None:
    rows = ["1,2026-11-01T14:59:59Z,a,부정", "2,2026-11-10T01:00:00Z,a,부정"]
    assert open_source(settings, csv(tmp_path, *rows), AS_OF).first_date == date(2026, 11, 1)


@pytest.mark.parametrize("column", HEADER.split(","))
def test_a_missing_required_column_is_named(
    tmp_path: Path, settings: Settings, column: str
) -> None:
    header = HEADER.replace(column, "other")
    with pytest.raises(SourceError, match=f"export.csv has no column {column}. Needed are id"):
        open_source(settings, csv(tmp_path, *TWO_WEEKS, header=header), AS_OF)


def test_a_timestamp_that_is_none_is_counted_and_placed_but_not_quoted(
    tmp_path: Path, settings: Settings
) -> None:
    rows = [*TWO_WEEKS, "3,홍길동 010-1234-5678,유저,부정", "4,2026-13-45,유저,부정"]
    with pytest.raises(SourceError) as caught:
        open_source(settings, csv(tmp_path, *rows), AS_OF)
    assert "not a time in 2 row(s), first in data row 3" in str(caught.value)
    assert "홍길동" not in str(caught.value)


def test_a_time_column_of_numbers_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = parquet(
        tmp_path,
        "select '1' as id, 5 as event_create_time, 'a' as category1, '부정' as overall_emotion",
    )
    with pytest.raises(SourceError, match="event_create_time is INTEGER, not a time"):
        open_source(settings, path, AS_OF)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("export.csv", b"", "export.csv is empty"),
        ("export.parquet", b"", "export.parquet is empty"),
        ("export.parquet", b"PAR1 this is no parquet PAR1", "export.parquet cannot be read"),
        ("export.csv", HEADER.encode() + b'\n1,"2026-11-10,a,b\n', "export.csv cannot be read"),
        ("export.csv", HEADER.encode() + b"\n", "holds no ticket"),
        ("export.xls", b"PK", "export.xls is neither .csv nor .parquet nor .xlsx"),
        ("export.csv.gz", b"PK", "export.csv.gz is neither .csv nor .parquet nor .xlsx"),
        ("exp*rt.csv", b"x", "are not allowed in the path"),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_line(
    tmp_path: Path, settings: Settings, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(settings, path, AS_OF)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_ticket_without_an_id_is_counted(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(SourceError, match=r"id is blank in 2 row\(s\)"):
        open_source(
            settings, csv(tmp_path, *TWO_WEEKS, ",2026-11-10,a,부정", " ,2026-11-10,a,부정"), AS_OF
        )


def test_another_separator_is_recognised(tmp_path: Path, settings: Settings) -> None:
    path = csv(tmp_path, "1;2026-11-10;a;b", header=HEADER.replace(",", ";"))
    with pytest.raises(SourceError, match="not separated by commas"):
        open_source(settings, path, AS_OF)


def test_a_column_that_holds_no_text_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = parquet(
        tmp_path,
        "select '1' as id, now() as event_create_time, ['a'] as category1, '부정' as overall_emotion",
    )
    with pytest.raises(SourceError, match="category1 holds no text"):
        open_source(settings, path, AS_OF)


def test_a_file_that_is_not_there_is_named(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*gone.csv: No such file.*Check --source"):
        open_source(settings, tmp_path / "gone.csv", AS_OF)


def test_fewer_than_two_complete_weeks_are_refused(tmp_path: Path, settings: Settings) -> None:
    path = csv(tmp_path, *TWO_WEEKS)
    with pytest.raises(
        SourceError,
        match=r"fewer than two complete weeks before 2026-11-15.* on 2026-W46: add --week 2026-W46",
    ):
        open_source(settings, path, date(2026, 11, 15))
    with pytest.raises(SourceError, match="from 2026-11-03 to 2026-11-10"):
        open_source(settings, path, date(2020, 1, 1))


def test_a_file_that_ends_before_the_report_week_says_so(
    tmp_path: Path, settings: Settings
) -> None:
    path = csv(tmp_path, *TWO_WEEKS)
    assert open_source(settings, path, date(2026, 11, 23)).ends_before_report_week
    assert not open_source(settings, path, AS_OF).ends_before_report_week


def test_a_changed_file_is_registered_anew_and_needs_a_full_refresh(
    tmp_path: Path, settings: Settings
) -> None:
    path = csv(tmp_path, *TWO_WEEKS)
    file = open_source(settings, path, AS_OF)
    assert file.needs_full_refresh
    file.mark_built()
    assert not open_source(settings, path, AS_OF).needs_full_refresh
    csv(tmp_path, *TWO_WEEKS, "3,2026-11-11T01:00:00Z,유저,부정")
    changed = open_source(settings, path, AS_OF)
    assert changed.needs_full_refresh
    assert len(tickets(changed)) == 3


def test_a_database_that_was_deleted_is_made_anew(tmp_path: Path, settings: Settings) -> None:
    path = csv(tmp_path, *TWO_WEEKS)
    file = open_source(settings, path, AS_OF)
    file.mark_built()
    assert file.workspace.duckdb_path is not None
    file.workspace.duckdb_path.unlink()
    assert open_source(settings, path, AS_OF).needs_full_refresh


def test_another_time_zone_needs_a_full_refresh(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv(tmp_path, *TWO_WEEKS)
    open_source(settings, path, AS_OF).mark_built()
    monkeypatch.setenv("VOC_TIMEZONE", "Europe/Berlin")
    assert open_source(load_settings(), path, AS_OF).needs_full_refresh


def test_sources_do_not_share_a_database(tmp_path: Path, settings: Settings) -> None:
    one = open_source(settings, csv(tmp_path, *TWO_WEEKS), AS_OF)
    (tmp_path / "other").mkdir()
    other = open_source(settings, csv(tmp_path / "other", *TWO_WEEKS), AS_OF)
    assert one.workspace.duckdb_path != other.workspace.duckdb_path


def test_a_path_with_a_quote_is_only_a_path(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "o'brien; drop table"
    folder.mkdir()
    assert len(tickets(open_source(settings, csv(folder, *TWO_WEEKS), AS_OF))) == 2


def test_a_database_in_use_by_another_process_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "mine.duckdb"
    monkeypatch.setenv("VOC_DUCKDB_PATH", str(database))
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        monkeypatch.setattr("flows.source.database.PATIENCE_SECONDS", 0.0)
        with pytest.raises(SourceError, match="is in use by another process. Wait for it to end"):
            open_source(load_settings(), csv(tmp_path, *TWO_WEEKS), AS_OF)
        # Somebody who reads for a moment is waited for.
        monkeypatch.setattr("flows.source.database.PATIENCE_SECONDS", 60.0)
        assert holder.stdin is not None
        threading.Timer(0.3, holder.stdin.close).start()
        open_source(load_settings(), csv(tmp_path, *TWO_WEEKS), AS_OF)


def test_a_database_that_may_not_be_written_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder in the database's place: root, who may write anything, cannot open that either.
    (tmp_path / "mine.duckdb").mkdir()
    monkeypatch.setenv("VOC_DUCKDB_PATH", str(tmp_path / "mine.duckdb"))
    with pytest.raises(SourceError, match="cannot be opened for writing. Check its permissions"):
        open_source(load_settings(), csv(tmp_path, *TWO_WEEKS), AS_OF)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere, so nothing is refused")
def test_a_home_that_may_not_be_written_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    monkeypatch.setenv("VOC_HOME", str(tmp_path / "closed" / "home"))
    with pytest.raises(UsageError, match="Set VOC_HOME to a folder you may write"):
        open_source(load_settings(), csv(tmp_path, *TWO_WEEKS), AS_OF)


@pytest.mark.parametrize(
    ("times", "is_told"),
    [
        (("2026-11-03T03:00:00Z", "2026-11-10 12:00:00+09"), False),
        (("2026-11-03T03:00:00Z", "2026-11-10 12:00:00"), True),
        (("2026-11-03", "2026-11-10"), True),
    ],
)
def test_times_without_a_zone_are_read_as_utc_and_it_is_said(
    tmp_path: Path, times: tuple[str, str], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "voc")
    rows = [f"{n},{time},a,부정" for n, time in enumerate(times)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["id,event_create_time,category1,overall_emotion", *rows]))
    open_source(load_settings(), path, AS_OF)
    assert ("without a zone: they are read as UTC" in caplog.text) == is_told


def test_a_home_in_the_place_of_a_file_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VOC_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(UsageError, match="Set VOC_HOME to a folder you may write"):
        open_source(load_settings(), csv(tmp_path, *TWO_WEEKS), AS_OF)


def test_what_is_stored_is_private(tmp_path: Path, settings: Settings) -> None:
    file = open_source(settings, csv(tmp_path, *TWO_WEEKS), AS_OF)
    assert file.workspace.folder.stat().st_mode & 0o077 == 0

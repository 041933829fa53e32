"""What becomes of data that should not be: docs/bad-data.md has the table, and each row of it its test here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.report.values import Status
from flows.runtime.errors import SourceError
from tests.flow import outbox, run

pytestmark = pytest.mark.usefixtures("prefect_api")

BASE, COMPARISON = datetime(2026, 11, 3, 3), datetime(2026, 11, 10, 3)
NONE = "(미분류)"
COLUMNS = ("id", "event_create_time", "category1", "category2", "category3", "overall_emotion")
Ticket = dict[str, Any]
HEADER = "id,event_create_time,category1,overall_emotion"


def text_of(message: dict[str, Any]) -> str:
    """All that is shown of a message."""
    return "\n".join(
        element["text"]
        for block in message["blocks"]
        for element in (block.get("text"), *block.get("elements", []))
        if element and isinstance(element["text"], str)
    )


def tickets(
    count: int, category: str | None, at: datetime | str | None = COMPARISON, **columns: Any
) -> list[Ticket]:
    """Neutral tickets of a category, with ids of their own unless told otherwise."""
    return [
        {
            "id": f"{category}-{at}-{n}",
            "event_create_time": at,
            "category1": category,
            "category2": "b",
            "category3": "c",
            "overall_emotion": "중립",
        }
        | columns
        for n in range(count)
    ]


def write_parquet(path: Path, rows: Iterable[Ticket], **types: str) -> Path:
    """The tickets with the columns' types given; VARCHAR and TIMESTAMPTZ by default."""
    types = (
        dict.fromkeys((*COLUMNS, "detail"), "varchar")
        | {"event_create_time": "timestamptz"}
        | types
    )
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create table t ({', '.join(f'{c} {t}' for c, t in types.items())})")
        for row in rows:
            connection.execute(
                f"insert into t values ({', '.join('?' * len(types))})",
                [row.get(column) for column in types],
            )
        connection.execute(f"copy t to '{path}' (format parquet)")
    return path


# --- Counted in a way that is told ------------------------------------------------------------

LONG = "가" * 500
EMOTIONS = ("화남", "NEGATIVE", "부정 ", "negative", "", None, "0", "1", "부정적", "😡")
FAR = (
    "1970-01-01 00:00+00",
    "2100-01-01 00:00+00",
    "20261-11-10 00:00+00",
    "0044-03-15 (BC) 00:00+00",
)
ODD_NAMES = {
    "a slash": "로그인/회원 가입",
    "a slash between spaces": "유저 / 이력서",
    "quotes": "'작은' \"큰\"",
    "a line break": "줄\n바꿈",
    "an emoji": "👩‍👩‍👧 😀",
    "500 characters": LONG,
    "SQL": "'); drop table fct_voc_weekly_status; --",
}


def spelled(name: str) -> str:
    """A name as it is counted: on one line, without joiners."""
    return " ".join(name.replace("\u200d", "").split())


def all_kinds_of_bad_data() -> list[Ticket]:
    rows = [
        *tickets(1, "지난주", BASE, overall_emotion="부정"),
        # The newest ticket of a time that can be.
        *tickets(1, "지난주", datetime(2026, 11, 15, 14, 59)),
        *tickets(1, "시각 없음", None),
    ]
    later = COMPARISON + timedelta(hours=1)
    for n in range(20):
        rows += tickets(1, "처음", id=f"R{n}", overall_emotion="부정", detail="처음 내용")
        rows += tickets(1, "나중", later, id=f"R{n}", detail="나중 내용")
        rows += tickets(1, "같은 때 하나", id=f"S{n}") + tickets(1, "같은 때 둘", id=f"S{n}")
        rows += tickets(1, "두 주", BASE, id=f"W{n}") + tickets(1, "두 주", id=f"W{n}")
        rows += tickets(1, None, id=f"N{n}", category2=None, category3=None, overall_emotion=None)
    rows += tickets(5, " \t\u3000", category2="", category3="\n")
    # Their ids are those of the tickets above, but for invisible characters.
    rows += tickets(5, "\u200b\u2060", category2="\u200b", category3="\u2060")
    for at in FAR:
        rows += tickets(5, "먼 때", at)
    for emotion in EMOTIONS:
        rows += tickets(2, "감정", id=None, overall_emotion=emotion)
    for n, row in enumerate(row for row in rows if row["id"] is None):
        row["id"] = f"E{n}"
    for name in ODD_NAMES.values():
        rows += tickets(20, name)
    return rows


Row = tuple[int, int, int, Status]
"""Base total, comparison total, negative in the comparison week, status."""


@pytest.fixture(scope="module")
def reported(
    tmp_path_factory: pytest.TempPathFactory, prefect_api: str
) -> tuple[dict[str, Row], list[dict[str, Any]]]:
    """One run on all of it: the rows of the report by category1, and what was posted."""
    folder = tmp_path_factory.mktemp("bad")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOC_HOME", str(folder / "home"))
        result = run(source=write_parquet(folder / "tickets.parquet", all_kinds_of_bad_data()))
    assert result.report is not None
    rows = {
        row.category1: (row.base_total, row.comparison_total, row.comparison_negative, row.status)
        for row in result.report.rows
    }
    assert len(rows) == len(result.report.rows)
    return rows, outbox(folder / "home")


@pytest.mark.parametrize(
    ("category", "counted"),
    [
        pytest.param("처음", None, id="a repeated id counts where it was last"),
        pytest.param("나중", (0, 20, 0, "CRITICAL"), id="a repeated id counts as what it was last"),
        pytest.param("두 주", (20, 20, 0, "STABLE"), id="an id of two weeks counts in both"),
        pytest.param("시각 없음", None, id="a ticket without a time counts in no week"),
        pytest.param("먼 때", None, id="1970 and 2100 are in neither week"),
        pytest.param(NONE, (0, 25, 0, "CRITICAL"), id="NULL and blank everywhere is unclassified"),
        pytest.param("감정", (0, 20, 2, "CRITICAL"), id="only 부정 is negative, with blanks too"),
        *(
            pytest.param(
                spelled(name),
                (0, 20, 0, "CRITICAL"),
                id=f"a category with {what} is one like any other",
            )
            for what, name in ODD_NAMES.items()
        ),
    ],
)
def test_bad_tickets_are_counted_as_the_table_says(
    reported: tuple[dict[str, Row], list[dict[str, Any]]], category: str, counted: Row | None
) -> None:
    rows, _ = reported
    assert rows.get(category) == counted


def test_a_repeated_id_with_equal_times_counts_once(
    reported: tuple[dict[str, Row], list[dict[str, Any]]],
) -> None:
    rows, _ = reported
    assert sum(rows.get(f"같은 때 {each}", (0, 0))[1] for each in ("하나", "둘")) == 20


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("나중 / b / c", 20),
        (NONE, 25),
        ("감정 / b / c", 20),
        ("로그인/회원 가입 / b / c", 20),
        ("유저 / 이력서 / b / c", 20),
        ("'작은' \"큰\" / b / c", 20),
        ("줄 바꿈 / b / c", 20),
        ("👩👩👧 😀 / b / c", 20),
        ("가" * 119 + "…", 20),
        ("'); drop table fct_voc_weekly_status; -- / b / c", 20),
    ],
)
def test_a_bad_category_is_posted_on_a_line_of_its_own(
    reported: tuple[dict[str, Row], list[dict[str, Any]]], name: str, count: int
) -> None:
    _, (summary, *thread) = reported
    lines = text_of(summary).splitlines()
    place = lines.index(f"*{name}*")
    assert lines[place + 1].startswith(f"`0 → {count}건 신규`  `")
    share = "10.0%" if name.startswith("감정") else "0.0%"
    assert lines[place + 2].startswith(f"부정 – → {share}  ·  ")
    shown = "\n".join(lines[place : place + 3])
    analyses = [text_of(message) for message in thread]
    (analysis,) = [text for text in analyses if text.startswith(f"🔴 *CRITICAL* · 심각\n{shown}\n")]
    assert "\n*대표 예시*\n> `" in analysis


def test_of_a_repeated_ticket_the_last_text_is_quoted_and_of_none_it_is_said(
    reported: tuple[dict[str, Row], list[dict[str, Any]]],
) -> None:
    _, messages = reported
    quotes = re.findall(r"^> `(\w)\d+` (.*)$", "\n".join(map(text_of, messages)), re.M)
    assert ("R", "나중 내용") in quotes
    assert ("N", "(내용 없음)") in quotes
    assert ("R", "처음 내용") not in quotes


def test_a_clock_that_is_wrong_does_not_tell_how_far_the_data_reaches(
    reported: tuple[dict[str, Row], list[dict[str, Any]]],
) -> None:
    _, (*_, receipt) = reported
    assert receipt["text"].startswith("🧾 티켓 ")
    assert " · 데이터 2026-11-15까지 · " in receipt["text"]


# --- Columns of other types -------------------------------------------------------------------


def tickets_of_two_weeks(negative: Any, neutral: Any) -> list[Ticket]:
    """20 tickets, then 26 of which half are negative; ids are numbers."""
    rows = tickets(20, "유저", BASE, overall_emotion=neutral)
    rows += tickets(13, "유저", overall_emotion=negative) + tickets(
        13, "유저", overall_emotion=neutral
    )
    return [row | {"id": number} for number, row in enumerate(rows, 1)]


def test_columns_that_change_their_type_between_runs_change_no_count(tmp_path: Path) -> None:
    path, rows = tmp_path / "tickets.parquet", tickets_of_two_weeks("부정", "중립")
    home = tmp_path / "home"
    assert run(source=write_parquet(path, rows)).outcome == "posted"
    posted = outbox(home)
    assert "20 → 26건 +30.0%" in text_of(posted[0])
    assert "부정 0.0% → 50.0% (+50.0%p)" in text_of(posted[0])
    emotion = "enum ('중립', '부정', '긍정')"
    for types in (
        {"id": "bigint", "event_create_time": "timestamp", "overall_emotion": emotion},
        {"id": "uuid", "event_create_time": "date"},
    ):
        changed = rows
        if types["id"] == "uuid":
            changed = [row | {"id": f"00000000-0000-0000-0000-{row['id']:012}"} for row in rows]
        result = run(source=write_parquet(path, changed, **types))
        assert result.report is not None
        assert [(row.base_total, row.comparison_negative) for row in result.report.rows] == [
            (20, 13)
        ]
        assert result.outcome == "already_posted"
    numbers = [row | {"event_create_time": 20_261_110} for row in rows]
    with pytest.raises(SourceError, match="event_create_time is BIGINT, not a time"):
        run(source=write_parquet(path, numbers, event_create_time="bigint"))
    assert outbox(home) == posted


def test_emotions_in_other_words_are_not_negative_and_the_report_says_that_none_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tickets.parquet"
    result = run(source=write_parquet(path, tickets_of_two_weeks(2, 1), overall_emotion="integer"))
    assert result.outcome == "posted"
    summary, *_ = outbox(tmp_path / "home")
    assert "20 → 26건 +30.0%" in text_of(summary)
    assert "부정 0.0% → 0.0% (+0.0%p)" in text_of(summary)
    assert "2026-W46: 부정으로 분류된 문의가 없습니다" in text_of(summary)


# --- Refused in one line, and nothing is posted -----------------------------------------------

TICKET = "1,2026-11-10T01:00:00Z,유저,부정"
BEFORE = "0,2026-11-03T01:00:00Z,유저,부정"


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        pytest.param([], "holds no ticket with an event_create_time", id="no ticket"),
        pytest.param(["1,,유저,부정", "2,,유저,부정"], "holds no ticket", id="no time at all"),
        pytest.param([BEFORE, TICKET, ",,,"], r"id is blank in 1 row\(s\)", id="NULL everywhere"),
        pytest.param([BEFORE, "1,1763000000,유저,부정"], r"not a time in 1 row\(s\)", id="seconds"),
        pytest.param([BEFORE, "1,10/11/2026,유저,부정"], r"not a time in 1 row\(s\)", id="slashes"),
        pytest.param(
            [BEFORE, "1,45971.5,유저,부정"], r"not a time in 1 row\(s\)", id="Excel's days"
        ),
        pytest.param(
            ["1,infinity,유저,부정", "2,20261-11-10,유저,부정"],
            "holds no ticket",
            id="no year of ours",
        ),
        pytest.param(
            ["1,1970-01-01,유저,부정", TICKET],
            "fewer than two complete weeks",
            id="1970 is no base week",
        ),
        pytest.param(
            [TICKET, "2,2026-11-10,유저"], "near line 3: it has 3 fields", id="a short line"
        ),
    ],
)
def test_a_file_that_cannot_be_compared_is_refused_in_one_line(
    tmp_path: Path, lines: list[str], error: str
) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    with pytest.raises(SourceError, match=error) as caught:
        run(source=path)
    assert "\n" not in str(caught.value)
    assert outbox(tmp_path / "home") == []


def test_an_empty_parquet_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no ticket"):
        run(source=write_parquet(tmp_path / "tickets.parquet", []))
    assert outbox(tmp_path / "home") == []


def test_a_base_week_without_a_ticket_is_doubted(tmp_path: Path) -> None:
    rows = [*tickets(20, "유저", BASE - timedelta(weeks=1)), *tickets(20, "유저")]
    run(source=write_parquet(tmp_path / "tickets.parquet", rows))
    summary, *_ = outbox(tmp_path / "home")
    assert "2026-W45에 문의가 한 건도 없어" in text_of(summary)


def test_only_tickets_of_the_future_are_no_report(tmp_path: Path) -> None:
    rows = tickets(30, "유저", "2100-01-01 00:00+00") + tickets(1, "유저", BASE)
    result = run(source=write_parquet(tmp_path / "tickets.parquet", rows))
    assert (result.outcome, result.last_date) == ("no_data", date(2026, 11, 3))
    assert outbox(tmp_path / "home") == []

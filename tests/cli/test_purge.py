"""`voc purge`: customers' words are gone from every file that the product wrote; numbers stay."""

from __future__ import annotations

import json
import os
import shutil
import threading
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.runtime.lock import one_run_at_a_time
from flows.source.made_up.tickets import write_sample
from tests.conftest import Ran, Voc, move_to, run_module, run_voc
from tests.tables import rows_in

pytestmark = pytest.mark.slow

LISTS = ("index.html", "product.html")
BEFORE = "2026-11-02"  # W44 ends the day before; W45 compares with it
COUNTS = "select * from fct_voc_weekly_counts order by all"
# Without p and q: weeks judged again may differ in their last digits.
STATUSES = """
    select week_start, category1, category2, category3, base_total, comparison_total, status, status_reason, evidence
    from fct_voc_weekly_status
    order by all
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Path:
    """The folder of a file and of a home in which its last two weeks were reported.

    The detail of each ticket holds a word of its own.
    """
    folder = tmp_path_factory.mktemp("purge")
    write_sample(
        folder / "made.parquet", weeks=6, tickets_per_week=600, until=date(2026, 11, 15), seed=7
    )
    duckdb.execute(
        f"copy (select * replace (detail || ' 표지' || id || '끝' as detail) from '{folder}/made.parquet') "
        f"to '{folder}/tickets.csv'"
    )
    with pytest.MonkeyPatch.context() as patch:
        move_to(folder, patch)
        for week in ("2026-W45", "2026-W46"):
            asked = ("run", "--source", folder / "tickets.csv", "--week", week)
            assert run_voc(*asked, PREFECT_API_URL=prefect_api).code == 0
    (tables_of(folder / "home").parent / ".copy-1.csv").write_text("표지2100000끝")
    answers = folder / "home" / "state" / "laas"
    answers.mkdir(parents=True)
    for name, day in (("old", date(2026, 10, 26)), ("new", date(2026, 11, 16))):
        path = answers / name.ljust(64, "0")
        path.write_text("{}")
        seconds = (day - date(1970, 1, 1)).total_seconds()
        os.utime(path, (seconds, seconds))
    return folder


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """A copy, so that each test purges for itself."""
    return Path(shutil.copytree(built / "home", tmp_path / "home"))


def tables_of(home: Path) -> Path:
    (database,) = home.glob("duckdb/*/warehouse.duckdb")
    return database


def counts(ran: Ran) -> dict[str, int]:
    assert ran.code == 0, ran.err
    return {place["where"]: place["count"] for place in ran.json["removed"]}


def marked_in(home: Path) -> set[str]:
    """The ids of the tickets whose own word is in any table or file."""
    texts = [
        path.read_text(errors="ignore")
        for path in home.rglob("*")
        if path.is_file() and path.suffix != ".duckdb"
    ]
    for table, column in (
        ("source.tickets", "detail"),
        ("fct_voc_weekly_samples", "detail"),
        ("int_flagged_tickets_masked", "detail"),
    ):
        rows = rows_in(tables_of(home), f"select {column} from {table}")
        texts += [row[column] or "" for row in rows]
    found: set[str] = set()
    for text in texts:
        found |= {part.split("끝")[0] for part in text.split("표지")[1:]}
    return found


def numbers(home: Path) -> tuple[Any, ...]:
    return tuple(rows_in(tables_of(home), sql) for sql in (COUNTS, STATUSES))


def pages(home: Path) -> set[str]:
    return {path.name for path in home.glob("reports/*/*")}


def of_weeks_before(home: Path, day: str) -> set[str]:
    rows = rows_in(
        tables_of(home),
        "select id from source.tickets "
        f"where timezone('Asia/Seoul', event_create_time) < timestamp '{day}'",
    )
    return {row["id"] for row in rows}


def test_words_of_old_weeks_are_gone_and_numbers_stay(
    voc: Voc, home: Path, built: Path, prefect_api: str
) -> None:
    before, old = numbers(home), of_weeks_before(home, BEFORE)
    assert marked_in(home) & old
    young = marked_in(home) - old
    counted = counts(voc("purge", "--before", BEFORE, "--dry-run", "--json"))
    assert marked_in(home) & old
    assert counts(voc("purge", "--before", BEFORE, "--json")) == counted
    assert counted["source rows in DuckDB"] >= len(old)  # some tickets are there twice
    assert min(counted[n] for n in ("fct_voc_weekly_samples", "outbox messages")) > 0
    assert (counted["pages"], counted["kept answers"]) == (1, 1)
    assert counted["unfinished copies of files"] == 1
    assert marked_in(home) & old == set()
    assert (
        rows_in(
            tables_of(home),
            f"from fct_voc_weekly_samples where ticket_id in ({', '.join(map(repr, old))})",
        )
        == []
    )
    assert len(marked_in(home)) > 0.9 * len(young)
    assert numbers(home) == before
    assert pages(home) == {"2026-W46.html", "2026-W46.json", *LISTS}
    assert 'href="2026-W45.html"' not in next(home.glob("reports/*/index.html")).read_text()
    assert set(counts(voc("purge", "--before", BEFORE, "--json")).values()) == {0}

    asked = ("run", "--source", built / "tickets.csv", "--week", "2026-W45", "--json")
    again = voc(*asked, PREFECT_API_URL=prefect_api)
    assert again.json["outcome"] == "already_posted"  # the ledger is whole
    assert numbers(home) == before
    assert marked_in(home) & old == set()


def test_one_ticket_s_words_are_gone(voc: Voc, home: Path) -> None:
    (sample, *_) = rows_in(
        tables_of(home),
        "select ticket_id from fct_voc_weekly_samples where week_start = date '2026-11-09' "
        "and week_role = 'comparison' order by ticket_id",
    )
    ticket, before = sample["ticket_id"], numbers(home)
    others = marked_in(home) - {ticket}
    counted = counts(voc("purge", "--ticket", ticket, "--json"))
    assert counted["source rows in DuckDB"] == counted["fct_voc_weekly_samples"] == 1
    assert counted["int_flagged_tickets_masked"] == 1
    assert (counted["pages"], counted["kept answers"]) == (1, 2)
    assert ticket not in marked_in(home)
    assert marked_in(home) == others
    assert numbers(home) == before
    assert pages(home) == {"2026-W45.html", "2026-W45.json", *LISTS}
    assert set(counts(voc("purge", "--ticket", ticket, "--json")).values()) == {0}


def test_deleted_words_are_not_in_the_file_s_free_blocks(voc: Voc, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "duckdb" / "tickets-0123abcd"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute(
            "create schema source;"
            "create table source.tickets as select '1' as id, timestamptz '2026-10-05 00:00+00' as event_create_time, "
            "'' as title, 'a word of one customer' as detail, null as main_topic, null as keywords;"
            'create view tickets as from "warehouse"."source"."tickets"'
        )
    database = folder / "warehouse.duckdb"
    assert b"word of one customer" in database.read_bytes()
    assert counts(voc("purge", "--ticket", "1", "--json"))["source rows in DuckDB"] == 1
    assert b"word of one customer" not in database.read_bytes()
    assert [path.name for path in folder.glob("*.duckdb*")] == ["warehouse.duckdb"]
    assert rows_in(database, "select id, detail from tickets") == [{"id": "1", "detail": None}]


def test_a_run_removes_pages_that_are_older_than_it_is_told(
    home: Path, built: Path, prefect_api: str
) -> None:
    """The tables are those that it would build again."""

    def run(*options: str) -> int:
        source = str(built / "tickets.csv")
        arguments = ("run", "--source", source, "--week", "2026-W46", *options)
        settings = {
            "VOC_PAGE_RETENTION_WEEKS": "1",
            "PREFECT_API_URL": prefect_api,
            "CHAOS_TABLES_STAND": "1",
        }
        return run_module("tests.hurried", *arguments, environment=settings).code

    (page,) = home.glob("reports/*/2026-W45.html")
    shutil.copy(page, page.with_name("2026-W44.html"))
    assert run("--dry-run") == 0
    assert "2026-W44.html" in pages(home)
    assert run() == 0
    assert {name for name in pages(home) if name.endswith(".html")} == {
        "2026-W45.html",
        "2026-W46.html",
        *LISTS,
    }
    assert 'href="2026-W44.html"' not in page.with_name("index.html").read_text()


def test_what_is_out_of_reach_is_told(voc: Voc, home: Path, built: Path) -> None:
    ran = voc("purge", "--before", BEFORE, VOC_SLACK_CHANNEL="C0123ABCD")
    assert ran.code == 0
    for words in (str(built / "tickets.csv"), "C0123ABCD", "LaaS", "Prefect", "Backups"):
        assert words in ran.out.split("Out of reach:")[1]
    assert "voc run --week 2026-W45" in ran.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "either --before DATE or --ticket ID"),
        (("--before", BEFORE, "--ticket", "1"), "either --before DATE or --ticket ID"),
        (("--ticket", " "), "either --before DATE or --ticket ID"),
        (("--before", "yesterday"), "not a date"),
        (("--before", "2999-01-01"), "in the future"),
    ],
)
def test_what_makes_no_sense_removes_nothing(
    voc: Voc, options: tuple[str, ...], message: str
) -> None:
    ran = voc("purge", *options)
    assert ran.code == 2
    assert message in ran.err


def test_an_empty_home_has_nothing_to_remove(voc: Voc) -> None:
    assert set(counts(voc("purge", "--before", BEFORE, "--json")).values()) == {0}


def test_a_purge_waits_for_a_run(voc: Voc, home: Path) -> None:
    ran: list[Ran] = []
    purge = threading.Thread(target=lambda: ran.append(voc("purge", "--before", BEFORE, "--json")))
    with one_run_at_a_time(home):
        purge.start()
        purge.join(5)
        assert purge.is_alive()
        assert len(pages(home)) == 4 + len(LISTS)
    purge.join()
    assert json.loads(ran[0].out)["removed"]
    assert len(pages(home)) == 2 + len(LISTS)

"""The source's faults and late changes, found by the models on tickets as they come: files in, marts out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.warehouse.connection import DuckDBWarehouse
from flows.warehouse.dbt import build_models
from flows.warehouse.marts import (
    read_changed_weeks,
    read_corrections,
    read_unused_overrides,
    read_week_pair,
)
from tests.parts import build_of
from tests.warehouse.test_dbt import STATUSES, W44, W45, W46, W47, Lab, Ticket, tickets

pytestmark = pytest.mark.slow

WEEK = timedelta(weeks=1)
DOUBTS = "+fct_voc_source_doubts"
BEFORE = [W44 - n * WEEK for n in range(4, 0, -1)]


def usual(weeks: Iterable[date], total: int = 70, category: str = "유저") -> list[Ticket]:
    return [t for week in weeks for t in tickets(week, total, total // 5, category)]


def on_days(rows: Iterable[Ticket], *days: int) -> list[Ticket]:
    """The tickets of these days of the week, 0 for Monday."""
    return [
        row for row in rows if date.fromisoformat(row["event_create_time"][:10]).weekday() in days
    ]


def doubts(lab: Lab, week: date) -> dict[str, list[Any]]:
    rows = lab.sql(
        "select code, dates, observed, usual, is_incomplete from fct_voc_source_doubts where week_start = ?",
        week,
    )
    return {code: values for code, *values in rows}


def test_days_without_tickets_are_lost_unless_they_always_are(tmp_path: Path) -> None:
    """Wednesday to Friday are missing; no Sunday has ever had a ticket."""
    history = on_days(usual([*BEFORE, W44, W45]), 0, 1, 2, 3, 4, 5)
    lab = Lab(tmp_path, [*history, *on_days(usual([W46]), 0, 1, 5)])
    lab.run(W47, DOUBTS)
    assert doubts(lab, W45) == {}
    found = doubts(lab, W46)
    assert found["days_lost"] == ["2026-11-11,2026-11-12,2026-11-13", 3.0, 30.0, True]


def test_two_weeks_are_enough_to_see_lost_days(tmp_path: Path) -> None:
    lab = Lab(tmp_path, [*usual([W45]), *on_days(usual([W46]), 0, 1, 5, 6)])
    lab.run(W47, DOUBTS)
    assert doubts(lab, W46)["days_lost"][0] == "2026-11-11,2026-11-12,2026-11-13"


def test_a_broken_classifier_is_told_with_its_share(tmp_path: Path) -> None:
    broken = usual([W46])
    for row in broken[: len(broken) // 2]:
        row |= {"category1": " ", "overall_emotion": ""}
    for row in broken[len(broken) // 2 :]:
        row["overall_emotion"] = "negative"
    lab = Lab(tmp_path, [*usual([*BEFORE, W44, W45]), *broken])
    # The other levels are blank in these files, in every week.
    lab.sql(
        "update source.tickets set category2 = 'b', category3 = 'c' where trim(category1) != ''"
    )
    lab.run(W47, DOUBTS)
    found = doubts(lab, W46)
    assert set(found) == {"unclassified", "emotion_missing", "emotion_unknown", "no_negative"}
    assert found["unclassified"][1:] == [0.5, 0.0, False]


def test_a_rename_is_told_and_the_statuses_stay(tmp_path: Path) -> None:
    steady = usual([W44, W45, W46], 100, "그대로")
    lab = Lab(tmp_path, [*steady, *usual([W44, W45], 38, "옛 이름"), *usual([W46], 39, "새 이름")])
    lab.run(W47, f"{DOUBTS} {STATUSES}")
    assert lab.sql("select category1, renamed_to, usual, observed from fct_voc_source_doubts") == [
        ("옛 이름", "새 이름", 38.0, 39.0)
    ]
    statuses = dict(
        lab.sql("select category1, status from fct_voc_weekly_status where week_start = ?", W46)
    )
    assert statuses == {"그대로": "STABLE", "옛 이름": "IMPROVED", "새 이름": "CRITICAL"}


def test_spellings_of_one_category_and_id_are_one(tmp_path: Path) -> None:
    """A blank at the end, decomposed Hangul, a zero-width sign: 20 → 20, STABLE; and 20 tickets, not 40."""
    rows = [*tickets(W45, 20), *tickets(W46, 20)]
    for row, spelling in zip(
        rows[20:], ("유저 ", "\u110b\u1172\u110c\u1165", "유\u200b저", " 유저\n") * 5, strict=True
    ):
        row["category1"] = spelling
    again = [row | {"id": f"{row['id']} "} for row in rows[20:]]
    lab = Lab(tmp_path, [*rows, *again])
    lab.run(W47, f"{DOUBTS} {STATUSES}")
    assert lab.sql(
        "select category1, status, base_total, comparison_total from fct_voc_weekly_status"
    ) == [("유저", "STABLE", 20, 20)]
    assert doubts(lab, W46)["ids_repeated"][1] == 1.0


def test_only_what_changed_is_counted_and_judged_again(tmp_path: Path) -> None:
    weeks = [W44 - n * WEEK for n in range(20, 0, -1)]
    lab = Lab(tmp_path, usual([*weeks, W44, W45]))
    lab.run(W46)
    lab.add(tickets(weeks[3], 30, name="late"))
    lab.add(usual([W46]))
    lab.sql("delete from source.tickets where id like ?", f"t-{weeks[5]}-%")
    lab.sql("update source.tickets set overall_emotion = '부정' where id like ?", f"t-{weeks[7]}-%")
    lab.run(W47)
    counted = lab.sql(
        "select week_start from int_weeks_counted where counted_at = (select max(counted_at) from int_weeks_counted) order by 1"
    )
    assert [week for (week,) in counted] == [weeks[3], weeks[5], weeks[7], W44, W45, W46]
    untouched = lab.sql(
        "select distinct week_start from fct_voc_weekly_status "
        "where judged_at < (select max(judged_at) from fct_voc_weekly_status) order by 1"
    )
    # Evidence rests on all weeks before; the first week has no base week.
    assert [week for (week,) in untouched] == [weeks[1], weeks[2]]
    incremental = judgements(lab)
    lab.run(W47, full_refresh=True)
    assert judgements(lab) == incremental


def test_a_file_that_was_built_as_it_is_is_not_read_for_changes(tmp_path: Path) -> None:
    """All of its weeks: ten million tickets would take a second and more."""
    counted = "+int_weeks_counted"
    lab = Lab(tmp_path, usual([*BEFORE, W44, W45, W46]))
    lab.run(W46, counted)
    lab.sql("delete from source.tickets where id like ?", f"t-{BEFORE[0]}-%")
    lab.sql("update source.version set is_built = true")
    lab.run(W47, counted)
    assert set(lab.totals()) == {*BEFORE, W44, W45, W46}
    lab.sql("update source.version set is_built = false")
    lab.run(W47, counted)
    assert set(lab.totals()) == {*BEFORE[1:], W44, W45, W46}


def judgements(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.sql(
        "select * exclude (flow_run_id, judged_at, judging_version) from fct_voc_weekly_status order by all"
    ) + lab.sql("from fct_voc_source_doubts order by all")


def test_a_category_whose_tickets_are_deleted_is_corrected_and_its_period_closed(
    tmp_path: Path,
) -> None:
    old = W44 - 6 * WEEK
    rows = [*usual([old - WEEK, old, old + WEEK, W44, W45]), *tickets(old, 25, category="스팸")]
    lab = Lab(tmp_path, rows)
    lab.run(W46, "+voc_weekly_status_snapshot dim_voc_weeks")
    ((posted_at,),) = lab.sql("select now()")
    lab.sql("delete from source.tickets where category1 = '스팸'")
    lab.add(tickets(old, 30, name="late"))
    lab.add(usual([W46]))
    lab.run(W47, "+voc_weekly_status_snapshot dim_voc_weeks")
    assert lab.sql(
        "select count(*), count(dbt_valid_to) from voc_weekly_status_snapshot where category1 = '스팸' and week_start = ?",
        old,
    ) == [(1, 1)]
    assert lab.workspace.duckdb_path is not None
    warehouse = DuckDBWarehouse(lab.workspace.duckdb_path)
    weeks = read_week_pair(warehouse, W47)
    assert weeks is not None
    changed = {week.start: week for week in read_changed_weeks(warehouse, weeks.comparison)}
    found = {
        c.category[0]: (c.posted_status, c.status, c.cause)
        for c in read_corrections(warehouse, changed[old], posted_at)
    }
    assert found == {
        "스팸": ("CRITICAL", None, "deleted"),
        "유저": ("STABLE", "CRITICAL", "late"),
    }


def test_a_report_on_an_old_week_leaves_the_samples_of_the_newest(tmp_path: Path) -> None:
    weeks = [W44 - n * WEEK for n in range(3, 0, -1)]
    rows = usual([weeks[0], weeks[2], W44, W45], 10) + usual([weeks[1], W46], 40)
    lab = Lab(tmp_path, rows)
    lab.run(W47)
    newest = lab.sql("from fct_voc_weekly_samples order by all")
    lab.run(weeks[1] + WEEK)
    assert lab.sql("from fct_voc_weekly_samples where week_start = ? order by all", W46) == newest
    assert {w for (w,) in lab.sql("select week_start from fct_voc_weekly_samples")} == {
        weeks[1],
        W46,
    }
    flags = lab.sql(
        "select week_start, is_report_week, is_latest_week from dim_voc_weeks where is_report_week or is_latest_week order by 1"
    )
    assert flags == [(weeks[1], True, False), (W46, False, True)]


def test_an_override_that_matches_no_category_is_found(tmp_path: Path) -> None:
    lab = Lab(tmp_path, usual([W44, W45]))
    lab.run(W46, STATUSES)
    for category in ("유저 ", "유조"):
        lab.sql(
            "insert into status_thresholds values ('CRITICAL', ?, null, null, 21, 30, 20, null)",
            category,
        )
    build_models(build_of(lab.settings, lab.workspace, W46), select="dim_voc_thresholds")
    assert lab.workspace.duckdb_path is not None
    warehouse = DuckDBWarehouse(lab.workspace.duckdb_path)
    assert read_unused_overrides(warehouse) == (("CRITICAL", ("유조", "*", "*")),)


def test_a_week_that_is_looked_back_to_and_changed_is_counted_once(tmp_path: Path) -> None:
    lab = Lab(tmp_path, usual([W44, W45]))
    lab.run(W46, STATUSES)
    lab.add(tickets(W45, 30, name="late"))
    lab.run(W46, STATUSES)
    assert lab.sql("select count(*) from int_weeks_counted where week_start = ?", W45) == [(1,)]
    assert lab.sql("select status from fct_voc_weekly_status where week_start = ?", W45) == [
        ("CRITICAL",)
    ]

"""The evidence on 182 worked cases, with numbers from scipy: tests/data/evidence_cases*.csv.

All cases are in one warehouse, one company after the other, with 61 weeks of silence before each: longer than anything
that a week rests on, so that no company sees the one before.
"""

from __future__ import annotations

import csv
import math
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from flows import PROJECT_ROOT
from flows.warehouse.dbt import build_models
from tests.parts import build_of
from tests.tables import rows_in
from tests.warehouse.test_dbt import W44, W45, W46, Lab, tickets

pytestmark = pytest.mark.slow

Row = dict[str, Any]
DATA = PROJECT_ROOT / "tests" / "data"
HISTORY_BEGINS = date(2000, 1, 3)
SILENCE = 61
# Columns of the files by those of the tables, where the names differ.
NAMES = {
    "phi": "volume_spread",
    "psi": "share_spread",
    "tests": "test_count",
}
NUMBERS = (
    *("expected_total", "phi", "psi", "usual_low", "usual_high", "baseline_total", "weeks_before"),
    *("week_level", "share_now", "tests", "p_increase", "p_decrease", "p_negative"),
    *("q_increase", "q_decrease", "q_negative", "chance_of_alarm"),
)
WORDS = ("status", "status_reason", "evidence", "evidence_note")


class Count(NamedTuple):
    """A category's tickets in a week, and where they are told: the company, and the week of its history."""

    company: str
    category: str
    week: int
    total: int
    negative: int


class Case(NamedTuple):
    """A row that is expected."""

    company: str
    category: str
    week: int
    expected: Row


def read(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def single_categories() -> tuple[list[Count], list[Case]]:
    """Companies of one category, a row each: the last week is compared with the one before."""
    counts, cases = [], []
    for row in read("evidence_cases.csv"):
        weeks = list(zip(row["totals"].split(";"), row["negatives"].split(";"), strict=True))
        name = row["case_id"]
        counts += [Count(name, name, week, int(t), int(n)) for week, (t, n) in enumerate(weeks)]
        cases.append(Case(name, name, len(weeks) - 1, row))
    return counts, cases


def companies() -> tuple[list[Count], list[Case]]:
    counts, cases = [], []
    for row in read("evidence_cases_company.csv"):
        place = (row["company"], row["category3"], int(row["week"]))
        counts.append(Count(*place, int(row["total"]), int(row["negative"])))
        if row["is_expected"] == "true":
            cases.append(Case(*place, row))
    return counts, cases


SINGLE, SEVERAL = single_categories(), companies()
COUNTS, CASES = SINGLE[0] + SEVERAL[0], SINGLE[1] + SEVERAL[1]


def first_weeks() -> dict[str, date]:
    """The Monday on which each company's history begins."""
    found: dict[str, date] = {}
    begins = HISTORY_BEGINS
    for company in dict.fromkeys(count.company for count in COUNTS):
        found[company] = begins
        length = 1 + max(count.week for count in COUNTS if count.company == company)
        begins += timedelta(weeks=length + SILENCE)
    return found


FIRST_WEEKS = first_weeks()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, int], Row]:
    """What dbt makes of the cases' counts, by company, category and week."""
    folder = tmp_path_factory.mktemp("evidence")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("VOC_HOME", str(folder / "home"))
        lab = Lab(folder, [t for week in (W44, W45) for t in tickets(week, 10)])
        lab.run(W46)
        lab.sql("delete from fct_voc_weekly_counts")
        there = [count for count in COUNTS if count.total]
        lab.sql(
            "insert into fct_voc_weekly_counts by name select unnest(?) as week_start, unnest(?) as category1, "
            "unnest(?) as category2, 'c' as category3, unnest(?) as total_count, unnest(?) as negative_count",
            [FIRST_WEEKS[count.company] + timedelta(weeks=count.week) for count in there],
            [count.company for count in there],
            [count.category for count in there],
            [count.total for count in there],
            [count.negative for count in there],
        )
        lab.sql("delete from fct_voc_weekly_alarms")
        build_models(
            build_of(lab.settings, lab.workspace, W46),
            select="dim_voc_weeks+,+fct_voc_weekly_alarms",
        )
        assert lab.workspace.duckdb_path is not None
        rows = rows_in(
            lab.workspace.duckdb_path,
            "select * from fct_voc_weekly_status inner join int_category_weeks_judged_modelled "
            "using (week_start, category1, category2, category3)",
        )
    return {
        (company, row["category2"], (row["week_start"] - FIRST_WEEKS[company]).days // 7): row
        for row in rows
        for company in (row["category1"],)
    }


def test_there_are_as_many_cases_as_the_page_says() -> None:
    assert len(CASES) == 182


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.company}-{case.category}-{case.week}"
)
def test_a_case_is_marked_as_it_was_worked_out(
    found: dict[tuple[str, str, int], Row], case: Case
) -> None:
    row = found[case[:3]]
    for name in NUMBERS:
        if name in case.expected:
            told, number = case.expected[name], row[NAMES.get(name, name)]
            if told == "":
                assert number is None, name
            else:
                # A chance of alarm is 1 minus the rest, and only sums of it are shown.
                least = 1e-9 if name == "chance_of_alarm" else 0
                assert math.isclose(float(number), float(told), rel_tol=1e-6, abs_tol=least), name
    for name in WORDS:
        assert (row[name] or "") == case.expected[name], name
    assert row["is_unusual"] is (case.expected["is_unusual"] == "true")

"""The thresholds seed is checked before dbt sees it."""

import csv
import re
from pathlib import Path

import pytest

from flows import PROJECT_ROOT
from flows.runtime.errors import UsageError
from flows.source.thresholds import SEED, check_thresholds

HEADER = SEED.read_text().splitlines()[0]
GENERAL = ["CRITICAL,,,,20,30,20,", "MONITOR,,,,10,20,10,", "IMPROVED,,,,10,,,20"]


def seed(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "status_thresholds.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_seed_in_the_repository_holds_the_numbers_of_the_rules() -> None:
    check_thresholds()
    assert SEED.read_text().splitlines()[1:4] == GENERAL


def test_overrides_with_switched_off_rules_are_fine(tmp_path: Path) -> None:
    check_thresholds(seed(tmp_path, *GENERAL, "CRITICAL,유저,,,50,,,", "MONITOR,(미분류),,,0,0,0,"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "MONITOR,유저,,,-10,20,10,",
            r"line 5: min_total '-10' is not a whole number of 0 or more",
        ),
        ("MONITOR,유저,,,10,-1,10,", r"line 5: min_increase_pct '-1' is not a whole number"),
        (
            "MONITOR,유저,,,10,20,0.5,",
            r"line 5: min_negative_ratio_increase_pp '0.5' is not a whole number",
        ),
        ("MONITOR,유저,,,10,2²,10,", r"line 5: min_increase_pct '2²' is not a whole number"),
        ("MONITOR,유저,,,,20,10,", r"line 5: min_total is empty"),
        (
            "WARNING,유저,,,10,20,10,",
            r"line 5: status 'WARNING' is not one of CRITICAL, MONITOR, IMPROVED",
        ),
        ("STABLE,유저,,,10,20,10,", r"line 5: status 'STABLE' is not one of"),
        ("MONITOR,유저", r"line 5: has fewer columns than the header"),
        ("MONITOR,유저,,,10,20,10,,9", r"line 5: has more columns than the header"),
        ("MONITOR,,,,11,20,10,", r"line 5: a second row for MONITOR and the same category"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_thresholds(seed(tmp_path, *GENERAL, row))


def test_every_status_needs_a_row_for_every_category(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no row for every category for IMPROVED"):
        check_thresholds(seed(tmp_path, *GENERAL[:2], "IMPROVED,유저,,,10,,,20"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "status_thresholds.csv"
    path.write_text("status,category1\nCRITICAL,\n")
    with pytest.raises(UsageError, match="has no column category2, category3, min_decrease_pct"):
        check_thresholds(path)


@pytest.mark.parametrize("content", [None, HEADER.encode("utf-16")])
def test_a_seed_that_cannot_be_read_is_said_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "status_thresholds.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        check_thresholds(path)


@pytest.mark.parametrize(
    "page",
    ["docs/reading-the-report.md", "docs/SLACK_GUIDE.md", "dbt_project/models/overview.md"],
)
def test_a_page_that_states_the_seed_s_numbers_states_them_right(page: str) -> None:
    text = (PROJECT_ROOT / page).read_text(encoding="utf-8")
    number = r"(\d+) tickets or more|(\d+)건 이상|[+−](\d+) ?%(?!p)|\+(\d+) ?(?:points|%p)"
    for row in csv.DictReader(SEED.read_text(encoding="utf-8").splitlines()):
        (line,) = [line for line in text.splitlines() if f" {row['status']} | " in line]
        assert ["".join(found) for found in re.findall(number, line)] == [
            row[column]
            for column in (
                "min_total",
                "min_increase_pct",
                "min_negative_ratio_increase_pp",
                "min_decrease_pct",
            )
            if row[column]
        ]

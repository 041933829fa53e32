"""`voc backtest`: the alarms that other thresholds would have made, against plain Python, and nothing written."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from flows.report.writing import category_name
from flows.source.made_up.tickets import write_sample
from flows.source.thresholds import SEED
from tests.conftest import Voc, move_to, run_voc
from tests.evidence_reference import History, Row, evidence
from tests.tables import rows_in
from tests.test_properties import Rule

pytestmark = pytest.mark.slow

WEEKS = 7
ALARMS = ("CRITICAL", "MONITOR")
# Fewer alarms of users, more of companies: a lower floor than the seed's tests more rows.
OVERRIDES = (
    Rule("CRITICAL", ("유저", None, None), 60, 100, 40, None),
    Rule("MONITOR", ("유저", None, None), 60, 60, 30, None),
    Rule("MONITOR", ("기업", None, None), 5, 10, 10, None),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose last run was over a sample with chance, and its tables."""
    folder = tmp_path_factory.mktemp("backtest")
    file = folder / "tickets.parquet"
    write_sample(file, weeks=9, tickets_per_week=1200, until=date(2026, 11, 15), seed=3)
    with pytest.MonkeyPatch.context() as patch:
        move_to(folder, patch)
        assert run_voc("status", "--source", file, "--week", "2026-W46").code == 0
    return folder / "home"


@pytest.fixture
def home(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOC_HOME", str(built))
    return built


def tables_of(home: Path) -> Path:
    (database,) = home.glob("duckdb/*/warehouse.duckdb")
    return database


def seed(folder: Path, *rules: Rule) -> Path:
    """The seed with these rows."""
    lines = [
        ",".join(
            "" if value is None else str(value) for value in (rule.status, *rule.levels, *rule[2:])
        )
        for rule in rules
    ]
    path = folder / "candidate.csv"
    path.write_text(SEED.read_text().rstrip() + "\n" + "\n".join(lines) + "\n")
    return path


def company_in(tables: Path) -> dict[tuple[str, str, str], History]:
    counts = rows_in(tables, "select * from fct_voc_weekly_counts")
    weeks = sorted({row["week_start"] for row in counts})
    found: dict[tuple[str, str, str], Any] = {}
    for row in counts:
        name = row["category1"], row["category2"], row["category3"]
        history = found.setdefault(name, [(0, 0)] * len(weeks))
        history[weeks.index(row["week_start"])] = row["total_count"], row["negative_count"]
    return found


def expected(rows: tuple[dict[Any, Row], dict[Any, Row]], t: int) -> dict[str, float]:
    """A week of the comparison, from the statuses under both thresholds."""
    today, then = ({name: row for (name, of), row in each.items() if of == t} for each in rows)
    figures = dict.fromkeys(
        ("kept", "kept_strong", "gained", "gained_strong", "lost", "lost_strong"), 0
    )
    for name, row in then.items():
        was, is_one = today[name]["status"] in ALARMS, row["status"] in ALARMS
        if was or is_one:
            change = "kept" if was and is_one else "gained" if is_one else "lost"
            figures[change] += 1
            figures[f"{change}_strong"] += (row if is_one else today[name])["evidence"] == "strong"
    chance = [sum(row["chance_of_alarm"] for row in each.values()) for each in (today, then)]
    return figures | {"alarms_by_chance": chance[0], "alarms_by_chance_candidate": chance[1]}


def test_the_alarms_are_those_that_plain_python_finds(voc: Voc, home: Path, tmp_path: Path) -> None:
    company = company_in(tables_of(home))
    rows = evidence(company), evidence(company, OVERRIDES)
    ran = voc(
        "backtest", "--thresholds", seed(tmp_path, *OVERRIDES), "--weeks", str(WEEKS), "--json"
    )
    assert ran.code == 0, ran.err
    weeks = ran.json["weeks"]
    length = len(next(iter(company.values())))
    assert [week.pop("week")["label"] for week in weeks] == [
        f"2026-W{number}" for number in range(47 - WEEKS, 47)
    ]
    for week, t in zip(weeks, range(length - WEEKS, length), strict=True):
        assert week == pytest.approx(expected(rows, t), rel=1e-6)
    total = ran.json["sum"]
    assert total == pytest.approx({name: sum(week[name] for week in weeks) for name in total})
    assert min(total["kept"], total["gained"], total["lost"], total["lost_strong"]) > 0
    lost = {
        (name, t)
        for (name, t), row in rows[0].items()
        if t >= length - WEEKS
        and row["status"] in ALARMS
        and row["evidence"] == "strong"
        and rows[1][name, t]["status"] not in ALARMS
    }
    named = ran.json["lost_strong_alarms"]
    assert {
        ((row["category1"], row["category2"], row["category3"]), row["week"]["label"])
        for row in named
    } == {(name, f"2026-W{46 - (length - 1 - t)}") for name, t in lost}
    shown = voc("backtest", "--thresholds", tmp_path / "candidate.csv", "--weeks", str(WEEKS)).out
    for name, t in lost:
        assert f"2026-W{46 - (length - 1 - t)}  {category_name(name)}" in shown


def test_the_seed_itself_changes_nothing(voc: Voc, home: Path) -> None:
    ran = voc("backtest", "--thresholds", SEED, "--json")
    total = ran.json["sum"]
    assert len(ran.json["weeks"]) == 8  # all there are
    assert (total["gained"], total["lost"], ran.json["lost_strong_alarms"]) == (0, 0, [])
    (row,) = rows_in(
        tables_of(home),
        "select sum(alarms) as alarms, sum(strong_alarms) as strong from fct_voc_weekly_alarms",
    )
    assert (total["kept"], total["kept_strong"]) == (row["alarms"], row["strong"])
    assert total["alarms_by_chance_candidate"] == pytest.approx(total["alarms_by_chance"])


@pytest.mark.parametrize(
    ("row", "options", "said"),
    [
        ("WORSE,,,,10,20,10,", (), "candidate.csv line 5: status 'WORSE' is not one of"),
        ("MONITOR,유저,,,-10,20,10,", (), "line 5: min_total '-10' is not a whole number"),
        ("MONITOR,유저,,,10,20", (), "line 5: has fewer columns than the header"),
        (None, (), "candidate.csv has no column min_decrease_pct. Add it."),
        ("", ("--weeks", "9"), "there are 8 weeks to compare, not 9. Use a smaller --weeks."),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_writes_nothing(
    row: str | None, options: tuple[str, ...], said: str, voc: Voc, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "candidate.csv"
    text = SEED.read_text().rstrip()
    path.write_text(
        f"{text}\n{row}\n" if row is not None else text.replace(",min_decrease_pct", "")
    )
    before = sha256(tables_of(home).read_bytes()).digest()
    ran = voc("backtest", "--thresholds", path, *options)
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert said in line
    assert sha256(tables_of(home).read_bytes()).digest() == before


def test_a_file_that_is_not_there_is_said_so(voc: Voc, home: Path) -> None:
    ran = voc("backtest", "--thresholds", "none.csv")
    assert ran.code == 2
    assert "none.csv cannot be read" in ran.err

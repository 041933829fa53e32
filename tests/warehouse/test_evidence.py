"""The evidence for any company: against formulas written anew, and what must hold whatever the counts are."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.evidence_reference import (
    ALARMS_COLUMNS,
    DRIVERS_COLUMNS,
    History,
    alarms,
    assert_same,
    drivers,
    evidence,
)
from tests.tables import rows_in
from tests.warehouse.test_dbt import W44, W45, W46, Lab, tickets

pytestmark = pytest.mark.slow

Row = dict[str, Any]
Company = dict[str, History]
Tree = dict[tuple[str, str, str], History]
MODELS = (
    "dim_voc_weeks",
    "int_category_weeks_judged",
    "int_category_weeks_judged_modelled",
    "fct_voc_weekly_drivers",
    "fct_voc_weekly_status",
    "fct_voc_weekly_alarms",
)
# A smaller company is made of another seed, not of a part of this one: shrinking finds nothing.
MARTS = ("fct_voc_weekly_status", "fct_voc_weekly_alarms")
quickly = partial(
    settings,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


class Warehouse:
    """A warehouse that dbt has built, in which the models can be run on other counts."""

    def __init__(self, lab: Lab) -> None:
        self._connection = duckdb.connect(str(lab.workspace.duckdb_path))
        folder = lab.workspace.target_path / "compiled"
        self._models = {
            name: next(folder.rglob(f"models/*/{name}.sql")).read_text(encoding="utf-8")
            for name in MODELS
        }

    def close(self) -> None:
        self._connection.close()

    def evidence(self, company: Mapping[str, History]) -> dict[tuple[str, int], Row]:
        """The status mart, by category and week; the last week is the newest complete one."""
        (rows,) = self._tables(company, "fct_voc_weekly_status")
        return _by_category(rows)

    def evidence_and_alarms(
        self, company: Mapping[str, History]
    ) -> tuple[dict[tuple[str, int], Row], dict[int, Row]]:
        """The same, and the alarms mart by week."""
        rows, of_weeks = self._tables(company, *MARTS)
        return _by_category(rows), {row["week"]: row for row in of_weeks}

    def drivers(
        self, company: Mapping[tuple[str, str, str], History]
    ) -> dict[tuple[Any, int], Row]:
        """The drivers mart, by the names down to a row's level and week."""
        (rows,) = self._tables(company, "fct_voc_weekly_drivers")
        found = {}
        for row in rows:
            names = (row["category1"], row["category2"], row["category3"])
            assert [bool(name) for name in names] == [row["level"] > n for n in range(3)]
            row["alert"] = row["alert_level"] and names[: row["alert_level"]]
            found[names[: row["level"]], row["week"]] = row
        return found

    def _tables(self, company: Mapping[Any, History], *marts: str) -> list[list[Row]]:
        """The rows of these marts; what comes after the last of them is not built."""
        last = max(MODELS.index(mart) for mart in marts)
        length = len(next(iter(company.values())))
        first = W45 - timedelta(weeks=length - 1)
        counts = [
            (first + timedelta(weeks=week), *_levels(name), total, negative)
            for name, history in company.items()
            for week, (total, negative) in enumerate(history)
            if total
        ]
        self._connection.execute("begin")
        try:
            self._connection.execute("delete from fct_voc_weekly_counts")
            self._connection.execute(
                "insert into fct_voc_weekly_counts by name select unnest($1) as week_start, unnest($2) as category1, "
                "unnest($3) as category2, unnest($4) as category3, "
                "unnest($5) as total_count, unnest($6) as negative_count",
                [list(column) for column in zip(*counts, strict=True)],
            )
            for name in MODELS[: last + 1]:
                self._connection.execute(f"create or replace table {name} as {self._models[name]}")
            return [self._rows(mart, first) for mart in marts]
        finally:
            self._connection.execute("rollback")

    def _rows(self, mart: str, first: date) -> list[Row]:
        result = self._connection.execute(
            f"select *, (week_start - $1)::int // 7 as week from {mart}", [first]
        )
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _by_category(rows: list[Row]) -> dict[tuple[str, int], Row]:
    return {(row["category1"], row["week"]): row for row in rows}


def _levels(name: str | tuple[str, str, str]) -> tuple[str, str, str]:
    return name if isinstance(name, tuple) else (name, "b", "c")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("evidence")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("VOC_HOME", str(folder / "home"))
        lab = Lab(folder, [t for week in (W44, W45) for t in tickets(week, 10)])
        lab.run(W46)
    warehouse = Warehouse(lab)
    yield warehouse
    warehouse.close()


def drawn(seed: int, categories: int, weeks: int, busiest: float = 60) -> Company:
    """A company of categories of all sizes, some of them new, gone, wild, or with a change in the last week."""
    chance = random.Random(seed)
    level = [chance.choice([1, 1, 1, 0.6]) for _ in range(weeks)]

    def history() -> History:
        mean, share = busiest * chance.random() ** 3, chance.uniform(0, 0.7)
        begins = chance.choice([0, 0, 0, chance.randrange(weeks)])
        ends = chance.choice([weeks, weeks, weeks, chance.randrange(1, weeks + 1)])
        wild = chance.choice([0, 0, 0.5])
        change = chance.choice([1, 1, 2, 4])
        found = []
        for week in range(weeks):
            expected = mean * level[week] * (change if week == weeks - 1 else 1)
            expected *= math.exp(chance.gauss(0, wild)) if begins <= week < ends else 0
            total = round(max(0, chance.gauss(expected, math.sqrt(expected))))
            found.append((total, sum(chance.random() < share for _ in range(total))))
        return found

    company = {f"c{n}": history() for n in range(categories)}
    # History begins with the first ticket; no category is without any.
    return {
        name: [(max(first[0], 1), first[1]), *rest] if name == "c0" else [first, *rest]
        for name, (first, *rest) in company.items()
        if name == "c0" or any(total for total, _ in (first, *rest))
    }


companies = st.builds(drawn, st.integers(0, 10**6), st.integers(1, 14), st.integers(2, 80))
small_companies = st.builds(drawn, st.integers(0, 10**6), st.integers(1, 4), st.integers(2, 30))


@quickly(max_examples=15)
@example(company=drawn(1, 12, 75))
@given(company=companies)
def test_the_evidence_is_what_the_formulas_say(warehouse: Warehouse, company: Company) -> None:
    rows = evidence(company)
    found, of_weeks = warehouse.evidence_and_alarms(company)
    assert_same(found, rows, 1e-6)
    expected = alarms(rows, len(company["c0"]))
    assert_same(of_weeks, expected, 1e-6, ALARMS_COLUMNS)


def tree_drawn(seed: int, categories: int, weeks: int) -> Tree:
    """A company in three levels. Below one name of a level above, all categories may have grown in the last week."""
    chance = random.Random(seed)
    names = [(f"a{n % 3}", f"b{chance.randrange(3)}", f"c{n}") for n in range(categories)]
    tree = dict(zip(names, drawn(seed, categories, weeks).values(), strict=False))
    hit = chance.choice([(), ("a0",), ("a0",), names[0][:2], names[0][:2]])
    factor, negative = chance.choice([(1.5, False), (2, False), (3, False), (1, True)])
    for name, history in tree.items():
        total, of_them = history[-1]
        if hit and name[: len(hit)] == hit:
            total = round(factor * total)
            of_them = (total + of_them) // 2 if negative else min(round(factor * of_them), total)
        tree[name] = [*history[:-1], (total, of_them)]
    return tree


trees = st.builds(tree_drawn, st.integers(0, 10**6), st.integers(1, 30), st.integers(2, 40))


@quickly(max_examples=8)
@example(tree=tree_drawn(3, 30, 70))
@given(tree=trees)
def test_levels_above_and_their_drivers_are_what_the_formulas_say(
    warehouse: Warehouse, tree: Tree
) -> None:
    expected = drivers(tree)
    found = warehouse.drivers(tree)
    assert_same(found, expected, 1e-6, DRIVERS_COLUMNS)
    for (name, week), row in found.items():
        below = [
            r
            for (n, w), r in found.items()
            if w == week and len(n) == len(name) + 1 and n[:-1] == name
        ]
        if below:
            assert sum(r["total_effect"] for r in below) == row["total_effect"]
            if (change := row["negative_ratio_change_pp"]) is not None:
                effects = math.fsum(r["rate_effect"] + r["mix_effect"] for r in below)
                assert math.isclose(100 * effects, change, abs_tol=1e-9)


def test_one_alert_stands_at_the_level_of_its_cause(warehouse: Warehouse) -> None:
    def tree(last: Mapping[tuple[str, str, str], int]) -> Tree:
        names = [("a", b, f"{b}{n}") for b in "xy" for n in range(10)] + [
            ("z", "z", f"z{n}") for n in range(30)
        ]
        return {
            name: [(3 + (week + n) % 2, 0) for week in range(19)] + [(last.get(name, 3), 0)]
            for n, name in enumerate(names)
        }

    def told(last: Mapping[tuple[str, str, str], int]) -> dict[Any, Any]:
        rows = warehouse.drivers(tree(last))
        return {
            name: row["alert"] for (name, week), row in rows.items() if week == 19 and row["alert"]
        }

    # Ten from 3 to 7: none of them has tickets enough for an alarm, the level above has.
    assert told({("a", "x", f"x{n}"): 7 for n in range(10)}) == {("a", "x"): ("a", "x")}
    # All below a level: it is told there, and the levels between with it.
    everywhere = told({("a", b, f"{b}{n}"): 7 for b in "xy" for n in range(10)})
    assert everywhere == dict.fromkeys([("a",), ("a", "x"), ("a", "y")], ("a",))
    # One of them: it is the cause, so the levels above are not announced.
    assert told({("a", "x", "x0"): 40}) == dict.fromkeys([("a", "x", "x0")], ("a", "x", "x0"))


@quickly(max_examples=5)
@given(company=companies)
def test_names_and_their_order_mean_nothing(warehouse: Warehouse, company: Company) -> None:
    renamed = {name: f"z{99 - n}" for n, name in enumerate(company)}
    found = warehouse.evidence({renamed[name]: company[name] for name in reversed(company)})
    expected = warehouse.evidence(company)
    assert_same(found, {(renamed[name], week): row for (name, week), row in expected.items()}, 1e-9)


@quickly(max_examples=8)
@given(company=small_companies, more=st.integers(1, 40))
def test_more_tickets_make_an_increase_less_likely_and_a_decrease_more(
    warehouse: Warehouse, company: Company, more: int
) -> None:
    """In a company of fewer than five categories: in a larger one its level moves too."""
    *before, (total, negative) = company["c0"]
    week = len(before)
    fewer, greater = (
        warehouse.evidence({**company, "c0": [*before, (total + extra, negative)]}).get(
            ("c0", week)
        )
        for extra in (0, more)
    )
    if fewer and greater and fewer["p_increase"] is not None:
        assert greater["p_increase"] <= fewer["p_increase"] + 1e-9
        assert greater["p_decrease"] >= fewer["p_decrease"] - 1e-9


@quickly(max_examples=8)
@given(company=companies)
def test_values_stand_to_each_other_as_they_must(warehouse: Warehouse, company: Company) -> None:
    found = warehouse.evidence(company)
    for row in found.values():
        assert 0 <= row["chance_of_alarm"] <= 1
        assert row["usual_low"] <= row["usual_high"] + 1
        if row["p_increase"] is not None:
            assert row["p_increase"] + row["p_decrease"] >= 1 - 1e-9
        for kind in ("increase", "decrease", "negative"):
            p, q = row[f"p_{kind}"], row[f"q_{kind}"]
            assert (p is None) == (q is None)
            assert p is None or 0 <= p <= q <= 1
        assert (row["evidence"] is None) == (row["status"] == "STABLE")
        assert row["evidence"] != "strong" or row["is_unusual"]


@quickly(max_examples=4)
@given(seed=st.integers(0, 10**6), older=st.integers(1, 20))
def test_what_is_older_than_sixty_weeks_changes_nothing(
    warehouse: Warehouse, seed: int, older: int
) -> None:
    """For categories with tickets in every week: when others began may be older."""
    weeks = 61 + older
    company = {
        name: [(total + 1, negative) for total, negative in history]
        for name, history in drawn(seed, 7, weeks).items()
    }
    newest = weeks - 1
    found, expected = (
        {name: row for (name, week), row in warehouse.evidence(of).items() if week == last}
        for of, last in (
            (company, newest),
            ({name: history[older:] for name, history in company.items()}, newest - older),
        )
    )
    assert_same(found, expected, 1e-9)


@quickly(max_examples=4)
@given(company=companies)
def test_a_category_that_is_gone_for_sixty_weeks_changes_nothing(
    warehouse: Warehouse, company: Company
) -> None:
    """Of a company with as much history."""
    silence = [(0, 0)] * 61
    before = [(50, 10)] * 9
    longer = {name: [*before, *silence, *history] for name, history in company.items()}
    gone = {"gone": [(80, 20)] * 9 + silence + [(0, 0)] * len(company["c0"])}
    expected = {key: row for key, row in warehouse.evidence(longer).items() if key[1] >= 70}
    found = {key: row for key, row in warehouse.evidence(longer | gone).items() if key[1] >= 70}
    assert_same(found, expected, 1e-9)


def test_weeks_judged_bit_by_bit_are_as_if_judged_at_once(tmp_path: Any) -> None:
    """Late tickets, Mondays missed, and a category that turns out to be older than it seemed."""
    chance = random.Random(5)
    weeks = [W45 - timedelta(weeks=n) for n in range(68, -1, -1)]
    rows = [
        ticket
        for week in weeks
        for name, mean in (("a", 12), ("b", 9), ("c", 6), ("d", 5), ("e", 4), ("f", 3))
        if name != "f" or week > weeks[60]
        for ticket in tickets(week, chance.randint(mean - 3, mean + 4), 2, name, name)
    ]
    lab = Lab(tmp_path, rows)
    lab.run(weeks[62] + timedelta(weeks=1))
    lab.add(tickets(weeks[5], 1, category="f", name="late"))
    lab.add(tickets(weeks[61], 7, 7, category="a", name="late"))
    lab.run(W46)
    marts = {name: read_mart(lab, name) for name in MARTS}
    lab.run(W46, full_refresh=True)
    for name, kept in marts.items():
        assert_same(kept, read_mart(lab, name), 1e-12, columns=tuple(next(iter(kept.values()))))
        assert len({key[0] for key in kept}) == 68


def read_mart(lab: Lab, name: str) -> dict[tuple[Any, ...], Row]:
    """The rows by week and category, without what differs from run to run."""
    assert lab.workspace.duckdb_path is not None
    rows = rows_in(lab.workspace.duckdb_path, f"from {name}")
    key = ("week_start", "category1", "category2", "category3")
    of_run = {"flow_run_id", "judged_at"}
    return {
        tuple(row.get(part) for part in key): {k: v for k, v in row.items() if k not in of_run}
        for row in rows
    }

"""The words that rise over the whole service: against formulas written anew, and whatever customers write."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from flows.warehouse.connection import DuckDBWarehouse
from flows.warehouse.marts import read_latest_week_pair, read_report
from tests.evidence_reference import Names, Tickets, assert_same, words
from tests.warehouse.test_dbt import W44, W45, W46, W47, Lab, tickets

pytestmark = pytest.mark.slow

MART = "fct_voc_rising_words"
COLUMNS = ("place", "base_count", "comparison_count", "expected_count", "p_increase", "q_increase")
LONG = "가나다라마" * 60
SAID_BY = {
    "카카오": 16,
    '=HYPERLINK("x")': 15,
    "<script>alert(1)</script>": 14,
    LONG: 13,
    "[전화번호]": 12,
    "sixth word": 11,
    "five tickets": 5,
}
"""Words of the last week that no week before has, and how many tickets have each."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Thirty categories with as many tickets as ever: nothing is flagged. What is new is in the words alone."""
    folder = tmp_path_factory.mktemp("words")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("VOC_HOME", str(folder / "home"))
        rows = [
            t for n in range(30) for week in (W44, W45, W46) for t in tickets(week, 5, 1, f"c{n}")
        ]
        last_week = [row for row in rows if row["event_create_time"] >= f"{W46}"]
        # One ticket of each category after the other.
        ordered = [row for n in range(5) for row in last_week[n::5]]
        for row in ordered:
            row["keywords"] = "앱"
        for number, row in enumerate(ordered):
            said = [spelled(word, number) for word, count in SAID_BY.items() if number < count]
            row["keywords"] += ",,".join(["", *said, *said]) + ", "
        lab = Lab(folder, rows)
        lab.run(W47)
    return lab


def spelled(word: str, number: int) -> str:
    """A word as its ticket has it: Hangul as macOS writes it, a number of the ticket's own where it is masked."""
    if word == "[전화번호]":
        return f"010-3847-{number:04d}"
    return unicodedata.normalize("NFD", word) if number % 2 else f" {word} "


def test_words_are_seen_that_are_in_no_category_s_numbers(lab: Lab) -> None:
    assert lab.sql("select distinct status from fct_voc_weekly_status") == [("STABLE",)]
    found = lab.sql(f"select word_rank, word, base_count, comparison_count, category1 from {MART}")
    assert sorted(found) == [
        (rank, word, 0, count, None)
        for rank, (word, count) in enumerate(list(SAID_BY.items())[:5], start=1)
    ]


def test_the_report_has_them_and_no_text_of_a_ticket_that_is_not_flagged(lab: Lab) -> None:
    assert lab.workspace.duckdb_path is not None
    warehouse = DuckDBWarehouse(lab.workspace.duckdb_path)
    weeks = read_latest_week_pair(warehouse)
    assert weeks is not None
    report = read_report(warehouse, weeks)
    assert [
        (w.word, w.base_count, w.comparison_count, w.category) for w in report.rising_words
    ] == [(word, 0, count, ()) for word, count in list(SAID_BY.items())[:5]]
    assert not any((report.keywords, report.samples, report.tickets))
    kept = lab.sql("select distinct is_flagged, title, detail from int_flagged_tickets_masked")
    assert kept == [(False, None, None)]
    masked = lab.sql("select string_agg(keywords) from int_flagged_tickets_masked")
    assert "3847" not in masked[0][0]


class Words:
    """The mart on other tickets than those that dbt has built it from."""

    def __init__(self, lab: Lab) -> None:
        (compiled,) = lab.workspace.target_path.rglob(f"compiled/**/models/*/{MART}.sql")
        self._query = compiled.read_text(encoding="utf-8")
        self._connection = duckdb.connect(str(lab.workspace.duckdb_path))

    def close(self) -> None:
        self._connection.close()

    def of(
        self, base: Tickets, comparison: Tickets, *, level: float = 1.0, spread: float = 1.0
    ) -> list[dict[str, Any]]:
        """The rows of the mart in their order; the level of the base week is 1."""
        rows = [
            (role, *names, ", ".join(sorted(of)) or None)
            for role, week in (("base", base), ("comparison", comparison))
            for names, of in week
        ]
        self._connection.execute("begin")
        try:
            self._connection.execute("delete from int_flagged_tickets_masked")
            self._connection.execute(
                "update fct_voc_weekly_alarms set volume_spread = $1, "
                "week_level = case when week_start = $2 then $3 else 1 end",
                [spread, W46, level],
            )
            if rows:
                self._connection.execute(
                    "insert into int_flagged_tickets_masked by name select $6::date as week_start, "
                    "unnest($1) as week_role, unnest($2) as category1, unnest($3) as category2, "
                    "unnest($4) as category3, unnest($5::text[]) as keywords, unnest(range(len($1)))::text as ticket_id",
                    [*(list(column) for column in zip(*rows, strict=True)), W46],
                )
            result = self._connection.execute(f"select * from ({self._query}) order by word_rank")
            names = [column[0] for column in result.description or ()]
            return [
                {**row, "place": tuple(filter(None, (row[f"category{n}"] for n in (1, 2, 3))))}
                for row in (dict(zip(names, each, strict=True)) for each in result.fetchall())
            ]
        finally:
            self._connection.execute("rollback")


@pytest.fixture(scope="module")
def mart(lab: Lab) -> Iterator[Words]:
    mart = Words(lab)
    yield mart
    mart.close()


def drawn(seed: int) -> tuple[Tickets, Tickets, float, float]:
    """Two weeks of a company, the level of the second, and the spread: with words of all sizes, some of them new."""
    chance = random.Random(seed)
    categories = [
        (f"a{chance.randrange(2)}", f"b{chance.randrange(3)}", f"c{n}")
        for n in range(chance.randint(1, 12))
    ]
    fills = chance.choice([1.0, 0.9, 0.5])
    new_at = chance.sample(categories, min(len(categories), chance.randint(1, 3)))

    def week(total: int, *, new: bool) -> Tickets:
        found: list[tuple[Names, frozenset[str]]] = []
        for _ in range(total):
            category = chance.choice(categories)
            said = {f"w{int(40 ** chance.random())}" for _ in range(2)} | {category[2]}
            if new and (category in new_at or chance.random() < 0.02):
                said |= {word for word in ("new", "newer") if chance.random() < 0.5}
            found.append((category, frozenset(said if chance.random() < fills else ())))
        return found

    return (
        week(chance.randint(0, 150), new=chance.random() < 0.1),
        week(chance.randint(0, 200), new=chance.random() < 0.8),
        chance.choice([1.0, 0.6, 1.7]),
        chance.choice([1.0, 1.4, 2.5]),
    )


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@example(seed=1)
@given(seed=st.integers(0, 10**6))
def test_words_are_what_the_formulas_say(mart: Words, seed: int) -> None:
    base, comparison, level, spread = drawn(seed)
    expected = words(base, comparison, level, spread)
    found = mart.of(base, comparison, level=level, spread=spread)
    assert [row["word"] for row in found] == [row["word"] for row in expected]
    assert_same(
        {row["word"]: row for row in found}, {row["word"]: row for row in expected}, 1e-6, COLUMNS
    )


def week_of(*counts: tuple[str, int, Sequence[str]]) -> Tickets:
    """Tickets of some categories below one name, each with these words."""
    return [(("a", "b", name), frozenset(of)) for name, total, of in counts for _ in range(total)]


USUAL = week_of(("x", 60, ["앱"]), ("y", 60, ["앱"]))


def test_a_word_is_placed_at_the_lowest_name_that_has_most_of_its_new_tickets(mart: Words) -> None:
    def place(*counts: tuple[str, int]) -> Names:
        new = week_of(*((name, count, ["앱", "새 말"]) for name, count in counts))
        (row,) = mart.of(USUAL, [*USUAL, *new])
        return tuple(row["place"])

    assert place(("x", 20), ("y", 4)) == ("a", "b", "x")
    assert place(("x", 12), ("y", 12)) == ("a", "b")


def test_a_word_that_moved_with_its_categories_has_not_risen(mart: Words) -> None:
    base = week_of(("x", 60, ["앱"]), ("y", 60, ["다른 말"]))
    assert mart.of(base, week_of(("x", 180, ["앱"]), ("y", 60, ["다른 말"]))) == []
    (row,) = mart.of(base, week_of(("x", 60, ["앱"]), ("y", 120, ["앱"])))
    assert (row["word"], row["place"]) == ("앱", ("a", "b", "y"))


def test_a_new_word_is_less_surprising_in_a_busy_week_and_where_tickets_stray(mart: Words) -> None:
    comparison = [*USUAL, *week_of(("x", 20, ["새 말"]))]
    usual, busy, astray = (
        mart.of(USUAL, comparison, **world)[0]["p_increase"]
        for world in ({}, {"level": 1.7}, {"spread": 2.0})
    )
    assert usual < min(busy, astray)


def test_keywords_that_are_filled_in_more_tickets_have_not_risen(mart: Words) -> None:
    base = [*week_of(("x", 90, [])), *week_of(("x", 30, ["앱"]))]
    assert mart.of(base, week_of(("x", 120, ["앱"]))) == []


@pytest.mark.parametrize(
    ("base", "comparison"),
    [
        pytest.param((), USUAL, id="no base week"),
        pytest.param(USUAL, (), id="no comparison week"),
        pytest.param(week_of(("x", 90, [])), USUAL, id="none in the base week"),
        pytest.param(USUAL, week_of(("x", 90, [])), id="none in the comparison week"),
        pytest.param(week_of(("x", 90, [])), week_of(("x", 90, [])), id="none at all"),
        pytest.param(USUAL, USUAL, id="the same"),
    ],
)
def test_nothing_rises_where_there_is_nothing_to_compare(
    mart: Words, base: Tickets, comparison: Tickets
) -> None:
    assert mart.of(base, comparison) == []

"""The mutator, its list of proofs, and a few mutants on real dbt; `make mutation` runs them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.lab import FILES, Lab, Verdict, mutants_of, proven_equivalent
from tests.mutation.mutator import mutants

JUDGED = "models/intermediate/int_category_weeks_judged.sql"
# One of each kind.
CAUGHT = (
    (JUDGED, "greatest(base_total, comparison_total) [>= → >] min_total as is_floor_met,"),
    (JUDGED, "coalesce(worst_status_met.status, ['STABLE' → 'CRITICAL']) as status,"),
    ("models/marts/dim_voc_weeks.sql", "week_start + [6 → 7] as week_end,"),
    (
        "models/intermediate/int_category_weeks_paired.sql",
        "[full outer join → left join] base_weeks using (week_start, category1, category2, category3)",
    ),
    ("macros/monday_of.sql", "cast(date_trunc(['week' → 'month'], {{ date }}) as date)"),
)


@pytest.mark.parametrize(
    ("sql", "places"),
    [
        ("a >= b", ["a [>= → >] b", "a [>= → <] b"]),
        ("a is not null", ["a [is not null → is null]"]),
        ("from a\nleft join b", ["[left join → inner join] b"]),
        ("n - 7", ["n [- → +] 7", "n - [7 → 8]"]),
        ("coalesce(n, x)", ["[coalesce( → if(true,]n, x)"]),
        ("order by n", ["[order by → order by -]n"]),
        ("order by n desc", ["order by n [desc → asc]"]),
        ("first / last", ["first [/ → *] last", "[first → last] / last", "first / [last → first]"]),
        (
            "a.base_total,\na.comparison_total",
            [
                "a.[base_total → comparison_total as base_total],",
                "a.[comparison_total → base_total as comparison_total]",
            ],
        ),
        ("case status when 'MONITOR'", ["case status when ['MONITOR' → 'IMPROVED']"]),
        ("{%- if x -%}", ["{%- [if → if not] x -%}"]),
        ("{{ f(day ~ ' + 7') }}", ["{{ f(day ~ ' [+ → -] 7') }}", "{{ f(day ~ ' + [7 → 8]') }}"]),
        ("where a = b\nwhere a = b", ["where a [= → !=] b", "where a [= → !=] b (2)"]),
    ],
)
def test_each_place_is_changed(sql: str, places: list[str]) -> None:
    assert [mutant.place for mutant in mutants(sql)] == places


@pytest.mark.parametrize(
    "sql",
    [
        "-- no more than 7\nselect *, t.*, f(*) from t",
        "select n as first, m as category1",
        "'2 + 2 = 4'",
        "{#- and / or -#}",
        "{%- set today = now() -%}",
        "{% macro bigquery__week(first, last) -%}\n    {{ first }} + 7\n{%- endmacro %}",
        "category1",
    ],
    ids=["comment and stars", "aliases", "text", "Jinja comment", "tag", "BigQuery's", "no other"],
)
def test_what_is_no_code_for_duckdb_stays(sql: str) -> None:
    assert mutants(sql) == []


def test_only_the_marked_place_is_changed() -> None:
    (mutant,) = mutants("select\n    n is null as is_missing\nfrom t")
    assert mutant.sql == "select\n    n is not null as is_missing\nfrom t"


def test_every_file_has_mutants_and_each_is_another_query_at_a_place_of_its_own() -> None:
    for file in FILES:
        found = mutants_of(file)
        assert found, file
        assert len({mutant.place for mutant in found}) == len(found)


def test_what_is_said_to_be_equivalent_is_still_a_mutant() -> None:
    generated = {(file, mutant.place) for file in FILES for mutant in mutants_of(file)}
    assert proven_equivalent().keys() - generated == set()
    assert proven_equivalent()


@pytest.mark.slow
@pytest.mark.nightly
def test_the_dbt_tests_notice_a_change_of_each_kind(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert lab.failures() == []
    verdicts = {
        (file, mutant.place): lab.verdict(file, mutant)
        for file in {file for file, _ in CAUGHT}
        for mutant in mutants_of(file)
        if (file, mutant.place) in CAUGHT
    }
    assert verdicts == dict.fromkeys(CAUGHT, Verdict.CAUGHT)

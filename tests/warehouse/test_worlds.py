"""The models, run Monday after Monday on random worlds, against plain Python that counts everything anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.warehouse.dbt import build_models
from tests.evidence_reference import ALARMS_COLUMNS, COLUMNS, assert_same
from tests.parts import build_of
from tests.warehouse.test_dbt import Lab, tickets
from tests.warehouse.worlds import WEEK, World, expected, expected_evidence

pytestmark = pytest.mark.slow

# Everything that counts and judges, but not the seed, whose table a world adds rows to.
JUDGED = (
    "stg_zendesk__weeks stg_zendesk__tickets fct_voc_weekly_counts int_weeks_counted dim_voc_weeks "
    "int_status_thresholds int_category_weeks_paired int_category_weeks_judged int_category_weeks "
    "int_category_weeks_modelled int_category_weeks_judged_modelled int_volume_p_values int_share_p_values "
    "int_chance_alarms int_evidence int_changes_at_every_level int_alerts_at_every_level "
    "int_week_totals_modelled fct_voc_weekly_alarms fct_voc_weekly_drivers fct_voc_weekly_status"
)


@pytest.mark.parametrize(
    "seed",
    [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(1, 14))],
)
def test_a_world_run_by_run_is_what_plain_python_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world = World(seed)
    monkeypatch.setenv("VOC_TIMEZONE", world.zone)
    lab = Lab(tmp_path, [t for n in (1, 2) for t in tickets(world.mondays[0] - n * WEEK, 1)])
    for number, monday in enumerate(world.mondays):
        if number:
            world.next_monday(monday)
        fill(lab, world)
        if number == 0:
            lab.run(monday)
        else:
            build_models(build_of(lab.settings, lab.workspace, monday), select=JUDGED)
        assert_as_expected(lab, world, monday)
    # Other thresholds judge every week again, and count none.
    world.override()
    for rule in world.rules:
        lab.sql(
            "insert into status_thresholds values (?, ?, ?, ?, ?, ?, ?, ?)",
            rule.status,
            *rule.levels,
            *rule[2:],
        )
    build_models(build_of(lab.settings, lab.workspace, monday), select=JUDGED)
    assert_as_expected(lab, world, monday)


def assert_as_expected(lab: Lab, world: World, monday: date) -> None:
    source = (world.rows, world.zone, world.rules, monday)
    assert statuses(lab) == expected(*source)
    of_categories, of_weeks = expected_evidence(*source)
    assert_same(evidence(lab), of_categories, 1e-6)
    assert_same(alarms(lab), of_weeks, 1e-6, ALARMS_COLUMNS)


def fill(lab: Lab, world: World) -> None:
    """Make the source hold the rows of the world."""
    lab.sql("delete from source.tickets")
    columns = ("id", "category1", "category2", "category3", "overall_emotion")
    lab.sql(
        "insert into source.tickets by name select unnest(?::timestamptz[]) as event_create_time, "
        + ", ".join(f"unnest(?::varchar[]) as {column}" for column in columns),
        [row.event_create_time for row in world.rows],
        *([getattr(row, column) for row in world.rows] for column in columns),
    )


def evidence(lab: Lab) -> dict[object, dict[str, object]]:
    names = ", ".join(COLUMNS)
    rows = lab.sql(
        f"select week_start, category1, category2, category3, {names} from fct_voc_weekly_status"
    )
    return {(week, tuple(row[:3])): dict(zip(COLUMNS, row[3:], strict=True)) for week, *row in rows}


def alarms(lab: Lab) -> dict[object, dict[str, object]]:
    rows = lab.sql(f"select week_start, {', '.join(ALARMS_COLUMNS)} from fct_voc_weekly_alarms")
    return {week: dict(zip(ALARMS_COLUMNS, row, strict=True)) for week, *row in rows}


def statuses(lab: Lab) -> dict[object, dict[str, object]]:
    columns = (
        "status",
        "status_reason",
        "base_total",
        "comparison_total",
        "base_negative",
        "comparison_negative",
        "total_last_8_weeks",
    )
    rows = lab.sql(
        f"select week_start, category1, category2, category3, {', '.join(columns)} from fct_voc_weekly_status"
    )
    return {(week, tuple(row[:3])): dict(zip(columns, row[3:], strict=True)) for week, *row in rows}

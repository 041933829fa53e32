"""A copy of the dbt project in which one file at a time is changed, and what the dbt tests say to it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from unittest import mock

import duckdb

from flows import PROJECT_ROOT
from tests.mutation.mutator import Mutant, mutants

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
PROVEN = PROJECT_ROOT / "docs" / "mutation.md"
# What decides which week a ticket is in, which weeks there are, what is counted in them, and the status.
FILES = (
    "macros/as_of_date.sql",
    "macros/category_patterns.sql",
    "macros/created_in_weeks.sql",
    "macros/first_week_to_count.sql",
    "macros/in_weeks.sql",
    "macros/last_week_to_count.sql",
    "macros/local_date.sql",
    "macros/local_midnight.sql",
    "macros/matches_pattern.sql",
    "macros/monday_of.sql",
    "macros/newest_complete_week.sql",
    "macros/report_week_start.sql",
    "macros/week_label.sql",
    "macros/week_starts_between.sql",
    "macros/weeks_to_count.sql",
    "models/marts/dim_voc_weeks.sql",
    "models/marts/fct_voc_weekly_counts.sql",
    "models/intermediate/int_category_weeks_paired.sql",
    "models/intermediate/int_status_thresholds.sql",
    "models/intermediate/int_category_weeks_judged.sql",
    "models/intermediate/int_changes_at_every_level.sql",
    "models/intermediate/int_alerts_at_every_level.sql",
    "models/marts/fct_voc_weekly_drivers.sql",
)
# A changed macro is tested where tickets get their weeks, and the weeks their calendar; that of patterns where they apply.
_MODELS_WITH_WEEKS = ("stg_zendesk__tickets", "dim_voc_weeks")
_MODELS_WITH_PATTERNS = (
    "int_status_thresholds",
    "int_category_weeks_judged",
    "int_category_owners",
)

# A ticket an hour for four weeks, the last of them 2026-W46.
_TICKETS = """
create schema source;
create table source.tickets as
select
    hour::varchar as id,
    timestamptz '2026-10-19 00:00:00+09' + hour * interval 1 hour as event_create_time,
    'a' as category1,
    if(hour % 5 = 0, 'b', 'c') as category2,
    null::varchar as category3,
    if(hour // 24 % 3 = 0, '부정', '중립') as overall_emotion,
    null::varchar as title,
    null::varchar as detail,
    null::varchar as keywords,
    null::varchar as inbound_outbound
from unnest(range(4 * 7 * 24)) as hours (hour)
"""
_ENVIRONMENT = {"VOC_TIMEZONE": "Asia/Seoul", "VOC_BACKFILL_FROM": "", "VOC_FLOW_RUN_ID": ""}


class Verdict(StrEnum):
    """What became of a mutant: a test failed, dbt or DuckDB could not run it, or neither."""

    CAUGHT = "caught"
    REFUSED = "cannot run"
    SURVIVED = "not noticed"


class Lab:
    """The copy, in an empty folder, and a small warehouse on which its tests run.

    There, three weeks are counted and judged; since then a fourth has ended, and the tickets of the second are gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(DBT_PROJECT, folder / "dbt_project")
        for name in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(PROJECT_ROOT / name, folder)
        self._warehouse = folder / "warehouse.duckdb"
        self._prepared = folder / "prepared.duckdb"
        with duckdb.connect(str(self._warehouse)) as connection:
            connection.execute(_TICKETS)
        self._build(as_of="2026-11-09")
        with duckdb.connect(str(self._warehouse)) as connection:
            connection.execute("delete from source.tickets where id::int // 24 // 7 = 1")
        shutil.copy(self._warehouse, self._prepared)

    def failures(self) -> list[str]:
        """The tests that fail although nothing is changed: none, or the rest means nothing."""
        models = [Path(file).stem for file in FILES if file.startswith("models/")]
        return [*self._unit_tests(*models, *_MODELS_WITH_WEEKS), *self._build_again()]

    def verdict(self, file: str, mutant: Mutant) -> Verdict:
        """What the tests say to a mutant of one of `FILES`: first the unit tests, then a run with its data tests."""
        path = self._folder / "dbt_project" / file
        original = path.read_text(encoding="utf-8")
        path.write_text(mutant.sql, encoding="utf-8")
        try:
            statuses = self._unit_tests(*_tested_by(path)) or self._build_again()
        finally:
            path.write_text(original, encoding="utf-8")
        if not statuses:
            return Verdict.SURVIVED
        return Verdict.CAUGHT if "fail" in statuses else Verdict.REFUSED

    def _unit_tests(self, *models: str) -> list[str]:
        selected = [f"test_type:unit,{model}" for model in models]
        return self._dbt("test", "--select", *selected, as_of="2026-11-16")

    def _build_again(self) -> list[str]:
        shutil.copy(self._prepared, self._warehouse)
        try:
            return self._build(as_of="2026-11-16")
        finally:
            shutil.copy(self._prepared, self._warehouse)

    def _build(self, as_of: str) -> list[str]:
        return self._dbt("build", "--exclude-resource-type", "unit_test", as_of=as_of)

    def _dbt(self, *arguments: str, as_of: str) -> list[str]:
        """The statuses of what went wrong."""
        # Late: every process of the tests imports this module to find its tests.
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.artifacts.schemas.run import RunExecutionResult
        from dbt.cli.main import dbtRunner

        variables = {
            **_ENVIRONMENT,
            "VOC_AS_OF": as_of,
            "VOC_DUCKDB_PATH": str(self._warehouse),
            "VOC_SOURCE_TABLE": "warehouse.source.tickets",
        }
        with mock.patch.dict(os.environ, variables):
            outcome = dbtRunner().invoke(
                [
                    *arguments,
                    *("--project-dir", str(self._folder), "--profiles-dir", str(self._folder)),
                    *("--target", "duckdb", "--target-path", str(self._folder / "target")),
                    *("--log-path", str(self._folder / "logs")),
                    *("--log-level", "none", "--log-level-file", "none"),
                ]
            )
        if DuckDBConnectionManager._ENV is not None:  # dbt-duckdb keeps the file open
            DuckDBConnectionManager.env().close()
            DuckDBConnectionManager.close_all_connections()
        if not isinstance(outcome.result, RunExecutionResult):  # not even parsed
            return ["error"]
        wrong = ("error", "fail", "runtime error")
        return [str(result.status) for result in outcome.result.results if result.status in wrong]


def _tested_by(path: Path) -> Sequence[str]:
    """The models whose unit tests notice a change of a file."""
    if path.parent.name != "macros":
        return [path.stem]
    return _MODELS_WITH_PATTERNS if "pattern" in path.stem else _MODELS_WITH_WEEKS


def mutants_of(file: str) -> list[Mutant]:
    """The mutants of one of `FILES`."""
    return mutants((DBT_PROJECT / file).read_text(encoding="utf-8"))


def proven_equivalent() -> dict[tuple[str, str], str]:
    """The proofs in docs/mutation.md, by file and place."""
    rows = re.findall(r"^\| `(.+?\.sql)` \| `(.+?)` \| (.+) \|$", PROVEN.read_text("utf-8"), re.M)
    return {(file, place): proof for file, place, proof in rows}

"""What dbt's models cost beside one query that a person would write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb

from flows.runtime.settings import load_settings
from flows.warehouse.dbt import Build
from tests.bench.measure import (
    AS_OF,
    Peak,
    Ratio,
    Result,
    Scale,
    Side,
    alternately,
    dbt_command,
    program_command,
    progress,
    run_timed,
    sample_file,
)
from tests.parts import build_of, open_source

MODELS = ("--full-refresh", "--select", "+fct_voc_weekly_status")


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """Counts and status of five years ÷ the hand-written query, each less the same on few tickets."""
    many, few = sample_file(files, 260, scale.tickets_per_week), sample_file(files, 4, 1)
    on_many, on_few = _prepared(many), _prepared(few)
    rows_by_hand = Path("by_hand.duckdb").resolve()
    dbt, dbt_start_up, query, query_start_up = alternately(
        {
            "dbt run": partial(
                run_timed, dbt_command(on_many, "run", *MODELS), **on_many.environment()
            ),
            "its start-up": partial(
                run_timed, dbt_command(on_few, "run", *MODELS), **on_few.environment()
            ),
            "query": partial(run_timed, program_command("status_query", many, rows_by_hand)),
            "start-up": partial(run_timed, program_command("status_query", few, "few.duckdb")),
        },
        scale.repetitions,
    )
    _check_same_rows(on_many, rows_by_hand)
    yield Ratio(
        "counts",
        Side((dbt,), less=(dbt_start_up,)),
        Side((query,), less=(query_start_up,)),
        limit=3,
    )
    yield Peak("counts, memory", dbt, limit_gib=4)


def _prepared(source: Path) -> Build:
    """Register the file and load the thresholds, which `dbt run` does not."""
    settings = load_settings()
    build = build_of(settings, open_source(settings, source, AS_OF).workspace, AS_OF)
    run_timed(dbt_command(build, "seed"), **build.environment())
    return build


def _check_same_rows(build: Build, rows_by_hand: Path) -> None:
    """Raises RuntimeError: a query that gives other rows is no measure."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{build.workspace.duckdb_path}' as dbt (read_only)")
        connection.execute(f"attach '{rows_by_hand}' as hand (read_only)")
        mart, query = "dbt.main.fct_voc_weekly_status", "hand.status"
        row = connection.execute(
            f"""
            select
                (select count(*) from {mart}),
                (select count(*) from (from {mart} except all from {query})),
                (select count(*) from (from {query} except all from {mart}))
            """
        ).fetchone()
    assert row is not None
    if row[1] or row[2]:
        raise RuntimeError(
            f"of {row[0]} rows dbt has {row[1]} others and the query {row[2]} others"
        )
    progress(f"{row[0]:,} rows, the same in both")

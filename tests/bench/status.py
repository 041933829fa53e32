"""What `voc status` costs on BigQuery beside DuckDB: its tables are read there, nothing is built."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.measure import (
    AS_OF,
    Ratio,
    Result,
    Scale,
    Side,
    alternately,
    run_timed,
    sample_file,
    voc_command,
)
from tests.bigquery.conftest import SOURCE_PROJECT, variables
from tests.bigquery.twin import read_parquet
from tests.fakes.bigquery import FakeBigQuery, bqemulator


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """`voc status` on a local BigQuery endpoint ÷ on a DuckDB file, the same tickets in both."""
    source = sample_file(files, weeks=4, tickets_per_week=200)
    run = ("run", "--dry-run", "--as-of", str(AS_OF))
    run_timed(voc_command(*run, "--source", source))
    with bqemulator() as emulator, FakeBigQuery(emulator) as endpoint:
        table = f"{SOURCE_PROJECT}.bench.status"
        endpoint.load(table, read_parquet(source))
        there = variables(endpoint, files) | {
            "VOC_SOURCE_TABLE": table,
            "VOC_BIGQUERY_DATASET": "bench_status",
        }
        run_timed(voc_command(*run), **there)
        on_bigquery, on_duckdb = alternately(
            {
                "on BigQuery": partial(run_timed, voc_command("status"), **there),
                "on DuckDB": partial(run_timed, voc_command("status")),
            },
            scale.repetitions,
        )
    yield Ratio("voc status", Side((on_bigquery,)), Side((on_duckdb,)), limit=2.5)

"""What a weekly run reads on BigQuery beside what it must read, and in how many jobs, whatever the history is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.measure import (
    AS_OF,
    Result,
    Scale,
    progress,
    run_timed,
    sample_file,
    verdict,
    voc_command,
)
from tests.bigquery.conftest import SOURCE_PROJECT, variables
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.scans import Scan, Scans, weekly_ratio, with_values
from tests.bigquery.twin import read_parquet
from tests.fakes.bigquery import SOURCE_SCHEMA, FakeBigQuery, bqemulator

LIMIT = 1.6
JOBS_LIMIT = 35


@dataclass(frozen=True)
class Reads:
    """Columns × partitions of the source that a weekly run's jobs read."""

    years: int
    scans: list[Scan]
    now: datetime
    jobs: int

    def line(self) -> str:
        ratio = weekly_ratio(self.scans, self.now)
        total = sum(scan.cost(self.now) for scan in self.scans)
        return (
            f"reads on BigQuery, {self.years} years of history: {total} columns × partitions, "
            f"{ratio:.2f} times what it must, limit {LIMIT:g}: {verdict(ratio, LIMIT)}; "
            f"{self.jobs} jobs, limit {JOBS_LIMIT}: {verdict(self.jobs, JOBS_LIMIT)}"
        )


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """Scans of all jobs of a `voc run` and of the freshness query, with 1, 2 and 5 years counted before."""
    engine = GoogleSql(files)
    with bqemulator() as emulator:
        for years in (1, 2, 5):
            with FakeBigQuery(emulator) as endpoint:
                yield _weekly_run(files, endpoint, engine, years)


def _weekly_run(files: Path, endpoint: FakeBigQuery, engine: GoogleSql, years: int) -> Reads:
    table = f"{SOURCE_PROJECT}.bench.years_{years}"
    endpoint.load(table, read_parquet(sample_file(files, 52 * years, 70)))
    folder = files / f"bigquery-{years}"
    folder.mkdir()
    environment = variables(endpoint, folder) | {
        "VOC_HOME": str(folder),
        "VOC_SOURCE_TABLE": table,
        "VOC_BIGQUERY_DATASET": f"bench_{years}",
    }
    for monday in (AS_OF - timedelta(weeks=1), AS_OF):
        progress(f"{years} years of history, as of {monday}")
        counted_before = len(endpoint.jobs)
        run_timed(voc_command("run", "--dry-run", "--as-of", str(monday)), **environment)
    now = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
    jobs = endpoint.jobs[counted_before:]
    scans = Scans(
        table,
        [field.name for field in SOURCE_SCHEMA],
        engine.value,
    ).of_jobs(map(with_values, jobs))
    freshness = Scan(frozenset(["event_create_time"]), ((now - timedelta(days=9), now),))
    return Reads(years, [*scans, freshness], now, len(jobs))

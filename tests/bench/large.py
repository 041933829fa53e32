"""What the largest sources cost: very many categories, and very many tickets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from tests.bench.measure import (
    AS_OF,
    Peak,
    Result,
    Scale,
    Timing,
    program_command,
    progress,
    run_timed,
    sample_file,
    verdict,
    voc_command,
)

CATEGORIES, WEEKS = 50_000, 104
CPU_SECONDS_BEFORE = 144.0
"""A Monday run on this source when every run judged all weeks, on the machine of docs/benchmarks.md."""


@dataclass(frozen=True)
class Cpu:
    """CPU seconds beside those that the same took before."""

    label: str
    seconds: float
    limit: float

    def line(self) -> str:
        value = self.seconds / CPU_SECONDS_BEFORE
        return (
            f"large, CPU: {self.label} {self.seconds:.1f} s ÷ {CPU_SECONDS_BEFORE:g} s before = {value:.2f}, "
            f"limit {self.limit:g}: {verdict(value, self.limit)}"
        )


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """A Monday run over 50,000 categories × 104 weeks, and a first run over ten million tickets."""
    categories = CATEGORIES * scale.tickets_per_week // 40_000
    source = files / "categories.parquet"
    progress(f"writing {categories:,} categories × {WEEKS + 1} weeks")
    _write(source, categories)
    progress("counting the weeks before")
    run_timed(program_command("monday_run", source, str(AS_OF - timedelta(weeks=1))))
    ran = run_timed(program_command("monday_run", source, str(AS_OF)))
    label = f"Monday, {categories:,} categories × {WEEKS} weeks"
    yield Cpu(label, ran.cpu_seconds, limit=0.2)
    yield Peak("large, memory", Timing(label, ran.seconds, ran.peak_gib), limit_gib=2)
    tickets = sample_file(files, 260, scale.tickets_per_week)
    progress("the first run over many tickets")
    first = run_timed(voc_command("run", "--source", tickets, "--dry-run", "--as-of", str(AS_OF)))
    label = f"first run, {260 * scale.tickets_per_week:,} tickets"
    yield Peak("large, memory", Timing(label, first.seconds, first.peak_gib), limit_gib=2)


def _write(path: Path, categories: int) -> None:
    """A ticket in every category of every week up to the report week."""
    first_week = AS_OF - timedelta(weeks=WEEKS + 1)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    cast(week * {categories} + number as varchar) as id,
                    timestamptz '{first_week} 01:00:00+00' + interval (week * 7 + number % 7) day as event_create_time,
                    'g' || (number % 50) as category1,
                    's' || (number % 1000) as category2,
                    'c' || number as category3,
                    case when number % 5 = 0 then '부정' else '중립' end as overall_emotion
                from range({WEEKS + 1}) as weeks (week), range({categories}) as numbers (number)
            ) to '{path}' (format parquet)
            """
        )

"""Whether the marks keep what they promise, on companies whose changes are known; and what the evidence costs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from flows.runtime.settings import load_settings
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
from tests.bench.simulation import BROAD, NEW, Company, simulated, write_tickets
from tests.parts import workspace_of
from tests.tables import rows_in

SEEDS, CATEGORIES, WEEKS, WEEKS_LOOKED_AT = 16, 50, 80, 26
MANY_CATEGORIES, MANY_WEEKS = 5_000, 104
ALARMS = ("CRITICAL", "MONITOR")
LAST_WEEK = AS_OF - timedelta(weeks=1)
# What a run builds because of the evidence; the status mart, which sums the p values, is counted whole.
MODELS = {
    *("int_category_weeks", "int_category_weeks_modelled"),
    *("int_category_weeks_judged_modelled", "int_volume_p_values", "int_share_p_values"),
    *("int_chance_alarms", "int_evidence", "fct_voc_weekly_status", "fct_voc_weekly_alarms"),
}


@dataclass(frozen=True)
class Figure:
    """A number with its limit: at most it, or at least it."""

    name: str
    value: float
    limit: float
    is_least: bool = False
    detail: str = ""

    def line(self) -> str:
        word = "at least" if self.is_least else "limit"
        sign = -1 if self.is_least else 1
        return (
            f"evidence, {self.name}: {self.value:.3f}{self.detail}, {word} {self.limit:g}: "
            f"{verdict(sign * self.value, sign * self.limit)}"
        )


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """Sixteen companies through the product; 5,000 categories; the evidence's part of a Monday on the sample."""
    yield from _marks(files, SEEDS if scale.repetitions > 1 else 2)
    source = files / "many.parquet"
    write_tickets(simulated(0, MANY_CATEGORIES, MANY_WEEKS), source, LAST_WEEK)
    progress(f"judging {MANY_CATEGORIES:,} categories × {MANY_WEEKS} weeks")
    ran = run_timed(program_command("monday_run", source, str(AS_OF)))
    label = f"all of a first run over {MANY_CATEGORIES:,} categories × {MANY_WEEKS} weeks"
    yield Figure(f"CPU seconds of {label}", ran.cpu_seconds, 60)
    yield Peak("evidence, memory", Timing(label, ran.seconds, ran.peak_gib), limit_gib=3)
    yield _share_of_a_monday(files)


def _marks(files: Path, seeds: int) -> Iterator[Figure]:
    counted: Counter[str] = Counter()
    expected = 0.0
    for seed in range(seeds):
        progress(f"company {seed + 1} of {seeds}")
        company = simulated(seed, CATEGORIES, WEEKS)
        source = files / f"company-{seed}.parquet"
        write_tickets(company, source, LAST_WEEK)
        run_timed(program_command("monday_run", source, str(AS_OF)))
        expected += _count(company, source, counted)
    weeks = seeds * WEEKS_LOOKED_AT
    yield Figure("false strong marks a company-week", counted["false strong"] / weeks, 0.10)
    quotient = expected / counted["alarms by chance"]
    detail = f" ({expected / weeks:.2f} ÷ {counted['alarms by chance'] / weeks:.2f} a week)"
    yield Figure(
        "alarms by chance, expected ÷ observed − 1", abs(quotient - 1), 0.10, detail=detail
    )
    for change, limit in ((BROAD, 0.60), (NEW, 0.90)):
        found, began = counted[f"{change} strong"], counted[change]
        yield Figure(f"{change} strong", found / began, limit, is_least=True, detail=f" of {began}")


def _count(company: Company, source: Path, counted: Counter[str]) -> float:
    """Count what the marks say of each cell; returns the alarms that chance was expected to make."""
    tables = workspace_of(load_settings(), source).duckdb_path
    assert tables is not None
    quiet, (volume, share) = company.is_quiet, company.has_risen
    first = WEEKS - WEEKS_LOOKED_AT
    expected = 0.0
    found: dict[tuple[int, int], bool] = {}
    for row in rows_in(tables, "select * from fct_voc_weekly_status"):
        cell = int(row["category2"][1:]), WEEKS - 1 - (LAST_WEEK - row["week_start"]).days // 7
        if cell[1] < first:
            continue
        is_alarm = row["status"] in ALARMS
        is_strong = is_alarm and row["evidence"] == "strong"
        reason = row["status_reason"] or ""
        if quiet[cell]:
            counted["alarms by chance"] += is_alarm
            counted["false strong"] += is_strong
            expected += row["chance_of_alarm"]
        is_of_the_change = ("volume_increase" in reason and volume[cell]) or (
            "negative_ratio" in reason and share[cell]
        )
        found[cell] = bool(is_strong and is_of_the_change)
    # A new category with a mean of ten has fewer tickets than make an alarm in half of its first weeks.
    for change, least, most in ((BROAD, 50, 150), (NEW, 15, float("inf"))):
        for category in range(CATEGORIES):
            for week in range(first, WEEKS):
                if (
                    company.began[category, week] == change
                    and least <= company.mean[category, week] < most
                ):
                    counted[change] += 1
                    counted[f"{change} strong"] += found.get((category, week), False)
    return expected


def _share_of_a_monday(files: Path) -> Figure:
    """Seconds of the models of the evidence ÷ those of a whole run on the sample that judges one week."""
    source = sample_file(files, 12, 1200)
    dry_run = partial(voc_command, "run", "--source", source, "--dry-run", "--as-of")
    run_timed(dry_run(str(AS_OF - timedelta(weeks=1))))
    ran = run_timed(dry_run(str(AS_OF)))
    target = workspace_of(load_settings(), source).target_path
    results = json.loads((target / "run_results.json").read_text())["results"]
    seconds = sum(
        result["execution_time"]
        for result in results
        if result["unique_id"].split(".")[-1] in MODELS
    )
    detail = f" ({seconds:.2f} ÷ {ran.seconds:.2f} s)"
    return Figure(
        "share of a Monday's run on the sample", seconds / ran.seconds, 0.15, detail=detail
    )

"""Whether alerts stand at the level of their cause, on companies whose changes are known; beside a published method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import log
from pathlib import Path
from typing import Any

from flows.runtime.settings import load_settings
from tests.bench.evidence import LAST_WEEK, Figure
from tests.bench.measure import AS_OF, Result, Scale, program_command, progress, run_timed
from tests.bench.simulation import Levels, simulated_tree, write_tickets
from tests.parts import workspace_of
from tests.tables import rows_in

SEEDS, WEEKS, FIRST = 16, 80, 54
NAMES = [(f"a{a}", f"b{a}{b}", f"c{a}{b}{c}") for a in range(3) for b in range(4) for c in range(6)]
Row = Mapping[str, Any]


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """Sixteen companies of 72 categories in three levels: six of them or one change every third week."""
    counted: Counter[str] = Counter()
    for seed in range(SEEDS if scale.repetitions > 1 else 1):
        progress(f"tree {seed + 1}")
        company, planted = simulated_tree(seed, NAMES, WEEKS, FIRST)
        source = files / f"tree-{seed}.parquet"
        write_tickets(company, source, LAST_WEEK, NAMES)
        run_timed(program_command("monday_run", source, str(AS_OF)))
        _count(source, planted, counted)
    for kind, limit in (("six x1.5", 0.30), ("six x2", 0.60), ("leaf x3", 0.85)):
        share = counted[f"{kind} found"] / counted[kind]
        detail = f" of {counted[kind]}; by the categories alone {counted[f'{kind} by leaves'] / counted[kind]:.2f}"
        yield _figure(f"{kind} announced at its level", share, limit, detail=detail, is_least=True)
    yield _figure(
        "false clear alerts above a week", counted["false"] / counted["quiet weeks"], 0.05
    )
    ours, theirs = _f1(counted, "ours"), _f1(counted, "Adtributor")
    detail = f" (Adtributor's {theirs:.3f})"
    yield _figure("F1 of the names that changed", ours, theirs, detail=detail, is_least=True)


def _figure(
    name: str, value: float, limit: float, *, detail: str = "", is_least: bool = False
) -> Figure:
    return Figure(f"levels, {name}", value, limit, is_least, detail)


def _count(source: Path, planted: Mapping[int, tuple[str, Levels]], counted: Counter[str]) -> None:
    tables = workspace_of(load_settings(), source).duckdb_path
    assert tables is not None
    by_week: dict[int, dict[Levels, Row]] = {}
    for row in rows_in(tables, "select * from fct_voc_weekly_drivers"):
        week = WEEKS - 1 - (LAST_WEEK - row["week_start"]).days // 7
        names = tuple(filter(None, (row["category1"], row["category2"], row["category3"])))
        by_week.setdefault(week, {})[names] = row
    for week in range(FIRST, WEEKS):
        rows = by_week[week]
        told = {
            names
            for names, row in rows.items()
            if row["alert_level"] == row["level"] and row["evidence"] == "strong"
        }
        if week not in planted:
            if week - 1 not in planted:
                counted["quiet weeks"] += 1
                counted["false"] += sum(len(names) < 3 for names in told)
            continue
        kind, hit = planted[week]
        counted[kind] += 1
        counted[f"{kind} found"] += hit in told
        below = [r for n, r in rows.items() if len(n) == 3 and n[: len(hit)] == hit]
        strong = sum(r["evidence"] == "strong" and r["status"] != "IMPROVED" for r in below)
        counted[f"{kind} by leaves"] += 2 * strong > len(below)
        for method, found in (("ours", told), ("Adtributor", adtributor(rows))):
            counted[f"{method} right"] += hit in found
            counted[f"{method} named"] += len(found)
            counted[f"{method} wanted"] += 1


def _f1(counted: Counter[str], method: str) -> float:
    named, wanted = counted[f"{method} named"], counted[f"{method} wanted"]
    return 2 * counted[f"{method} right"] / (named + wanted)


def adtributor(
    rows: Mapping[Levels, Row], explained: float = 0.67, least: float = 0.1
) -> set[Levels]:
    """The names that explain a week's change by Bhagwan et al., Adtributor (NSDI 2014), with the paper's thresholds.

    Each level is a dimension; the forecast is the one that our alerts are compared with. Written anew from the paper.
    """
    candidates: list[tuple[float, set[Levels]]] = []
    for level in (1, 2, 3):
        of_level = {names: row for names, row in rows.items() if len(names) == level}
        forecast = sum(row["expected_total"] or 0 for row in of_level.values())
        actual = sum(row["comparison_total"] for row in of_level.values())
        surprises: list[tuple[float, float, Levels]] = []
        for names, row in of_level.items():
            expected = row["expected_total"] or 0
            surprise = _surprise(expected / forecast, row["comparison_total"] / actual)
            power = (row["comparison_total"] - expected) / (actual - forecast)
            surprises.append((surprise, power, names))
        names_taken, power_taken, surprise_taken = set[Levels](), 0.0, 0.0
        for surprise, power, names in sorted(surprises, reverse=True):
            if power > least:
                names_taken.add(names)
                power_taken += power
                surprise_taken += surprise
            if power_taken > explained:
                candidates.append((surprise_taken, names_taken))
                break
    return max(candidates, key=lambda candidate: candidate[0], default=(0.0, set[Levels]()))[1]


def _surprise(p: float, q: float) -> float:
    """Jensen and Shannon's divergence of one element's shares, forecast and actual."""
    found = 0.0
    for share in (p, q):
        if share:
            found += 0.5 * share * log(2 * share / (p + q))
    return found

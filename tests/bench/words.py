"""Whether a new word is seen that is in no category's numbers, and how many words are announced when nothing changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
from numpy.random import Generator

from flows.runtime.settings import load_settings
from tests.bench.evidence import LAST_WEEK, Figure
from tests.bench.measure import AS_OF, Result, Scale, program_command, progress, run_timed
from tests.bench.simulation import BROAD, Company, simulated, write_tickets
from tests.parts import workspace_of

SEEDS, CATEGORIES, WEEKS, WEEKS_LOOKED_AT = 16, 50, 80, 26
NEW_WORD, NEW_TICKETS = "카카오", 10
MART = "fct_voc_rising_words"


@dataclass(frozen=True)
class Vocabulary:
    """The words of a company: each category's name and words of its own, and a long tail that all categories share."""

    random: Generator

    def of(self, category: int) -> str:
        """The keywords of one ticket: mostly the category's name, one of ten words of its own, one of 500 of all."""
        own, shared = _zipf(self.random, 10), _zipf(self.random, 500)
        name = [f"c{category}"] if self.random.random() < 0.8 else []
        return ", ".join([*name, f"c{category}-{own}", f"w{shared}"])


def _zipf(random: Generator, words: int) -> int:
    """One of so many words, each as frequent as its rank makes it by Zipf's law."""
    return int((words + 1) ** random.random())


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """Sixteen companies without a change: their weeks, and the same with a word in ten tickets of ten categories."""
    counted: Counter[str] = Counter()
    for seed in range(SEEDS if scale.repetitions > 1 else 1):
        progress(f"words of company {seed + 1}")
        company = simulated(seed, CATEGORIES, WEEKS, change_rate=0)
        source = files / f"words-{seed}.parquet"
        write_tickets(company, source, LAST_WEEK)
        run_timed(program_command("monday_run", source, str(AS_OF)))
        _count(company, source, np.random.default_rng(seed), counted)
    weeks = counted["weeks"]
    yield Figure("rising words, false words a company-week", counted["false"] / weeks, 0.05)
    detail = f" of {weeks} weeks, {counted['words'] / weeks:.0f} words in each"
    yield Figure(
        f"rising words, a new one in {NEW_TICKETS} tickets of as many categories found",
        counted["found"] / weeks,
        0.80,
        is_least=True,
        detail=detail,
    )


def _count(company: Company, source: Path, random: Generator, counted: Counter[str]) -> None:
    workspace = workspace_of(load_settings(), source)
    (compiled,) = workspace.target_path.rglob(f"compiled/**/models/*/{MART}.sql")
    query = compiled.read_text(encoding="utf-8")
    vocabulary = Vocabulary(random)
    is_broad = (company.began == BROAD).any(axis=0)
    with duckdb.connect(str(workspace.duckdb_path)) as connection:
        for week in range(WEEKS - WEEKS_LOOKED_AT, WEEKS):
            if is_broad[week] or is_broad[week - 1]:
                continue
            monday = LAST_WEEK - timedelta(weeks=WEEKS - 1 - week)
            rows = [
                (role, category, vocabulary.of(category))
                for role, of in (("base", week - 1), ("comparison", week))
                for category in range(CATEGORIES)
                for _ in range(company.counts[category, of])
            ]
            words = _announced(connection, query, monday, rows)
            counted["weeks"] += 1
            counted["false"] += len(words)
            counted["words"] += len({word for _, _, said in rows for word in said.split(", ")})
            first_of = {category: n for n, (role, category, _) in enumerate(rows) if role != "base"}
            for category in random.choice(list(first_of), NEW_TICKETS, replace=False).tolist():
                role, _, keywords = rows[first_of[category]]
                rows[first_of[category]] = (role, category, f"{keywords}, {NEW_WORD}")
            counted["found"] += NEW_WORD in _announced(connection, query, monday, rows)


def _announced(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    monday: date,
    rows: Sequence[tuple[str, int, str]],
) -> set[str]:
    """The mart's words of a week whose masked tickets these are: week role, category, keywords."""
    connection.execute("begin")
    try:
        connection.execute("delete from int_flagged_tickets_masked")
        connection.execute(
            """
            insert into int_flagged_tickets_masked by name
            select
                $4::date as week_start,
                unnest($1) as week_role,
                'c' || unnest($2)::text as category1,
                '' as category2,
                '' as category3,
                unnest($3) as keywords,
                unnest(range(len($1)))::text as ticket_id
            """,
            [*([*column] for column in zip(*rows, strict=True)), monday],
        )
        as_of = monday + timedelta(weeks=1)
        found = connection.execute(query.replace(f"date '{AS_OF}'", f"date '{as_of}'")).fetchall()
        return {row[2] for row in found}
    finally:
        connection.execute("rollback")

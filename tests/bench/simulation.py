"""A company's weeks with all that makes real counts hard, and the changes that were put into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

Levels = tuple[str, ...]

BROAD, NEW = "broad", "new"
PLANTED = {"six x1.5": (2, 1.5), "six x2": (2, 2.0), "leaf x3": (3, 3.0)}
"""What is planted in a tree: at which level, and by how much its tickets are multiplied."""
LEAST_SIZE, MOST_SIZE, LEAST_ALONE = 5, 50, 20
"""Tickets a week of a tree's categories, and at least of one that is changed alone."""
_CHANGES = ("x1.3", "x1.5", "x2", "share", NEW, "gone")
_CHANCES = (0.20, 0.25, 0.25, 0.20, 0.05, 0.05)
_FACTORS = {"x1.3": 1.3, "x1.5": 1.5, "x2": 2.0}
_HOLIDAY_WEEKS = (4, 38, 56, 90, 109, 142)
"""Seollal and Chuseok: they move from year to year."""
_FIRST_CHANGE = 10
_BROAD_CHANGES = 2


@dataclass(frozen=True)
class Company:
    """Arrays by category and week: tickets, negative ones, the mean without a change, and what was changed.

    `factor` multiplies the mean, `points` is added to the negative share, `began` names the change of a week.
    """

    counts: NDArray[np.int64]
    negatives: NDArray[np.int64]
    mean: Numbers
    factor: Numbers
    points: Numbers
    began: NDArray[np.str_]

    @property
    def is_quiet(self) -> NDArray[np.bool_]:
        """Whether neither a week nor the one before it has a change: an alarm there is chance. The first is not."""
        changed = (self.factor != 1) | (self.points != 0)
        quiet: NDArray[np.bool_] = ~changed
        quiet[:, 1:] &= ~changed[:, :-1]
        quiet[:, 0] = False
        return quiet

    @property
    def has_risen(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether a change made the tickets, and the negative share, of a week greater than those of the week before."""
        volume, share = np.zeros(self.factor.shape, bool), np.zeros(self.factor.shape, bool)
        volume[:, 1:] = self.factor[:, 1:] > 1.05 * self.factor[:, :-1]
        share[:, 1:] = self.points[:, 1:] > self.points[:, :-1] + 0.01
        return volume, share


def simulated(seed: int, categories: int, weeks: int, *, change_rate: float = 0.02) -> Company:
    """A company: sizes by Zipf's law, growth, season, holidays, weekly noise, more spread than Poisson, changes."""
    random = np.random.default_rng(seed)
    mean = _means(random, np.maximum(300 / np.arange(1, categories + 1), 1.0), weeks)
    factor, points, began = _changes(random, mean.shape, change_rate)
    spread = random.choice([1.0, 1.5, 2.0, 3.0], categories, p=[0.25, 0.35, 0.25, 0.15])[:, None]
    counts = random.poisson(_gamma(random, mean * factor, spread))
    share = np.clip(random.uniform(0.05, 0.6, categories)[:, None] + points, 0.01, 0.95)
    likeness = 0.02  # of tickets of one week to each other
    size = (1 - likeness) / likeness
    negatives = random.binomial(counts, random.beta(share * size, (1 - share) * size))
    return Company(counts, negatives, mean, factor, points, began)


def simulated_tree(
    seed: int, names: Sequence[Levels], weeks: int, first: int
) -> tuple[Company, dict[int, tuple[str, Levels]]]:
    """A company whose categories have these names, and what was changed in which week: the kind, and below which name.

    Every third week from `first` on has one change of one week.
    """
    random = np.random.default_rng(seed)
    size = np.exp(random.uniform(np.log(LEAST_SIZE), np.log(MOST_SIZE), len(names)))
    mean = _means(random, size, weeks)
    factor, began = np.ones(mean.shape), np.full(mean.shape, "", dtype="U8")
    planted: dict[int, tuple[str, Levels]] = {}
    groups = sorted({name[:2] for name in names})
    for week in range(first, weeks, 3):
        kind = str(random.choice(list(PLANTED)))
        level, times = PLANTED[kind]
        leaves = np.flatnonzero(mean[:, week] >= LEAST_ALONE)
        hit = names[random.choice(leaves)] if level == 3 else groups[random.integers(len(groups))]
        below = [n for n, name in enumerate(names) if name[: len(hit)] == hit]
        factor[below, week], began[below, week] = times, kind
        planted[week] = kind, hit
    spread = random.choice([1.0, 1.5, 2.0, 3.0], len(names), p=[0.25, 0.35, 0.25, 0.15])[:, None]
    counts = random.poisson(_gamma(random, mean * factor, spread))
    negatives = random.binomial(counts, random.uniform(0.05, 0.6, len(names))[:, None])
    return Company(counts, negatives, mean, factor, np.zeros(mean.shape), began), planted


def write_tickets(
    company: Company, path: Path, last_week: date, names: Sequence[Levels] | None = None
) -> None:
    """One row a ticket, up to the week of this Monday. Categories are numbered where they have no names."""
    names = names or [(f"g{n % 7}", f"c{n}", "") for n in range(len(company.counts))]
    weeks = company.counts.shape[1]
    cells = [
        (
            category,
            last_week - timedelta(weeks=weeks - 1 - week),
            int(total),
            int(company.negatives[category, week]),
        )
        for (category, week), total in np.ndenumerate(company.counts)
        if total
    ]
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    concat_ws('-', category, monday, number) as id,
                    monday::timestamp at time zone 'Asia/Seoul' + interval 1 hour * (number * 37 % 168) as event_create_time,
                    $5[category + 1][1] as category1,
                    $5[category + 1][2] as category2,
                    $5[category + 1][3] as category3,
                    case when number < negative then '부정' else '중립' end as overall_emotion
                from (
                    select category, monday, negative, unnest(range(total)) as number
                    from (
                        select unnest($1) as category, unnest($2) as monday, unnest($3) as total, unnest($4) as negative
                    )
                )
                order by monday, id
            ) to '{path}' (format parquet)
            """,
            [*(list(column) for column in zip(*cells, strict=True)), [list(n) for n in names]],
        )


def _means(random: Generator, size: Numbers, weeks: int) -> Numbers:
    t, categories = np.arange(weeks), len(size)
    company = np.exp(0.002 * t + random.normal(0, 0.04, weeks))
    company *= 1 + 0.08 * np.sin(2 * np.pi * (t + random.uniform(0, 52)) / 52)
    company *= np.where(np.isin(t, _HOLIDAY_WEEKS), 0.6, 1.0)
    amplitude = np.where(random.random(categories) < 0.3, random.uniform(0.1, 0.4, categories), 0)
    phase = random.uniform(0, 52, categories)
    trend = random.normal(0, 0.003, categories)
    season = 1 + amplitude[:, None] * np.sin(2 * np.pi * (t + phase[:, None]) / 52)
    mean: Numbers = size[:, None] * company * np.exp(trend[:, None] * (t - weeks / 2)) * season
    return mean * np.exp(random.normal(0, 0.06, mean.shape))


def _changes(
    random: Generator, shape: tuple[int, ...], rate: float
) -> tuple[Numbers, Numbers, NDArray[np.str_]]:
    """Changes of one to three weeks in single categories, and twice one that hits a fifth of them."""
    categories, weeks = shape
    factor, points = np.ones(shape), np.zeros(shape)
    began = np.full(shape, "", dtype="U8")
    for category in range(categories):
        for week in range(_FIRST_CHANGE, weeks - 4):
            near = np.s_[category, week - 1 : week + 3]
            if random.random() >= rate or (factor[near] != 1).any() or points[near].any():
                continue
            change = str(random.choice(_CHANGES, p=_CHANCES))
            weeks_changed = np.s_[category, week : week + int(random.choice([1, 1, 2, 3]))]
            if change in _FACTORS:
                factor[weeks_changed] = _FACTORS[change]
            elif change == "share":
                points[weeks_changed] = 0.2
            elif change == NEW:
                factor[category, :week], points[category, :week], began[category, :week] = 0, 0, ""
            else:
                factor[category, week:] = 0
            began[category, week] = change
            if change == "gone":
                break
    for week in random.choice(np.arange(20, weeks - 5), _BROAD_CHANGES, replace=False):
        hit = (random.random(categories) < 0.2) & (factor[:, week] == 1) & (points[:, week] == 0)
        factor[hit, week], began[hit, week] = 2.0, BROAD
    return factor, points, began


def _gamma(random: Generator, mean: Numbers, spread: Numbers) -> Numbers:
    """Means that vary so much that a Poisson count of them has `spread` times their variance."""
    scale = np.broadcast_to(np.maximum(spread - 1, 1e-9), mean.shape)
    varied = random.gamma(np.maximum(mean / scale, 1e-12), scale)
    return np.where(spread > 1, varied, mean)

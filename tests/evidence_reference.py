"""The evidence computed anew in plain Python, from docs/evidence.md and not from the SQL.

A company is a history by category: (tickets, negative ones) of each week, oldest first. Every history has the same length
and the first week has tickets.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from tests.test_properties import RULES, Pair, Rule, judged, rules_for

History = Sequence[tuple[int, int]]
Row = dict[str, Any]
Names = tuple[str, ...]
Tickets = Sequence[tuple[Names, frozenset[str]]]
LEAST_TICKETS, UNSEEN = 6, 0.1
BASELINE, SPREAD, P, Q = 8, 52, 0.01, 0.05
COLUMNS = (
    *("base_total", "comparison_total", "status", "status_reason", "weeks_before"),
    *("expected_total", "usual_low", "usual_high", "p_increase", "p_decrease", "p_negative"),
    *("q_increase", "q_decrease", "q_negative", "chance_of_alarm", "evidence", "evidence_note"),
    "is_unusual",
)
DRIVERS_COLUMNS = (
    *(name for name in COLUMNS if name not in ("chance_of_alarm", "evidence_note")),
    *("alert", "total_effect", "excess_share", "rate_effect", "mix_effect"),
)
ALARMS_COLUMNS = (
    *("alarms", "strong_alarms", "alarms_by_chance", "tests", "week_level", "volume_spread"),
    *("negative_share", "negative_share_expected", "weeks_of_history"),
)
# A company without history counts as one with 20 weeks of errors as large as a variance of 2.5 times the mean makes them.
SHRINKAGE, PRIOR = 20, 1.26
COMPANY = object()
"""The name of all categories together."""


class Cell(NamedTuple):
    """A category in a week, with the sums over its baseline."""

    x: int
    y: int
    n: int
    s: int
    sy: int

    @property
    def own(self) -> float:
        return (self.s + 0.5) / self.n

    @property
    def share(self) -> float:
        return (self.sy + 0.5) / (self.s + 1)


class Model(NamedTuple):
    """What was to be expected of a cell."""

    level: float
    phi: float
    psi: float
    share_now: float
    spread: float


def evidence(
    company: Mapping[Any, History], overrides: Sequence[Rule] = ()
) -> dict[tuple[Any, int], Row]:
    """The columns of fct_voc_weekly_status, by category and week, where either week has tickets.

    With overrides, which are rows of the thresholds for some categories, a category is a tuple of its three names.
    """
    length = len(next(iter(company.values())))
    cells = {name: dict(cells_of(history)) for name, history in company.items()}
    levels = [level_of([c[t] for c in cells.values() if t in c]) for t in range(length)]
    least_total = min(rule.floor for rule in (*RULES, *overrides))
    rules = {name: rules_for(name, [*overrides]) if overrides else RULES for name in company}
    found: dict[tuple[Any, int], Row] = {}
    for t in range(1, length):
        models = models_of(cells, levels, t)
        rows = {
            name: row_of(company[name], t, cells[name][t], models[name], rules[name], least_total)
            for name in models
            if company[name][t][0] or company[name][t - 1][0]
        }
        adjust(list(rows.values()))
        found |= {(name, t): marked(row) for name, row in rows.items()}
    return found


def drivers(company: Mapping[Any, History]) -> dict[tuple[Any, int], Row]:
    """The columns of fct_voc_weekly_drivers, by name and week; names are tuples of one to three levels.

    Which of them is announced is said by `alert`: the name under which it is told.
    """
    length = len(next(iter(company.values())))
    categories = {name: dict(cells_of(history)) for name, history in company.items()}
    levels = [level_of([c[t] for c in categories.values() if t in c]) for t in range(length)]
    histories: dict[Any, list[tuple[int, int]]] = {}
    for name, history in company.items():
        for depth in (1, 2, 3):
            sums = histories.setdefault(name[:depth], [(0, 0)] * length)
            histories[name[:depth]] = [
                (x + more, y + negative)
                for (x, y), (more, negative) in zip(sums, history, strict=True)
            ]
    least_total = min(rule.floor for rule in RULES)
    found: dict[tuple[Any, int], Row] = {}
    for t in range(1, length):
        of_week: dict[Any, Row] = {}
        for depth in (1, 2, 3):
            cells = {n: dict(cells_of(h)) for n, h in histories.items() if len(n) == depth}
            models = models_of(cells, levels, t, categories)
            rows = {
                name: row_of(histories[name], t, cells[name][t], models[name], RULES, least_total)
                for name in models
                if histories[name][t][0] or histories[name][t - 1][0]
            }
            adjust(list(rows.values()))
            for name, row in rows.items():
                marked(row)
                row["expected_negative"] = histories[name][t][0] * models[name].share_now
                row["base_negative"] = histories[name][t - 1][1]
                row["level"] = depth
            of_week |= rows
        alert(of_week)
        explain(of_week)
        found |= {(name, t): row for name, row in of_week.items()}
    return found


def alert(rows: Mapping[Any, Row]) -> None:
    """Say of each alarm under which name it is told: `alert`."""
    kinds = "increase", "negative"
    clear: dict[Any, set[str]] = {}
    for name, row in rows.items():
        strong = {
            k for k in kinds if (p := row[f"p_{k}"]) is not None and p <= P and row[f"q_{k}"] <= Q
        }
        reasons = row["status_reason"] or ""
        met = {
            k
            for k, rule in zip(kinds, ("volume_increase", "negative_ratio"), strict=True)
            if rule in reasons
        }
        clear[name] = strong & met if len(name) == 3 else strong
        row["excess_of"] = {
            "increase": max(row["comparison_total"] - row["expected_total"], 0),
            "negative": max(row["negative"] - row["expected_negative"], 0),
        }

    def is_cause(name: Any, kind: str) -> bool:
        def held(level: int) -> float:
            of_level = (n for n in rows if is_below(n, name) and len(n) == level > len(name))
            return max(
                (rows[n]["excess_of"][kind] for n in of_level if kind in clear[n]), default=-1
            )

        everything = math.fsum(
            row["excess_of"][kind] for n, row in rows.items() if is_below(n, name) and len(n) == 3
        )
        is_below_it = 2 * held(3) >= everything or 3 * held(2) >= 2 * rows[name]["excess_of"][kind]
        return kind in clear[name] and not is_below_it

    told: dict[Any, set[str]] = {}
    for name in sorted(rows, key=len):
        if len(name) < 3:
            above = told.get(name[:1], set()) if len(name) == 2 else set()
            told[name] = {kind for kind in kinds if kind not in above and is_cause(name, kind)}
    for name, row in rows.items():
        is_alarm = row["status"] in ("CRITICAL", "MONITOR") if len(name) == 3 else bool(clear[name])
        row["alert"] = name if is_alarm and len(name) == 3 else None
        covered: set[str] = set()
        for depth in range(1, min(len(name), 2) + 1):
            covered |= told[name[:depth]]
            if is_alarm and covered and told[name[:depth]] and clear[name] <= covered:
                row["alert"] = name[:depth]
                break
        row["evidence"] = (
            "strong" if clear[name] or row["evidence"] == "strong" else row["evidence"]
        )


def explain(rows: Mapping[Any, Row]) -> None:
    """Say what each has of its parent's change: in tickets, in what is beyond the expected, in the negative ratio."""
    for name, row in rows.items():
        siblings = [r for n, r in rows.items() if len(n) == len(name) and n[:-1] == name[:-1]]
        (b0, n0), (b1, n1) = (
            (sum(r[total] for r in siblings), sum(r[negative] for r in siblings))
            for total, negative in (
                ("base_total", "base_negative"),
                ("comparison_total", "negative"),
            )
        )
        row["total_effect"] = row["comparison_total"] - row["base_total"]
        excess = math.fsum(r["excess_of"]["increase"] for r in siblings)
        row["excess_share"] = row["excess_of"]["increase"] / excess if excess else None
        row["rate_effect"] = row["mix_effect"] = None
        if b0 and b1:
            w0, w1 = row["base_total"] / b0, row["comparison_total"] / b1
            r0 = row["base_negative"] / row["base_total"] if row["base_total"] else None
            r1 = row["negative"] / row["comparison_total"] if row["comparison_total"] else r0
            r0 = r1 if r0 is None else r0
            assert r0 is not None
            assert r1 is not None
            row["rate_effect"] = (w0 + w1) / 2 * (r1 - r0)
            row["mix_effect"] = ((r0 + r1) / 2 - (n0 / b0 + n1 / b1) / 2) * (w1 - w0)


def words(
    base: Tickets,
    comparison: Tickets,
    level: float,
    spread: float,
    kept: int = 5,
) -> list[Row]:
    """The rows of fct_voc_rising_words in their order, from the tickets of both weeks: their categories and words."""
    filled = [sum(bool(of) for _, of in week) / max(len(week), 1) for week in (base, comparison)]
    if not all(filled):
        return []
    level *= filled[1] / filled[0]
    there = Counter(category for category, _ in (*base, *comparison))
    had, has = (Counter(category for category, of in week if of) for week in (base, comparison))
    then, now = (
        Counter((word, category) for category, of in week for word in of)
        for week in (base, comparison)
    )
    every = {word for word, _ in (*then, *now)}
    rows: list[Row] = []
    for word in every:
        places = {category: (then[word, category], now[word, category]) for category in there}
        b, x = (sum(counts) for counts in zip(*places.values(), strict=True))
        if x < LEAST_TICKETS:
            continue
        shared = math.fsum((m + n) ** 2 / there[c] for c, (m, n) in places.items()) / (b + x)
        phi = 1 + (spread - 1) * shared
        own = b + UNSEEN
        moved = math.fsum(m * (has[c] + 0.5) / (had[c] + 0.5) for c, (m, _) in places.items())
        moved += UNSEEN * level
        volumes = Volume(own, 2 * phi), Volume(moved, phi * (1 + moved / own))
        rows.append(
            {
                "word": word,
                "place": place_of(places, x - b),
                "base_count": b,
                "comparison_count": x,
                "expected_count": moved,
                "p_increase": max(volume.at_least(x) for volume in volumes),
            }
        )
    values = [row["p_increase"] for row in rows]
    for row in rows:
        p = row["p_increase"]
        scaled = (v * len(every) / sum(w <= v for w in values) for v in values if v >= p)
        row["q_increase"] = min(1.0, *scaled)
    rows = [row for row in rows if row["p_increase"] <= P and row["q_increase"] <= Q]
    rows.sort(
        key=lambda row: (
            row["p_increase"],
            row["base_count"] - row["comparison_count"],
            row["word"],
        )
    )
    return rows[:kept]


def place_of(places: Mapping[Names, tuple[int, int]], rise: int) -> Names:
    """The lowest name that has more than half of a word's rise; of several the one with the largest part in one category."""
    for depth in (3, 2, 1):
        sums: Counter[Names] = Counter()
        for category, (b, x) in places.items():
            sums[category[:depth]] += x - b
        found = [c for c in places if 2 * sums[c[:depth]] > rise and any(places[c])]
        if found:
            best = min(found, key=lambda c: (places[c][0] - places[c][1], c))
            return best[:depth]
    return ()


def alarms(rows: Mapping[tuple[Any, int], Row], length: int) -> dict[int, Row]:
    """The columns of fct_voc_weekly_alarms by week, from the rows of `evidence` for a history of so many weeks."""
    return {
        t: alarms_of([r for (_, of), r in rows.items() if of == t], t) for t in range(1, length)
    }


def alarms_of(rows: Sequence[Row], t: int) -> Row:
    flagged = [row for row in rows if row["status"] in ("CRITICAL", "MONITOR")]
    steady = [row for row in rows if row["s"] >= 10]
    total = sum(row["comparison_total"] for row in steady)
    expected = math.fsum(row["comparison_total"] * row["share"] for row in steady)
    return {
        "alarms": len(flagged),
        "strong_alarms": sum(row["evidence"] == "strong" for row in flagged),
        "alarms_by_chance": math.fsum(row["chance_of_alarm"] for row in rows),
        "tests": sum(row["is_test"] for row in rows),
        "week_level": rows[0]["level"] if rows else None,
        "volume_spread": rows[0]["spread"] if rows else None,
        "negative_share": sum(row["negative"] for row in steady) / total if total else None,
        "negative_share_expected": expected / total if total else None,
        "weeks_of_history": t,
    }


def cells_of(history: History) -> Iterator[tuple[int, Cell]]:
    first = next(t for t, (x, _) in enumerate(history) if x)
    for t in range(first, len(history)):
        before = history[max(0, t - BASELINE) : t]
        n = min(BASELINE, t - first if t > first else t)
        if n:
            sums = sum(x for x, _ in before), sum(y for _, y in before)
            yield t, Cell(*history[t], n, *sums)


def level_of(cells: Sequence[Cell]) -> float:
    quotients = sorted((cell.x + 0.5) / cell.own for cell in cells if cell.s >= 3 * cell.n)
    return quotients[(len(quotients) - 1) // 2] if len(quotients) >= 5 else 1.0


def volume_error(cell: Cell, level: float) -> float | None:
    if cell.n < 2 or cell.s < cell.n:
        return None
    mean = level * cell.own
    return abs(cell.x - mean) / math.sqrt(mean * (1 + level / cell.n))


def share_error(cell: Cell, _: float) -> float | None:
    if cell.n < 2 or cell.s < 10 or cell.x < 5:
        return None
    variance = cell.x * cell.share * (1 - cell.share) * (1 + cell.x / cell.s)
    return abs(cell.y - cell.x * cell.share) / math.sqrt(variance)


def models_of(
    cells: Mapping[Any, Mapping[int, Cell]],
    levels: Sequence[float],
    t: int,
    categories: Mapping[Any, Mapping[int, Cell]] | None = None,
) -> dict[Any, Model]:
    """What was to be expected of the cells of week t: of categories, or of sums of the categories given."""
    there = {name: of_name for name, of_name in cells.items() if t in of_name}
    of_company = {n: c for n, c in (categories or cells).items() if t in c}
    weeks = range(max(0, t - SPREAD), t)
    volume, share = (
        spreads(
            *(
                {
                    name: [e for u in weeks if u in c and (e := error(c[u], levels[u])) is not None]
                    for name, c in each.items()
                }
                for each in (there, of_company)
            )
        )
        for error in (volume_error, share_error)
    )
    return {
        name: Model(
            *(levels[t], volume[name], share[name]),
            *(share_now(name, there[name][t], of_company, t), volume[COMPANY]),
        )
        for name in there
    }


def is_below(category: Any, name: Any) -> bool:
    """Whether a category is this one, or below this level."""
    return bool(category == name or (isinstance(name, tuple) and category[: len(name)] == name))


def spreads(
    errors: Mapping[Any, Sequence[float]], of_company: Mapping[Any, Sequence[float]]
) -> dict[Any, float]:
    """Variances in units of the Poisson's or the binomial's: each one's own, shrunk to the company's categories'."""
    every = [error for of_category in of_company.values() for error in of_category]
    errors = {**errors, COMPANY: ()}  # without any of its own
    pool = (math.fsum(every) + SHRINKAGE * PRIOR) / (len(every) + SHRINKAGE)
    return {
        name: max(
            math.pi / 2 * ((SHRINKAGE * pool + math.fsum(own)) / (SHRINKAGE + len(own))) ** 2, 1
        )
        for name, own in errors.items()
    }


def share_now(name: Any, cell: Cell, company: Mapping[Any, Mapping[int, Cell]], t: int) -> float:
    """Its share after what the categories' shares did together, as odds; without itself, or those below it."""
    share = cell.share
    steady = {other: c[t] for other, c in company.items() if c[t].s >= 10}
    others = [cell for other, cell in steady.items() if not is_below(other, name)]
    x = sum(cell.x for cell in others)
    if len(steady) < 5 or x < 50:
        return share
    seen = sum(cell.y for cell in others) + 0.5
    expected = math.fsum(cell.x * cell.share for cell in others) + 0.5
    odds = (seen / (x + 1 - seen)) / (expected / (x + 1 - expected))
    return odds * share / (1 - share + odds * share)


def row_of(
    history: History,
    t: int,
    cell: Cell,
    model: Model,
    rules: tuple[Rule, ...],
    least_total: int,
) -> Row:
    (b, bn), (c, cn) = history[t - 1], history[t]
    status, reason = judged(Pair(b, bn, c, cn), rules)
    mean = model.level * cell.own
    own = Volume(cell.own, model.phi * (1 + 1 / cell.n))
    moved = Volume(mean, model.phi * (1 + model.level / cell.n))
    is_tested = max(b, c) >= least_total
    width = 1.3066 * math.sqrt(moved.ratio / mean)
    row: Row = {
        "base_total": b,
        "comparison_total": c,
        "status": status,
        "status_reason": reason,
        "weeks_before": cell.n,
        "expected_total": mean,
        "usual_low": math.ceil(mean * max(1 - width, 0) ** 1.5),
        "usual_high": math.floor(mean * (1 + width) ** 1.5),
        "p_increase": max(own.at_least(c), moved.at_least(c)) if is_tested else None,
        "p_decrease": max(own.at_most(c), moved.at_most(c)) if is_tested else None,
        "p_negative": None,
        "chance_of_alarm": chance_of_alarm(b, bn, cell, model, moved, rules),
        "own": (own.at_least(c), own.at_most(c)),
        "s": cell.s,
        "share": cell.share,
        "level": model.level,
        "spread": model.spread,
        "negative": cn,
        "is_test": is_tested or cell.s >= cell.n,
    }
    if is_tested and b and c >= 2 and cell.s:
        row["p_negative"] = p_negative(cell, model)
    return row


class Volume(NamedTuple):
    """A negative binomial distribution, by its mean and variance ÷ mean."""

    mean: float
    ratio: float

    def chance(self, k: int) -> float:
        r = self.mean / (self.ratio - 1)
        ways = math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1)
        return math.exp(ways - r * math.log(self.ratio) + k * math.log1p(-1 / self.ratio))

    def at_least(self, k: int) -> float:
        if k <= self.mean:
            return 1 - math.fsum(map(self.chance, range(k)))
        total = 0.0
        for each in count(k):
            chance = self.chance(each)
            total += chance
            if chance <= total * 1e-14:
                return total
        raise AssertionError

    def at_most(self, k: int) -> float:
        if k >= self.mean:
            return 1 - self.at_least(k + 1)
        return math.fsum(map(self.chance, range(k + 1)))


def p_negative(cell: Cell, model: Model) -> float:
    x = cell.x
    variance = model.psi * (1 + x / cell.s)
    size = max((x - 1) / max(variance - 1, 1e-9) - 1, 0.5)
    share = max(cell.share, model.share_now)
    a, b = size * share, size * (1 - share)

    def ln_beta(p: float, q: float) -> float:
        return math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q)

    chances = (
        math.exp(math.log(math.comb(x, k)) + ln_beta(k + a, x - k + b) - ln_beta(a, b))
        for k in range(cell.y, x + 1)
    )
    return min(math.fsum(chances), 1)


def chance_of_alarm(
    b: int, bn: int, cell: Cell, model: Model, volume: Volume, rules: tuple[Rule, ...]
) -> float:
    """The sum over every number of tickets of its chance and of that of an alarm with it."""
    alarms = tuple(rule for rule in rules if rule.status != "IMPROVED")
    last = math.ceil(volume.mean + 12 * math.sqrt(volume.ratio * volume.mean) + 40 * volume.ratio)
    share = model.share_now
    no_alarm = 0.0
    for k in range(last + 1):
        if judged(Pair(b, 0, k, 0), alarms)[0] != "STABLE":
            continue  # by the number alone: no share has risen
        least = min(
            (
                -(-(rule.points * b * k + 100 * bn * k) // (100 * b))
                for rule in alarms
                if rule.points is not None and b and max(b, k) >= rule.floor
            ),
            default=k + 1,
        )
        chance = 0.0
        if 0 < k >= least:
            spread = k * share * (1 - share) * model.psi * (1 + k / max(cell.s, 1))
            z = max(-6.0, min(6.0, (k * share - least + 0.5) / math.sqrt(spread)))
            chance = 1 / (1 + math.exp(-z * (1.5976 + 0.070566 * z * z)))
        no_alarm += volume.chance(k) * (1 - chance)
    return 1 - no_alarm


def adjust(rows: Sequence[Row]) -> None:
    """Benjamini and Hochberg: the smallest p × tests ÷ rank of this and all less unlikely rows."""
    tests = sum(row["is_test"] for row in rows)
    for kind in ("increase", "decrease", "negative"):
        values = [row[f"p_{kind}"] for row in rows if row[f"p_{kind}"] is not None]
        scaled = [(v, v * tests / sum(w <= v for w in values)) for v in values]
        for row in rows:
            p = row[f"p_{kind}"]
            row[f"q_{kind}"] = p and min(1.0, *(q for v, q in scaled if v >= p))


def marked(row: Row) -> Row:
    """The row with evidence, note and whether it is unusual."""
    strong = {
        kind: (p := row[f"p_{kind}"]) is not None and p <= P and row[f"q_{kind}"] <= Q
        for kind in ("increase", "decrease", "negative")
    }
    row["is_unusual"] = any(strong.values())
    reasons = (row["status_reason"] or "").split("+")
    up, down = "volume_increase" in reasons, "volume_decrease" in reasons
    row["evidence"] = row["evidence_note"] = None
    if row["status"] == "STABLE":
        return row
    is_strong = (
        (up and strong["increase"])
        or (down and strong["decrease"])
        or ("negative_ratio" in reasons and strong["negative"])
    )
    row["evidence"] = "strong" if is_strong else "weak"
    low, high, b, c = (
        row[n] for n in ("usual_low", "usual_high", "base_total", "comparison_total")
    )
    own_up, own_down = row["own"]
    notes = {
        "new": row["s"] == 0 and c > 0,
        "gone": c == 0,
        "back_to_usual": low <= c <= high and ((up and b < low) or (down and b > high)),
        "company_wide": (up and own_up <= P < row["p_increase"])
        or (down and own_down <= P < row["p_decrease"]),
        "within_usual": (up or down) and low <= c <= high,
    }
    row["evidence_note"] = next((note for note, holds in notes.items() if holds), None)
    return row


def assert_same(
    found: Mapping[Any, Row],
    expected: Mapping[Any, Row],
    tolerance: float,
    columns: tuple[str, ...] = COLUMNS,
) -> None:
    """The same rows in these columns; fractions to `tolerance` of themselves."""
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        for name in columns:
            one, other = found[key][name], row[name]
            if isinstance(one, float) and isinstance(other, float | int):
                # A chance of alarm is 1 minus the rest, and only sums of it are shown.
                least = 1e-10 if name in ("chance_of_alarm", "alarms_by_chance") else 1e-300
                assert math.isclose(one, other, rel_tol=tolerance, abs_tol=least), (key, name)
            else:
                assert one == other, (key, name)

"""The facts of a material, by the names in templates.yml, and which numbers any of them supports."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tests.analysis.corpus.materials import WEEK_ROLES, Subject
from tests.analysis.corpus.writing import Day, Fact, Figure, Word


def facts_of(subject: Subject, turn: int) -> Mapping[str, Fact]:
    """All facts; `turn` chooses among the words, quotations, keywords and tickets."""
    return _facts_of(subject, turn % 60)  # there are up to 2, 3, 4 and 10 of them


@cache
def _facts_of(subject: Subject, turn: int) -> Mapping[str, Fact]:
    material = subject.material
    change, weeks = material.change, material.weeks
    samples, before = subject.samples("comparison"), subject.samples("base")
    word = subject.words[turn % len(subject.words)]
    quote, _ = subject.quotes[turn % len(subject.quotes)]
    keyword = material.keywords[turn % len(material.keywords)]
    cmp, base = change.comparison_total, change.base_total
    neg, neg0 = change.comparison_negative, change.base_negative
    facts: dict[str, Fact] = {
        "cs": Day(weeks.comparison.start),
        "ce": Day(weeks.comparison.end),
        "bs": Day(weeks.base.start),
        "be": Day(weeks.base.end),
        "wk": Figure("week", int(weeks.comparison.label[-2:])),
        "wk0": Figure("week", int(weeks.base.label[-2:])),
        "topic": Word(subject.topic),
        "category": Word(" / ".join(change.category)),
        "w": Word(word),
        "q": Word(quote),
        "qid": Word(subject.sample_with(quote).ticket_id),
        "kwl": Word(keyword.label),
    }
    for place in range(3):
        sample = samples[(turn + 3 * place) % len(samples)]
        facts[f"id{place + 1}"] = Word(sample.ticket_id)
    if subject.versions:
        facts["v"] = Word(subject.versions[turn % len(subject.versions)])
    counts = {
        "cmp": cmp,
        "base": base,
        "diff": abs(cmp - base),
        "neg": neg,
        "neg0": neg0,
        "negdiff": abs(neg - neg0),
        "rest": cmp - neg,
        "kw": keyword.comparison_count,
        "kw0": keyword.base_count,
        "kwdiff": keyword.comparison_count - keyword.base_count,
        "n": len(samples),
        "nneg": subject.negatives("comparison"),
        "wn": subject.mentions(word),
    }
    percents = {"share": 100 * neg / cmp, "kwshare": 100 * keyword.comparison_count / cmp}
    points: dict[str, float] = {}
    times: dict[str, float] = {}
    if base:
        facts["qb"] = Word(re.split(r"[.?!]", before[turn % len(before)].text)[0])
        counts |= {"n0": len(before), "nneg0": subject.negatives("base")}
        percents |= {"share0": 100 * neg0 / base, "pct": 100 * abs(cmp - base) / base}
        percents["negpct"] = 100 * abs(neg - neg0) / neg0
        points["pp"] = abs(percents["share"] - percents["share0"])
        times |= {"times": cmp / base, "ntimes": neg / neg0}
    if keyword.base_count:
        times["kwtimes"] = keyword.comparison_count / keyword.base_count
    if change.usual:
        counts |= {"low": change.usual[0], "high": change.usual[1], "over": cmp - change.usual[1]}
    for kind, values in (
        ("count", counts),
        ("percent", percents),
        ("points", points),
        ("times", times),
    ):
        facts |= {name: Figure(kind, value) for name, value in values.items()}
    return facts


def conditions_of(subject: Subject, turn: int) -> frozenset[str]:
    """What the keys in templates.yml may ask for, as far as this material has it."""
    return _conditions_of(subject, turn % len(subject.material.keywords))


@cache
def _conditions_of(subject: Subject, turn: int) -> frozenset[str]:
    change = subject.material.change
    keyword = subject.material.keywords[turn]
    cmp, base = change.comparison_total, change.base_total
    neg, neg0 = change.comparison_negative, change.base_negative
    held = {
        "any": True,
        "keyword": True,
        "keyword0": keyword.base_count == 0,
        "absent": base == 0,
        "new": base == 0 and not any(subject.weeks_before),
        "most_in_8_weeks": cmp > max(*subject.weeks_before, base),
        "share_over_half": cmp < 2 * neg < 2 * cmp,
        "share_half": 2 * neg == cmp,
        "share_near_half": 0.45 <= neg / cmp < 0.5,
        "share_third": 3 * neg == cmp,
        "share_two_thirds": 3 * neg == 2 * cmp,
        "share_seven_tenths": 10 * neg == 7 * cmp,
        "share_all": neg == cmp,
    }
    if base:
        share = neg * base - neg0 * cmp
        held |= {
            "known": True,
            "steady": True,
            "more": cmp > base,
            "fewer": cmp < base,
            "same": cmp == base,
            "share_up": share > 0,
            "share_down": share < 0,
            "share_same": share == 0,
            "neg_more": neg > neg0,
            "neg_fewer": neg < neg0,
            "share0_quarter": 4 * neg0 == base,
            "share0_half": 2 * neg0 == base,
            "down_third": 3 * (base - cmp) == base,
            "down_quarter": 4 * (base - cmp) == base,
            "up_half": 2 * cmp == 3 * base,
        }
    if change.usual:
        low, high = change.usual
        held |= {
            "usual": True,
            "above_usual": cmp > high,
            "below_usual": cmp < low,
            "within_usual": low <= cmp <= high,
        }
    return frozenset(name for name, holds in held.items() if holds)


@dataclass(frozen=True)
class Supported:
    """Every number that a sentence about the material might rightly hold, by kind."""

    counts: frozenset[int]
    percents: tuple[float, ...]
    points: tuple[float, ...]
    times: tuple[float, ...]

    def has(self, figure: Figure) -> bool:
        """Whether a fact has this value or one so near that it could be meant."""
        value = figure.value
        match figure.kind:
            case "count":
                return round(value) in self.counts
            case "percent":
                return any(abs(value - true) < 1 for true in (*self.percents, *self.points))
            case "points":
                return any(abs(value - true) < 1 for true in (*self.points, *self.percents))
            case "times":
                return any(abs(value - true) < max(0.3, 0.2 * true) for true in self.times)
        return False

    def has_written(self, value: float, decimals: int) -> bool:
        """Whether a percentage or a number of points is written so."""
        return any(
            round(true, decimals) == round(value, decimals)
            for true in (*self.percents, *self.points)
        )


@cache
def supported_by(subject: Subject) -> Supported:
    change, material = subject.material.change, subject.material
    cmp, base = change.comparison_total, change.base_total
    neg, neg0 = change.comparison_negative, change.base_negative
    now = [cmp, neg, cmp - neg, *(k.comparison_count for k in material.keywords)]
    then = [base, neg0, base - neg0, *(k.base_count for k in material.keywords)]
    differences = [abs(a - b) for a, b in zip(now, then, strict=True)]
    samples = len(subject.samples("comparison"))
    mentioned = [subject.mentions(word, role) for word in subject.words for role in WEEK_ROLES]
    written = [int(number) for number in re.findall(r"\d+", subject.text)]
    usual = list(change.usual or ())
    over = [abs(cmp - bound) for bound in usual]
    negatives = [subject.negatives(role) for role in WEEK_ROLES]
    counts = {*now, *then, *differences, *mentioned, *written, *usual, *over, *negatives}
    counts |= {samples, *subject.weeks_before, *(samples - each for each in negatives)}
    pairs = [*itertools.permutations(now, 2), *itertools.permutations(then, 2)]
    pairs += [*zip(now, then, strict=True), *zip(then, now, strict=True)]
    pairs += [*zip(differences, then, strict=True), *zip(differences, now, strict=True)]
    pairs += [(each, differences[0]) for each in differences]
    percents = [100 * a / b for a, b in pairs if b]
    percents += [10.0 * each for each in range(11) if each in (*mentioned, *negatives)]
    points = []
    if base:
        shares = [100 * neg / cmp, 100 * neg0 / base]
        points = [abs(shares[0] - shares[1]), abs(round(shares[0], 1) - round(shares[1], 1))]
    times = [a / b for a, b in zip(now, then, strict=True) if b]
    times += [1 / each for each in times if each]
    return Supported(frozenset(counts), tuple(percents), tuple(points), tuple(times))

"""What the data says about one category, as numbers with a meaning, texts and days. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from flows.report.values import Keyword, Material, Sample

Unit = Literal["count", "percent", "points", "factor"]
Role = Literal["base", "comparison", "change", "beyond", "other"]

Measure = tuple[float, str]
"""A number of anything but tickets, and its unit: 6 and 시간."""

TOTAL, NEGATIVE, NOT_NEGATIVE = "문의", "부정", "부정 아님"


@dataclass(frozen=True)
class Fact:
    """A number of the data.

    Args:
        subject: what is counted: TOTAL, NEGATIVE, NOT_NEGATIVE or a word that tickets hold.
        role: which week it is of, or that it is the change between the two, or beyond what is usual, with its sign.
    """

    subject: str
    unit: Unit
    role: Role
    value: float


@dataclass(frozen=True)
class Facts:
    """Everything that an analysis of one category may say: what the prompt shows and what the check reads."""

    material: Material

    @cached_property
    def named(self) -> tuple[Keyword, ...]:
        """What tickets are counted by: the rising keywords, and the names right below a level above."""
        below = (
            Keyword(d.category, d.category[-1], d.base_total, d.comparison_total)
            for d in self.material.change.drivers
        )
        return (*self.material.keywords, *below)

    @cached_property
    def numbers(self) -> tuple[Fact, ...]:
        """The numbers of the category, and of what is named in it."""
        change = self.material.change
        totals = change.base_total, change.comparison_total
        negative = change.base_negative, change.comparison_negative
        facts = [
            *_counted(TOTAL, totals),
            *_counted(NEGATIVE, negative, totals),
            *_counted(NOT_NEGATIVE, (totals[0] - negative[0], totals[1] - negative[1]), totals),
        ]
        for keyword in self.named:
            counts = keyword.base_count, keyword.comparison_count
            facts += _counted(compact(keyword.label), counts, totals)
        return tuple(dict.fromkeys([*facts, *self._usual()]))

    def _usual(self) -> Iterator[Fact]:
        change = self.material.change
        for value in (change.usual_low, change.usual_high, change.expected_total):
            if value is not None:
                yield Fact(TOTAL, "count", "other", value)
                yield Fact(TOTAL, "count", "beyond", change.comparison_total - value)
        for value in change.total_last_8_weeks:
            yield Fact(TOTAL, "count", "other", value)
        if change.usual_negative_ratio is not None:
            yield Fact(NEGATIVE, "percent", "other", 100 * change.usual_negative_ratio)

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        return self.material.samples

    def counted(self, word: str, *, in_samples: bool) -> tuple[Fact, ...]:
        """How many tickets, or samples, hold a word, in each week and of how many."""
        texts = self._texts if in_samples else self._all_texts
        word = compact(word)
        return _counted(word, _numbers(texts, word), _numbers(texts)) if texts else ()

    def holding_all(self, words: Sequence[str]) -> tuple[int, int]:
        """How many tickets of each week hold all of these words; samples where the tickets are not known."""
        texts = self._all_texts or self._texts
        held = [(w, text) for w, text in texts if all(word in compact(text) for word in words)]
        return _numbers(tuple(held))

    @cached_property
    def of_samples(self) -> tuple[Fact, ...]:
        """How many samples there are, and how many of them are negative."""
        negative = tuple((s.week_role, "") for s in self.samples if s.is_negative)
        counts = _numbers(self._texts)
        bad = _numbers(negative)
        return (
            *_counted(TOTAL, counts),
            *_counted(NEGATIVE, bad, counts),
            *_counted(NOT_NEGATIVE, (counts[0] - bad[0], counts[1] - bad[1]), counts),
        )

    @cached_property
    def sample_counts(self) -> tuple[int, int]:
        return _numbers(self._texts)

    @cached_property
    def _all_texts(self) -> tuple[tuple[str, str], ...]:
        return tuple((t.week_role, normalised(t.text)) for t in self.material.tickets)

    @cached_property
    def _texts(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (s.week_role, f"{normalised(s.title)}\n{normalised(s.detail)}") for s in self.samples
        )

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(sample.ticket_id for sample in self.samples)

    @cached_property
    def text(self) -> str:
        """All words of the data, without white space: samples, keywords, the category's names."""
        change = self.material.change
        return "\n".join(
            [
                *("\n".join(map(compact, text.split("\n"))) for _, text in self._texts),
                *(compact(keyword.keyword) for keyword in self.named),
                *map(compact, change.category),
            ]
        )

    @cached_property
    def measures(self) -> frozenset[Measure]:
        """The lengths of time, amounts and the like in the samples."""
        # What reads them needs this module.
        from flows.analysis.claims.measures import measures_of

        return measures_of("\n".join(f"{s.title}\n{s.detail}" for s in self.samples))

    def holds(self, words: str) -> bool:
        """Whether the data holds these words as they are, white space and case apart."""
        return compact(words) in self.text

    @cached_property
    def digits(self) -> frozenset[str]:
        """The numbers of the samples in digits, 5만 as 50000: for a sentence in another language."""
        scales = {"천": 1000, "만": 10_000}
        found = re.findall(r"(?<![0-9.,])([0-9][0-9,]*(?:\.[0-9]+)?)\s?([천만]?)", self.text)
        return frozenset(
            f"{float(number.replace(',', '')) * scales.get(scale, 1):.10g}"
            for number, scale in found
        )

    def has_number(self, written: str) -> bool:
        """Whether the data holds a number as it is written, and not as a part of a longer one."""
        before, after = r"(?<![0-9])(?<![0-9][.,])", r"(?![0-9]|[.,][0-9])"
        return bool(re.search(before + re.escape(compact(written)) + after, self.text))

    @cached_property
    def days(self) -> frozenset[date]:
        """The days that can be spoken of: the first and the last one of both weeks, and those of the samples."""
        weeks = self.material.weeks
        ends = {weeks.base.start, weeks.base.end, weeks.comparison.start, weeks.comparison.end}
        return frozenset(ends) | self.sample_days

    @cached_property
    def sample_days(self) -> frozenset[date]:
        return frozenset(s.day for s in self.samples if s.day is not None)

    @cached_property
    def counts_of_days(self) -> tuple[int, ...]:
        """The tickets of each day of the comparison week; empty where not every ticket is a sample with a day."""
        days = [s.day for s in self.samples if s.week_role == "comparison" and s.day is not None]
        if len(days) != self.material.change.comparison_total:
            return ()
        start = self.material.weeks.comparison.start
        return tuple(days.count(start + timedelta(days=n)) for n in range(7))

    @cached_property
    def all_days(self) -> frozenset[date]:
        start, end = self.material.weeks.base.start, self.material.weeks.comparison.end
        return frozenset(start + timedelta(days=n) for n in range((end - start).days + 1))


def _numbers(texts: tuple[tuple[str, str], ...], word: str = "") -> tuple[int, int]:
    """How many texts of the base and of the comparison week hold a word."""
    # With a blank inside it begins where a word does: "지 문의" does not hold 지문.
    spaced = r"\s?".join(map(re.escape, word))
    pattern = re.compile(rf"{re.escape(word)}|(?<!\S){spaced}")
    base, comparison = (
        sum(role == week and bool(pattern.search(text)) for role, text in texts)
        for week in ("base", "comparison")
    )
    return base, comparison


def normalised(text: str) -> str:
    """In one spelling: wide letters and signs as narrow ones, all white space as blanks, small letters."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def compact(text: str) -> str:
    """Normalised, without blanks: 결제 오류 and 결제오류 are the same words."""
    return re.sub(r"\s+", "", normalised(text))


def _counted(
    subject: str, counts: tuple[int, ...], of: tuple[int, ...] | None = None
) -> tuple[Fact, ...]:
    """The facts about something counted in the base and in the comparison week: counts, change, shares."""
    base, comparison = counts
    facts = [
        Fact(subject, "count", "base", base),
        Fact(subject, "count", "comparison", comparison),
        Fact(subject, "count", "change", comparison - base),
    ]
    if base:
        facts.append(Fact(subject, "percent", "change", 100 * (comparison - base) / base))
        facts.append(Fact(subject, "factor", "change", comparison / base))
    if of is None:
        return tuple(facts)
    shares = [
        100 * count / total if total else None for count, total in zip(counts, of, strict=True)
    ]
    weeks: tuple[Role, Role] = ("base", "comparison")
    for role, share in zip(weeks, shares, strict=True):
        if share is not None:
            facts.append(Fact(subject, "percent", role, share))
    if shares[0] is not None and shares[1] is not None:
        facts.append(Fact(subject, "points", "change", shares[1] - shares[0]))
        if shares[0]:
            facts.append(Fact(subject, "factor", "other", shares[1] / shares[0]))
    return tuple(facts)

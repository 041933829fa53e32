"""Thirteen categories with all that may be said about them, read from materials.yml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from flows.report.values import Category, Change, Keyword, Material, Sample, Week, WeekPair

WeekRole = Literal["comparison", "base"]
WEEK_ROLES: tuple[WeekRole, ...] = ("comparison", "base")


@dataclass(frozen=True, eq=False)
class Subject:
    """A material, and what the templates and mutations need to know of it."""

    key: str
    material: Material
    topic: str
    words: tuple[str, ...]
    versions: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]
    invented: tuple[str, ...]
    causes: tuple[str, ...]
    actions: tuple[str, ...]
    facts: tuple[str, ...]
    weeks_before: tuple[int, ...]

    def samples(self, role: WeekRole) -> tuple[Sample, ...]:
        return tuple(s for s in self.material.samples if s.week_role == role)

    def mentions(self, word: str, role: WeekRole = "comparison") -> int:
        """The samples of a week that hold the word."""
        return sum(word in sample.text for sample in self.samples(role))

    def negatives(self, role: WeekRole) -> int:
        """The negative samples of a week."""
        return sum(sample.is_negative for sample in self.samples(role))

    def sample_with(self, quote: str) -> Sample:
        return next(s for s in self.samples("comparison") if quote in s.text)

    @cached_property
    def text(self) -> str:
        """All words of the material, in lower case."""
        material = self.material
        words = [*material.change.category, *(k.keyword for k in material.keywords)]
        return "\n".join([*words, *(s.text for s in material.samples)]).lower()


@cache
def subjects() -> tuple[Subject, ...]:
    return tuple(_subject(entry) for entry in read_yaml("materials.yml"))


def read_yaml(name: str) -> Any:
    """A file of this folder, read by libyaml where there is one: it takes a tenth of the time."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((Path(__file__).parent / name).read_text(encoding="utf-8"), Loader=loader)


def _subject(entry: dict[str, Any]) -> Subject:
    category: Category = tuple(entry["category"])
    return Subject(
        key=entry["key"],
        material=Material(
            change=_change(entry, category),
            weeks=WeekPair(_week(entry["monday"]), _week(entry["monday"] - timedelta(days=7))),
            samples=_samples(entry, category),
            keywords=tuple(
                Keyword(category, keyword, base, comparison)
                for keyword, (base, comparison) in entry["keywords"].items()
            ),
        ),
        topic=entry["topic"],
        words=tuple(entry["words"]),
        versions=tuple(entry["versions"]),
        quotes=tuple((quote, altered) for quote, altered in entry["quotes"]),
        invented=tuple(entry["invented"]),
        causes=tuple(entry["causes"]),
        actions=tuple(entry["actions"]),
        facts=tuple(entry["facts"]),
        weeks_before=tuple(entry["before"]),
    )


def _week(monday: date) -> Week:
    year, number, _ = monday.isocalendar()
    return Week(monday, monday + timedelta(days=6), f"{year}-W{number:02}")


def _change(entry: dict[str, Any], category: Category) -> Change:
    (base, base_negative), (comparison, negative) = entry["base"], entry["comparison"]
    base_ratio = base_negative / base if base else None
    ratio = negative / comparison
    low, high = entry.get("usual", (None, None))
    return Change(
        week_start=entry["monday"],
        category1=category[0],
        category2=category[1],
        category3=category[2],
        status=entry["status"],
        status_reason=entry["reason"],
        base_total=base,
        comparison_total=comparison,
        base_negative=base_negative,
        comparison_negative=negative,
        total_change_pct=100 * (comparison - base) / base if base else None,
        base_negative_ratio=base_ratio,
        comparison_negative_ratio=ratio,
        negative_ratio_change_pp=None if base_ratio is None else 100 * (ratio - base_ratio),
        is_new=base == 0,
        total_last_8_weeks=(*entry["before"], base, comparison),
        usual_low=low,
        usual_high=high,
    )


def _samples(entry: dict[str, Any], category: Category) -> tuple[Sample, ...]:
    number = entry.get("first_id", 1)
    samples = []
    for role, key in zip(WEEK_ROLES, ("tickets", "tickets_before"), strict=True):
        for line in entry[key].splitlines():
            mark, text = line.split(" ", 1)
            ticket_id = entry["ids"].format(number)
            title = re.split(r"[.?!]", text)[0]
            samples.append(Sample(category, role, ticket_id, mark == "-", title, text))
            # Neighbours differ by more than one, so that a changed digit is no other ticket.
            number += 3
    return tuple(samples)

"""What the made-up tickets say: the types of `scenario.toml`, and its reader.

The texts are data, so they are in a file that can be edited by a person who knows Korean but not Python.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

CategoryPath = tuple[str | None, str | None, str | None]
"""category1, category2 and category3; None is a level that was not filled in."""

FILLED_IN = (
    "company",
    "position",
    "browser",
    "device",
    "day",
    "number",
    "amount",
    "file",
    "version",
    "digits",
)
"""The names in braces that a text may hold, in the order in which `number_slots` numbers them."""


@dataclass(frozen=True)
class Case:
    """One thing that a customer writes about. The title and the detail have numbered slots."""

    title: str
    detail: str
    main_topic: str
    keywords: str
    is_english: bool = False


@dataclass(frozen=True)
class Category:
    """One leaf category: its relative `weight`, its usual share of 부정 in percent, its cases.

    The last case is the English one. In a `technical` category something is broken, so its texts
    mention devices and retries.
    """

    path: CategoryPath
    weight: int
    negative: int
    cases: tuple[Case, ...]
    technical: bool


@dataclass(frozen=True)
class Event:
    """What happens to one category from `first_week` to `last_week`.

    Weeks are counted from the last complete one (0), backwards in negative numbers. `volume` is
    a multiple of the usual number of tickets. Without `negative` (percent) or `cases` these stay
    as usual.
    """

    path: CategoryPath
    first_week: int
    last_week: int
    volume: float
    negative: int | None
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Scenario:
    """Everything a sample is made of. `words` and `phrases` are lists to draw from."""

    categories: tuple[Category, ...]
    events: tuple[Event, ...]
    words: Mapping[str, Sequence[str]]
    phrases: Mapping[str, Sequence[str]]

    @property
    def owners_of_cases(self) -> tuple[Category | Event, ...]:
        """The categories, then the events: the order in which cases are counted."""
        return (*self.categories, *self.events)

    @property
    def cases(self) -> list[Case]:
        """All cases in that order."""
        return [case for owner in self.owners_of_cases for case in owner.cases]


def load_scenario() -> Scenario:
    """Read the scenario that comes with the package."""
    text = files(__package__).joinpath("scenario.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Scenario(
        categories=tuple(_category(entry) for entry in data["category"]),
        events=tuple(_event(entry) for entry in data["event"]),
        words=data["words"],
        phrases={
            name: [number_slots(phrase) for phrase in phrases]
            for name, phrases in data["phrases"].items()
        },
    )


def number_slots(text: str) -> str:
    """Turn `{company}` into `{0}` and so on, which is how SQL's format() names its arguments."""
    return text.format(**{name: f"{{{number}}}" for number, name in enumerate(FILLED_IN)})


def _category(entry: dict[str, Any]) -> Category:
    return Category(
        path=_path(entry["path"]),
        weight=entry["weight"],
        negative=entry["negative"],
        cases=(
            *(_case(case) for case in entry["cases"]),
            _case(entry["english"], is_english=True),
        ),
        technical=entry.get("technical", False),
    )


def _event(entry: dict[str, Any]) -> Event:
    first_week, last_week = entry["weeks"]
    return Event(
        path=_path(entry["path"]),
        first_week=first_week,
        last_week=last_week,
        volume=entry["volume"],
        negative=entry.get("negative"),
        cases=tuple(_case(case) for case in entry.get("cases", [])),
    )


def _path(levels: list[str]) -> CategoryPath:
    category1, category2, category3 = (level or None for level in levels)
    return category1, category2, category3


def _case(texts: list[str], *, is_english: bool = False) -> Case:
    title, detail, main_topic, keywords = texts
    return Case(number_slots(title), number_slots(detail), main_topic, keywords, is_english)

"""The levels above the categories, each opened into what is right below it: sums of the categories. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.report.values import Category, Change
from flows.report.writing import category_name


@dataclass(frozen=True)
class Level:
    """A level and its tickets; the changes of its children add up to its own.

    `number` is that of the category's row, None for a level above; children come with the largest change first.
    """

    name: str
    base: int
    comparison: int
    children: tuple[Level, ...] = ()
    number: int | None = None

    @property
    def change(self) -> int:
        """In tickets, from the base week to the comparison week."""
        return self.comparison - self.base


def levels_of(changes: Sequence[Change], numbers: Mapping[Category, int]) -> tuple[Level, ...]:
    """The top levels of these categories; `numbers` are those of their rows."""
    return _below((), changes, numbers)


def _below(
    above: Category, changes: Sequence[Change], numbers: Mapping[Category, int]
) -> tuple[Level, ...]:
    depth = len(above)
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.category[depth], []).append(change)
    found = (
        Level(
            category_name((name,)),
            sum(change.base_total for change in below),
            sum(change.comparison_total for change in below),
            _below((*above, name), below, numbers) if depth < 2 else (),
            numbers.get((*above, name)) if depth == 2 else None,
        )
        for name, below in by_name.items()
    )
    return tuple(sorted(found, key=lambda level: (-abs(level.change), level.name)))

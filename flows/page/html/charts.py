"""The places and sizes of a trend's bars, in the units of an SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.report.values import Count, Week

HEIGHT = 100
SLOT = 10
SMALLEST_BAR = 2
"""So that a week with one ticket differs from a week without any."""


@dataclass(frozen=True)
class Bar:
    """A week's tickets, with the negative ones drawn from the bottom up, and the band of what is usual."""

    week: Week
    count: Count
    left: int
    height: int
    negative_height: int
    usual: tuple[int, int] | None

    @property
    def middle(self) -> int:
        """Where the bar stands: in the middle of its slot."""
        return self.left + SLOT // 2


@dataclass(frozen=True)
class Chart:
    """The bars of a trend, oldest first; the tallest is as high as the drawing."""

    bars: tuple[Bar, ...]
    top: int

    @property
    def width(self) -> int:
        return SLOT * len(self.bars)

    @property
    def has_usual(self) -> bool:
        return any(bar.usual for bar in self.bars)


def trend(weeks: Sequence[Week], counts: Sequence[Count]) -> Chart:
    """The chart of one count a week."""
    top = max((count.total for count in counts), default=0)
    return Chart(
        tuple(
            Bar(
                week,
                count,
                left=SLOT * index,
                height=_height(count.total, top),
                negative_height=_height(count.negative, top),
                usual=_band(count, top),
            )
            for index, (week, count) in enumerate(zip(weeks, counts, strict=True))
        ),
        top,
    )


def _height(tickets: int, top: int) -> int:
    return max(round(HEIGHT * tickets / top), SMALLEST_BAR) if tickets else 0


def _band(count: Count, top: int) -> tuple[int, int] | None:
    """Where what is usual begins and ends; what is above the drawing is cut off."""
    if count.usual is None or not top:
        return None
    low, high = (min(round(HEIGHT * tickets / top), HEIGHT) for tickets in count.usual)
    return low, high

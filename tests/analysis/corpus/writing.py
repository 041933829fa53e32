"""How facts are written in Korean: numerals, particles, and templates with places that can be turned."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from string import Formatter


class Unfit(Exception):
    """The fact cannot be written that way: the template is not for this material."""


_DIGITS = "영일이삼사오육칠팔구"
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
WEEKDAYS = "월화수목금토일"


def sino(number: int) -> str:
    """1234 as 천이백삼십사, 15720 as 만 오천칠백이십."""
    if number == 0:
        return _DIGITS[0]
    upper, lower = divmod(number, 10_000)
    parts = []
    if upper:
        parts.append(("" if upper == 1 else _below_ten_thousand(upper)) + "만")
    if lower:
        parts.append(_below_ten_thousand(lower))
    return " ".join(parts)


def _below_ten_thousand(number: int) -> str:
    digits = f"{number:04d}"
    written = ""
    for digit, unit in zip(digits, ("천", "백", "십", ""), strict=True):
        if digit != "0":
            written += ("" if digit == "1" and unit else _DIGITS[int(digit)]) + unit
    return written


def native(number: int) -> str:
    """42 as 마흔두, as it stands before a counter; from 1 to 99."""
    if not 0 < number < 100:
        raise Unfit
    if number == 20:
        return "스무"
    tens, ones = divmod(number, 10)
    return _NATIVE_TENS[tens] + _NATIVE_ONES[ones]


@dataclass(frozen=True)
class Figure:
    """A number of the material. Its kind is count, percent, points, times or week.

    Specs: none – as usual; `d` – without thousands marks; `ko`, `nat` – Sino-Korean and native numerals; `0` – whole,
    `r0` – rounded to a whole; `g` – without .0; `x` – exact to one decimal; `r` – rounded to it; `tens`, `over` – the
    round number it is above; `about` – the round number it is about; `near`, `nearly` – the whole or round number that
    it nearly is; `man`, `thousands` – with 만 and 천.
    """

    kind: str
    value: float

    def __format__(self, spec: str) -> str:
        value = self.value
        if self.kind == "count":
            return _count(round(value), spec)
        if self.kind == "week":
            return format(round(value), spec)
        if self.kind == "times":
            return _times(value, spec)
        return _percent(value, spec)


def _count(value: int, spec: str) -> str:
    match spec:
        case "" | ",":
            return f"{value:,}"
        case "d":
            return str(value)
        case "ko":
            if value < 10:
                raise Unfit  # 구 건 is no Korean
            return sino(value)
        case "nat":
            return native(value)
        case "tens":
            step = 10 if value < 200 else 100
            if value < 20 or value % step == 0:
                raise Unfit
            return f"{value // step * step:,}"
        case "nearly":
            step = 10 if value < 200 else 100
            above = -(-value // step) * step
            if not 0 < above - value <= 0.04 * value:
                raise Unfit
            return f"{above:,}"
        case "man" if value >= 10_000:
            return f"{value // 10_000}만 {value % 10_000:,}"
        case "thousands" if value >= 1_000 and value % 1_000:
            upper, lower = divmod(value // 1_000, 10)
            return " ".join([f"{upper}만"] * bool(upper) + [f"{lower}천"] * bool(lower))
        case "man" | "thousands":
            raise Unfit
    raise ValueError(spec)


def _times(value: float, spec: str) -> str:
    whole = abs(value - round(value)) < 1e-9
    match spec:
        case "ko" if whole and value >= 2:
            return native(round(value))
        case "d" if whole and value >= 2:
            return str(round(value))
        case "x" if abs(10 * value - round(10 * value)) < 1e-9 and not whole:
            return f"{value:.1f}"
        case "r" if abs(10 * value - round(10 * value)) > 1e-9:
            return f"{value:.1f}"
        case "over" if not whole and value > 2 and value % 1 < 0.9:
            return native(math.floor(value))
        case "near" if not whole and value % 1 >= 0.75:
            return native(math.ceil(value))
    raise Unfit


def _percent(value: float, spec: str) -> str:
    match spec:
        case "" | "1":
            if abs(10 * value % 1 - 0.5) < 1e-6:
                raise Unfit  # 31.25: some round it up, others to the even digit
            return f"{value:,.1f}"
        case "g":
            return f"{value:,.1f}".removesuffix(".0")
        case "0":
            if abs(value % 1 - 0.5) < 0.06 or value < 1:
                raise Unfit
            return f"{value:,.0f}"
        case "r0" if abs(value - round(value)) > 0.05:
            return _percent(value, "0")
        case "r0":
            raise Unfit
        case "ko":
            if abs(value - round(value)) > 1e-9:
                raise Unfit
            return sino(round(value))
        case "about":
            near = 10 * round(value / 10) if value > 50 else 5 * round(value / 5)
            if near == 0 or not 0.05 < abs(value - near) <= 0.05 * near:
                raise Unfit
            return str(near)
        case "over":
            step = 10 if value >= 20 else 5
            below = math.floor(value / step) * step
            if below == 0 or value - below < 0.05 or value - below > 0.35 * value:
                raise Unfit
            return str(below)
    raise ValueError(spec)


@dataclass(frozen=True)
class Day:
    """A date; `weekday` is another than its own in a mutation."""

    date: date
    weekday: int | None = None

    def __format__(self, spec: str) -> str:
        day = self.date
        weekday = WEEKDAYS[day.weekday() if self.weekday is None else self.weekday]
        month_and_day = f"{day.month}월 {day.day}일"
        written = {
            "md": month_and_day,
            "mdw": f"{month_and_day}({weekday})",
            # The end of a week that began in the same month.
            "dm": f"{day.day}일" if day.day > 6 else month_and_day,
            "iso": day.isoformat(),
            "slash": f"{day.month}/{day.day}",
            "full": f"{day.year}년 {month_and_day}",
            "w": f"{weekday}요일",
            "w1": weekday,
        }
        return written[spec]


_PARTICLES = (
    ("은", "는"),
    ("이", "가"),
    ("을", "를"),
    ("과", "와"),
    ("으로", "로"),
    ("이라는", "라는"),
    ("이라고", "라고"),
)
BEHIND_A_QUOTE = ("이라는", "이라고")
# How what ends in Latin letters or digits is read, where that ends in a consonant.
_ENDS_IN_A_CONSONANT = re.compile(r"(?i)(webhook|timeout|ing|dog|oracle|[0136-8lmnr])$")

_ENDS_IN_RIEUL = re.compile(
    "(?i)([178l]|oracle|[" + "".join(chr(c) for c in range(ord("갈"), ord("힣"), 28)) + "])$"
)


def ends_in_consonant(word: str) -> bool:
    last = word[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28 > 0
    return bool(_ENDS_IN_A_CONSONANT.search(word))


class Word(str):
    """A word; the spec is a particle in either form, which is written in the one that fits.

    이라는 and 이라고 stand behind a closing quotation mark: only the particle is written then.
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        pair = next(pair for pair in _PARTICLES if spec in pair)
        particle = pair[0] if ends_in_consonant(self) else pair[1]
        if pair[0] == "으로" and _ENDS_IN_RIEUL.search(self):
            particle = "로"
        return particle if spec in BEHIND_A_QUOTE else str(self) + particle


@dataclass(frozen=True)
class Misspelt:
    """A figure that a mutation writes otherwise where it stands with this spec."""

    figure: Figure
    spec: str
    text: str

    def __format__(self, spec: str) -> str:
        return self.text if spec == self.spec else format(self.figure, spec)


Fact = Figure | Day | Word | Misspelt

_PLACE = re.compile(r"\[([dfs]):([^~\]]*)~([^\]]*)\]")


@dataclass(frozen=True)
class Template:
    """A sentence with facts and with places that can be turned (templates.yml)."""

    section: str
    needs: tuple[str, ...]
    text: str

    def write(self, facts: Mapping[str, Fact], turned: str = "") -> str:
        """The sentence about these facts; `turned` is the letter of the places to turn. Raises Unfit."""
        text = _PLACE.sub(lambda place: place[3 if place[1] == turned else 2], self.text)
        try:
            return text.format_map(facts)
        except KeyError as missing:
            raise Unfit from missing

    def can_turn(self, letter: str) -> bool:
        return f"[{letter}:" in self.text

    @cached_property
    def slots(self) -> tuple[tuple[str, str], ...]:
        """The names of its facts with their specs."""
        text = _PLACE.sub(r"\2", self.text)
        parsed = Formatter().parse(text)
        return tuple({(name, spec or ""): None for _, name, spec, _ in parsed if name})

"""Numbers as people write them in Korean: 1,234건, 열두 건, 천이백삼십사 건, 3.1%p, 두 배, 약 30 %, 20건대. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Bound = Literal[
    "exact", "about", "over", "under", "slightly_over", "slightly_under", "decade", "middle"
]

_NATIVE_TENS = {
    **{"열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40},
    **{"쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90},
}
_NATIVE_ONES = {
    **{"하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4},
    **{"다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9},
}
_DIGITS = {c: n for n, c in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "륙": 6}
_TENS = {"십": 10, "백": 100, "천": 1000}

# 건 and its like count tickets; everything else is a length of time, an amount or a name.
COUNTERS = r"건|명|개(?!월)|티켓|tickets?\b|케이스"
_UNITS = (
    rf"%\s?p(?![A-Za-z])|%\s?포인트|퍼센트\s?포인트|%\s?point|percentage\s?points?"
    rf"|pp\b|points?\b|%|퍼센트|percent\b|프로(?![가-힣])|배|times(?=,\sfrom|\s(?:as|more"
    rf"|higher|larger|the|that|last|from))|-?fold\b|{COUNTERS}"
)
NATIVE = rf"(?:(?:{'|'.join(_NATIVE_TENS)})?(?:{'|'.join(_NATIVE_ONES)})|{'|'.join(_NATIVE_TENS)})"
_MIXED = f"(?:[일이삼사오육칠팔구]?[백천만]){{1,3}}{NATIVE}"
SINO = (
    f"{_MIXED}|(?:[일이삼사오육칠팔구십백천]{{0,6}}만\\s)?[영공일이삼사오육륙칠팔구십백천만]{{2,12}}"
    "|[십백천만]"
)
"""A number in Sino-Korean words; its last two places may be native: 이백스물네."""
_NUMBER = re.compile(
    r"(?P<sign>[+−±▲▼-]\s?)?"
    rf"(?:(?:(?P<myriads>[0-9]+)만\s)?(?<![\w.,])"
    rf"(?P<digits>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?"
    rf"|[0-9]+(?:\.[0-9]+)?)\s?(?P<scale>만|천|백)?(?:(?<=천)\s?(?P<hundreds>[1-9])백)?"
    rf"(?P<odd>여|몇)?\s?(?P<unit>{_UNITS})?"
    rf"|(?<![가-힣A-Za-z])(?P<words>{NATIVE}|{SINO})(?P<odd_words>여|몇)?\s?(?P<words_unit>{_UNITS}))"
)
_APPROXIMATE_BEFORE = re.compile(
    r"(?:약|대략|거의|얼추|어림잡아|about|around|roughly|nearly|almost|some|close to)\s?$",
    re.I,
)
_OVER_BEFORE = re.compile(r"\b(?:more than|over|exceeded|exceeds|above|at least)\s$", re.I)
_A_LITTLE = r"(?:조금|살짝|약간|갓|막)\s"
_APPROXIMATE_AFTER = re.compile(
    rf"\s?(?:\([^)]*\)\s?)?(?:(?P<slightly_over>(?:을|를|이|가)?\s?{_A_LITTLE}(?:넘|웃돌|상회))"
    rf"|(?P<slightly_under>에는?\s?{_A_LITTLE}(?:못\s?미|미치지|모자))"
    r"|(?P<about>정도|가량|쯤|내외|안팎|수준|선(?=[에을으]))"
    r"|(?P<middle>대\s(?:중반|초반|후반))|(?P<decade>대(?![비략])|여(?=[\s,.]))"
    r"|(?P<over>이상|남짓|초과|(?:을|를|이|가)?\s?(?:크게\s|훌쩍\s)?(?:넘|웃돌|상회)|or more|tickets or more)"
    r"|(?P<under>이하|미만|\s아래(?!로)|[을를]\s(?:크게\s|한참\s)?(?:밑[도돌돕돈]|하회)|가까이"
    r"|가까운|에?[는도]?\s?(?:육박|근접|못\s?미)|에\s?가까|or less))"
)


@dataclass(frozen=True)
class Numeral:
    """A number in a sentence.

    Args:
        unit: as written, "" for a bare number.
        decimals: the digits written after the point: what the value was rounded to.
        bound: whether it is the value itself, about it, a lower or an upper bound, or "20건대".
        start, end: where it stands.
        part: which part of "20건대": 초반, 중반 or 후반.
    """

    value: float
    unit: str
    decimals: int
    bound: Bound
    sign: int
    start: int
    end: int
    part: str = ""

    def fits(self, fact: float) -> bool:
        """Whether this is that number, as it was written."""
        size, value = abs(fact), self.value
        grain = _grain(value) if self.decimals == 0 else 10.0**-self.decimals
        if self.bound == "decade":
            return value <= size < value + grain
        if self.bound == "middle":
            third = {"초": (0, 0.4), "중": (0.3, 0.7), "후": (0.6, 1)}[self.part[0]]
            return value + third[0] * grain <= size < value + third[1] * grain
        if self.bound == "slightly_over":
            return value < size <= 1.12 * value
        if self.bound == "slightly_under":
            return 0.88 * value <= size < value
        if self.bound == "over":
            return value <= size <= value + max(grain, 0.15 * value)
        if self.bound == "under":
            slack = 0.15 * value if self.unit == "배" else min(grain, 0.08 * value)
            return value - slack <= size <= value
        half = 0.5 * 10.0**-self.decimals
        if self.unit == "배" and not self.decimals:
            half = 0.07 * value  # 두 배 is not 2.4
        if self.bound == "about":
            return abs(value - size) <= max(half, min(grain / 2, 0.08 * size), 0.03 * size) + 1e-9
        return abs(value - size) <= half + 1e-9 if not _is_whole(fact) else value == size


def numerals(sentence: str) -> Iterator[Numeral]:
    """The numbers of a sentence, in order."""
    for match in _NUMBER.finditer(sentence):
        digits, words = match["digits"], match["words"]
        unit = (match["unit"] if digits else match["words_unit"]) or ""
        value = float(digits.replace(",", "")) if digits else float(in_words(words))
        if match["scale"]:
            value *= {"백": 100, "천": 1000, "만": 10_000}[match["scale"]]
        if match["hundreds"]:
            value += 100 * int(match["hundreds"])
        if match["myriads"]:
            value += 10_000 * int(match["myriads"])
        after = _APPROXIMATE_AFTER.match(sentence, match.end())
        bound: Bound = "exact"
        part = ""
        if match["odd"] or match["odd_words"]:
            bound = "decade"
        elif after:
            bound = str(after.lastgroup)  # type: ignore[assignment]
            part = after[0][-2:] if bound == "middle" else ""
        elif _OVER_BEFORE.search(sentence[: match.start()]):
            bound = "over"
        elif _APPROXIMATE_BEFORE.search(sentence[: match.start()]):
            bound = "about"
        sign = (match["sign"] or "").strip()
        yield Numeral(
            value,
            re.sub(r"\s", "", unit),
            len(digits.partition(".")[2]) if digits else 0,
            bound,
            {"+": 1, "▲": 1, "-": -1, "−": -1, "▼": -1}.get(sign, 0),
            match.start("myriads" if match["myriads"] else "digits" if digits else "words"),
            match.end(),
            part,
        )


def in_words(words: str) -> int:
    for tens, value in (("", 0), *_NATIVE_TENS.items()):
        if words.startswith(tens):
            rest = words[len(tens) :]
            if rest in _NATIVE_ONES or (not rest and tens):
                return value + _NATIVE_ONES.get(rest, 0)
    if mixed := re.fullmatch(
        rf"(?P<large>[일이삼사오육칠팔구백천만]*[백천만])(?P<small>{NATIVE})", words
    ):
        return in_words(mixed["large"]) + in_words(mixed["small"])
    whole = part = digit = 0
    for letter in words:
        if letter in _DIGITS:
            digit = 10 * digit + _DIGITS[letter]
        elif letter == " ":
            continue
        elif letter == "만":
            whole, part, digit = whole + max(part + digit, 1) * 10_000, 0, 0
        else:
            part, digit = part + max(digit, 1) * _TENS[letter], 0
    return whole + part + digit


def _grain(value: float) -> float:
    """What a round number was rounded to: 10 for 60, 100 for 1,200, 1 for 64."""
    if value % 5 == 0 and value % 10:
        return 5.0
    grain = 1.0
    while value and value % (10 * grain) == 0:
        grain *= 10
    return grain


def _is_whole(value: float) -> bool:
    return float(value).is_integer()

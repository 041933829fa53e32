"""Which week, or the change between the two, a number in a sentence is said to be of. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.analysis.claims.facts import Fact, Unit
from flows.analysis.claims.numerals import Numeral
from flows.analysis.claims.wording import BASE_WORD, COMPARISON_WORD, DOWN, UP, week_at

CHANGED = re.compile(
    rf"\s?(?:\([^)]*\)\s?)?(?:,\s비율로는\s)?(?:씩|만큼|가량|정도|나|이나|가|이"
    rf"|이상|넘게|가까이|쯤)?\s?(?:더\s?)?(?:(?P<up>{UP}|많(?:다|습|았|은|음))"
    rf"|(?P<down>{DOWN}|적(?:다|습|었|은|음)))"
)
_BECAME = re.compile(
    r"\s?(?:\([^)]*\)\s?)?(?:으로|로(?!는)|까지|을 기록|를 기록|에 (?:이르|달)|[이가]\s(?:되|됐|된)|\s?to\b)"
)
_IS_NOW = re.compile(r"\s?[이가]\s(?:되|됐|된)")
_WAS = re.compile(
    r"\s?(?:\([^)]*\)\s?)?(?:에서|이던|이었던|였던|이었으나|이었는데|였으나|였는데"
    r"|에 그쳤|에 불과했|이었으니|->|→|⇒|~>|이\s(?=[0-9]))"
)
_ARROW = re.compile(r"(?:->|→|⇒|~>)\s?$")
_RANGE = re.compile(
    r"(?:평소|통상|일반적)[^0-9]{0,20}(?:[0-9,]+\s?건?\s?(?:에서|~|–|-)\s?)?$"
    r"|usual[^0-9]{0,20}(?:[0-9,]+ ?(?:to|and|-|–) ?)?$"
)
_CHANGES = (
    "by|up|down|rose|fell|grew|climbed|jumped|dropped|declined|increased|decreased"
    "|increase|rise|growth|drop|decrease|decline|jump"
)
_THAN = re.compile(
    r"\s?(?:tickets\s)?(?:(?P<up>more|higher|above)|less|fewer|lower|below)\b(?!\sthan\s[0-9])",
    re.I,
)
_BEYOND = re.compile(r"\s?(?:초과|웃도|웃돌|상회|밑도|밑돌|하회|넘어)")


def roles_of(
    text: str, numbers: Sequence[Numeral], index: int, unit: Unit | None
) -> set[str] | None:
    """The week, or the change, that a number is said to be of; None where nothing says it."""
    number = numbers[index]
    before, after = text[: number.start], text[number.end :]
    if unit == "factor":
        return None
    if unit == "points" or (number.sign and unit in ("percent", "count")):
        return {"change"}
    adjacent = re.search(
        rf"(?:(?P<base>{BASE_WORD})|(?P<comparison>{COMPARISON_WORD}))(?:에는|에|의"
        rf"|는|엔|가|,)?\s?(?:문의(?:는|가)?\s?|총\s?)?$",
        before,
        re.I,
    )
    if adjacent:
        return {"base" if adjacent["base"] else "comparison"}
    if re.search(
        r"(?:폭|증가분|감소분|증가율|감소율|상승률|증감률)(?:은|는|이|도)?\s?(?:약\s|\()?$", before
    ):
        return {"change"}  # 늘어난 폭은 25건으로
    if re.search(r"[을를]\s(?:약\s)?$", before) and _BEYOND.match(after):
        return {"change"}  # 상한을 46건 웃돌다
    if _RANGE.search(before) or re.match(r"\s?(?:에서|~|–|-)\s?[0-9,]+건\s사이|\s?사이", after):
        return {"other"}
    if english := _english_role(before, after):
        return {english}
    following = numbers[index + 1] if index + 1 < len(numbers) else None
    if _WAS.match(after) and (
        re.match(r"\s?(?:\([^)]*\)\s?)?(?:이던|이었던|였던)", after)
        or (following and _is_same_kind(number, following))
    ):
        return {"base"}
    if (
        index
        and _WAS.match(text, numbers[index - 1].end)
        and _is_same_kind(numbers[index - 1], number)
    ):
        return {"comparison"}
    if _ARROW.search(before):
        return {"comparison"}
    if CHANGED.match(after):
        return {"change"}
    week = None if index and _IS_NOW.match(after) else week_at(text, number.start)
    if _BECAME.match(after):
        return {week or "comparison", *(["change"] if "폭" in before else [])}
    return {week} if week else None


def _english_role(before: str, after: str) -> str | None:
    """from 96 to 158; an increase of 62; 62 more than; it is now 158."""
    if re.search(r"\bfrom\s$", before, re.I) or re.match(
        r"\s?(?:tickets\s)?(?:in\s|for\s|from\s)?(?:the\s)?(?:last|base|previous|prior)\sweek",
        after,
        re.I,
    ):
        return "base"
    if re.match(r"\s?of\s(?:them|these)\s(?:is|are)\b", after):
        return "comparison"
    if re.search(r"\b(?:to|reached|hit|now|now at)\s$", before, re.I):
        return "comparison"
    if re.search(rf"\b(?:{_CHANGES})\s(?:by\s|of\s)?(?:about\s|roughly\s)?$", before, re.I):
        return "change"
    return (
        "change"
        if re.match(r"\s?(?:tickets\s)?(?:more|fewer|less|higher|lower)\b", after)
        else None
    )


def unit_of(unit: str) -> Unit | None:
    if not unit:
        return None
    if re.fullmatch(r"%p|%포인트|퍼센트포인트|%point|percentagepoints?|points?|pp", unit, re.I):
        return "points"
    if unit in ("%", "퍼센트", "프로") or unit.lower() == "percent":
        return "percent"
    return "factor" if unit == "배" or unit.lower() in ("times", "fold", "-fold") else "count"


def _is_same_kind(number: Numeral, other: Numeral) -> bool:
    return not number.unit or not other.unit or unit_of(number.unit) == unit_of(other.unit)


def sign_fits(number: Numeral, fact: Fact, text: str) -> bool:
    if fact.role not in ("change", "beyond") or fact.unit == "factor":
        return not number.sign
    if number.sign:
        return number.sign * fact.value >= 0
    if english := _THAN.match(text, number.end):
        return fact.value >= 0 if english["up"] else fact.value <= 0
    changed = CHANGED.match(text, number.end)
    if changed is None:
        return True
    return fact.value >= 0 if changed["up"] else fact.value <= 0

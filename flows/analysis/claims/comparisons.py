"""Numbers that compare: by how many tickets, or how many times, one thing is more than another. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import mean

from flows.analysis.claims.facts import TOTAL, Facts, Unit, compact
from flows.analysis.claims.numerals import Numeral, numerals
from flows.analysis.claims.sentence import Sentence
from flows.analysis.claims.weeks import WINDOW, totals_of
from flows.analysis.claims.wording import BASE_WORD, subjects_in

_REFERENCE = re.compile(
    r"(?P<high>상한|상단|최대치|upper (?:bound|end|limit)|usual maximum|top of the)"
    r"|(?P<low>하한|하단|최소치|lower (?:bound|end|limit)|usual minimum)|(?P<mean>평균)"
)
_THAN = re.compile(
    r"(?:\([^)]*\)\s?)?(?:선|치)?(?:인\s(?:약\s)?[0-9][0-9,.]*건|\s(?:약\s)?[0-9][0-9,.]*건)?(?:\([^)]*\))?"
    r"(?P<than>보다|[을를에의]|\s?대비|[에]?\s?비해|[과와]\s비교(?:해도?|하면))\s?"
    r"(?:약\s|무려\s|거의\s|대략\s)?$"
)
_IN_ENGLISH = re.compile(
    r"\s?(?:tickets\s)?(?:(?P<above>above|over|beyond)|below|under|short of)\sthe\s(?:usual\s)?"
    r"(?:(?P<high>top|upper|maximum|ceiling)|lower|bottom|minimum|floor)\b",
    re.I,
)
_BY = re.compile(
    r"\s?(?:이나\s|가량\s|정도\s)?(?:더\s)?(?:(?P<up>초과|웃[도돌돕돈]|상회|넘|높|많|크|큰)"
    r"|(?P<down>밑[도돌돕돈]|하회|못\s?미|미달|낮|적|작|모자))"
)


def is_carried_as_comparison(
    number: Numeral, unit: Unit | None, text: str, sentence: Sentence, facts: Facts
) -> bool | None:
    """Whether a difference or a factor is that between the week and a bound, an average or a number before it,
    or between two keywords; None where it compares none of these."""
    if (named := _is_named_bound(number, unit, text, facts)) is not None:
        return named
    if (of_base := _is_of_base(number, unit, text, facts)) is not None:
        return of_base
    if unit not in ("count", "factor", None):
        return None
    if english := _IN_ENGLISH.match(text, number.end):
        usual = facts.material.change.usual
        limit = usual and (usual[1] if english["high"] else usual[0])
        beyond = facts.material.change.comparison_total - (limit or 0)
        is_above = bool(english["above"])
        return limit is None or ((beyond > 0) == is_above and number.value == abs(beyond))
    if unit is None:
        return None
    by = _BY.match(text, number.end)
    if unit == "count" and not by:
        return None
    whole = sentence.whole[: number.start]
    if unit == "count" and number.bound in ("over", "under"):
        number = replace(number, bound="exact")  # 초과 says what it is measured against
    between = _keywords_compared(whole, facts)
    found = _reference(whole, facts)
    if between is None and found is None:
        return None
    total = float(facts.material.change.comparison_total)
    size, reference = between or (total, found or 0.0)
    if unit == "factor":
        return bool(reference) and number.fits(size / reference)
    is_up = bool(by and by["up"])
    return size != reference and (size > reference) == is_up and number.fits(size - reference)


def _is_named_bound(number: Numeral, unit: Unit | None, text: str, facts: Facts) -> bool | None:
    """통상 범위 상한인 176건: the bound itself."""
    change = facts.material.change
    named = re.search(
        r"(?:평소|통상|범위)[^0-9,.]{0,8}(?:(?P<high>상한|상단)|하한|하단)(?:선|치)?(?:인|은|\(|(?=\s))\s?(?:약\s)?$",
        text[: number.start],
    )
    if unit != "count" or not named or change.usual is None:
        return None
    return number.value == change.usual[1 if named["high"] else 0]


def _is_of_base(number: Numeral, unit: Unit | None, text: str, facts: Facts) -> bool | None:
    """전주의 56% 수준: how much of the week before it is."""
    before = text[: number.start]
    of = re.search(
        rf"(?:{BASE_WORD})(?:\s?(?:건수|접수량?|문의|수준))?의\s(?:약\s|거의\s)?$", before
    )
    after = re.match(r"\s?(?:수준|정도(?!보다)|에\s?(?:그[쳤치]|불과|해당)|로)", text[number.end :])
    if unit != "percent" or not of or not after or re.search("비율|비중", before):
        return None
    subject = [s for s in subjects_in(before[: of.start()]) if s != TOTAL][-1:] or [TOTAL]
    return any(
        number.fits(100 * fact.value)
        for fact in facts.numbers
        if (fact.unit, fact.role) == ("factor", "change") and fact.subject == subject[0]
    )


def _reference(before: str, facts: Facts) -> float | None:
    """What a number is measured against: the last bound, average or number before it."""
    change = facts.material.change
    for match in reversed(list(_REFERENCE.finditer(before))):
        than = _THAN.match(before, match.end())
        if not than:
            continue
        if match["high"]:
            return change.usual_high
        if match["low"]:
            return change.usual_low
        windows = list(WINDOW.finditer(before, 0, match.start()))
        totals = totals_of(windows[-1], facts) if windows else ()
        return mean(totals) if totals else None
    earlier = list(numerals(before))
    if earlier and earlier[-1].unit == "건":
        gap = before[earlier[-1].end :]
        if re.fullmatch(
            r"(?:\([^)]*\))?(?:보다|[을를에]|\s대비|[과와]\s비교(?:해도?|하면))\s(?:무려\s|약\s)?",
            gap,
        ):
            return earlier[-1].value
    return None


def _keywords_compared(before: str, facts: Facts) -> tuple[float, float] | None:
    """The counts of the two keywords of "'노출'은 '마감'보다" and "'노출'은 '마감'의"."""
    than = re.search(r"['\"’”]?(?:\s?언급)?(?:보다|의)\s(?:약\s|무려\s|거의\s)?$", before)
    if not than:
        return None
    said = compact(before[: than.start()])
    found = sorted(
        (
            (said.rindex(label), keyword)
            for keyword in facts.named
            if (label := compact(keyword.label)) in said
        ),
        key=lambda pair: pair[0],
    )
    if len(found) != 2:
        return None
    (_, first), (place, second) = found
    if place + len(compact(second.label)) != len(said):
        return None
    return first.comparison_count, second.comparison_count

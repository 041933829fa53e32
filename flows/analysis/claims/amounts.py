"""Numbers in a sentence: what each is said to count, of which week, and whether the data has that number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Fact, Facts, Unit, compact
from flows.analysis.claims.numerals import Numeral, numerals
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import (
    BASE_WORD,
    COMPARISON_WORD,
    DOWN,
    SUBJECT,
    UP,
    counts_samples,
    facts_named,
    keywords_in,
    subjects_in,
    week_at,
)

_CHANGED = re.compile(
    rf"\s?(?:\([^)]*\)\s?)?(?:,\s비율로는\s)?(?:씩|만큼|가량|정도|나|이나|가|이|이상|넘게|가까이|쯤)?\s?(?:더\s?)?(?:(?P<up>{UP}|많(?:다|습|았|은|음))|(?P<down>{DOWN}|적(?:다|습|었|은|음)))"
)
_BECAME = re.compile(
    r"\s?(?:\([^)]*\)\s?)?(?:으로|로(?!는)|까지|을 기록|를 기록|에 (?:이르|달)|[이가]\s(?:되|됐|된)|\s?to\b)"
)
_WAS = re.compile(
    r"\s?(?:\([^)]*\)\s?)?(?:에서|이던|이었던|였던|이었으나|이었는데|였으나|였는데|에 그쳤|에 불과했|이었으니|->|→|⇒|~>|이\s(?=[0-9]))"
)
_ARROW = re.compile(r"(?:->|→|⇒|~>)\s?$")
_OF = re.compile(
    r"\s?(?:중|가운데)(?:에서|엔|에는|에|의)?\s?(?P<what>[가-힣\s]{0,14}?)|\s?(?P<slash>/)\s?|\sof\s|\sout of\s"
)
_LENGTH = re.compile(
    r"\s?(?:시간|분(?!의)|초|일|주(?:일)?|개월|달|년|회|차례|차|번째|번|단계|위|시|원|만\s?원|영업일|hours?|days?|minutes?|weeks?|MB|GB|KB|px|호|층|점|페이지|쪽|가지|곳|년차|자리|글자|개월)"
)
_PLANNED = re.compile(
    r"\s?(?:시간|분|일|주(?:일)?|개월|영업일|회|차|번|단계|가지|위|hours?|days?|minutes?|weeks?)"
)
_STAFF = re.compile(r"담당자|팀|직원|개발자|상담원|엔지니어|인력|운영자")

def check_amounts(sentence: Sentence, facts: Facts, *, is_advice: bool) -> Refused | None:
    """Refuse a number that the data does not have for what it is said to count."""
    return None if _Amounts(sentence, facts, is_advice).are_carried() else Refused.NUMBER


@dataclass(frozen=True)
class _Amounts:
    sentence: Sentence
    facts: Facts
    is_advice: bool

    @property
    def text(self) -> str:
        return self.sentence.rest

    @cached_property
    def numbers(self) -> list[Numeral]:
        return list(numerals(self.text))

    def are_carried(self) -> bool:
        index = 0
        while index < len(self.numbers):
            if (
                re.match(r"도\s", self.text[self.numbers[index].end :])
                and self.numbers[index].value == 1
            ):
                index += 1  # 한 건도
                continue
            pair = self.numbers[index : index + 2]
            of = len(pair) == 2 and _OF.fullmatch(self.text[pair[0].end : pair[1].start])
            if of and {_unit(n.unit) for n in pair} <= {None, "count"}:
                if not self._is_part(*pair, of):
                    return False
                index += 2
                continue
            if of and not of["slash"] and _unit(pair[1].unit) != "count":
                if not self._is_share(*pair):
                    return False
                index += 2
                continue
            if of and not of["slash"]:
                return False  # 10% 중 7건
            if not self._is_carried(index):
                return False
            index += 1
        return True

    def _is_part(self, first: Numeral, second: Numeral, of: re.Match[str]) -> bool:
        """69건 중 49건, 49/69건: both of one week, the part of what is named in the sentence."""
        part, whole = (first, second) if of["slash"] else (second, first)
        week = week_at(self.text, first.start)
        is_in_words = not self.text[whole.start].isdigit() and whole.value <= 10
        for role, samples in zip(("base", "comparison"), self.facts.sample_counts, strict=True):
            if week not in (None, role):
                continue
            known = list(self.facts.numbers)
            if whole.value == samples:
                known = [*self.facts.of_samples, *(known if is_in_words else ())]
            wholes = {
                f.value for f in known if (f.subject, f.unit, f.role) == (TOTAL, "count", role)
            }
            named = [*facts_named(self.text, self.sentence, self.facts), *(f for f in known if f.subject != TOTAL)]
            parts = [
                f
                for f in named
                if f.unit == "count" and f.role == role and self._is_spoken_of(f.subject)
            ]
            if any(whole.fits(w) for w in wholes) and any(part.fits(p.value) for p in parts):
                return True
            shares = [
                f.value
                for f in named
                if f.unit == "percent" and f.role == role and self._is_spoken_of(f.subject)
            ]
            if (is_in_words or re.search("꼴", self.text)) and any(
                abs(100 * part.value / whole.value - share) <= 3 for share in shares
            ):
                return True
        return False

    def _is_share(self, whole: Numeral, part: Numeral) -> bool:
        """69건 중 71%: a whole of one week, and a share of it."""
        if _unit(whole.unit) not in (None, "count") or _unit(part.unit) != "percent":
            return False
        week = week_at(self.text, whole.start)
        named = [*facts_named(self.text, self.sentence, self.facts), *self.facts.numbers, *self.facts.of_samples]
        return any(
            whole.fits(f.value) for f in named if f.unit == "count" and f.subject == TOTAL
        ) and any(
            part.fits(f.value)
            for f in named
            if f.unit == "percent"
            and f.role in (week, "base", "comparison")
            and self._is_spoken_of(f.subject)
        )

    def _is_spoken_of(self, subject: str) -> bool:
        if subject in (NEGATIVE, NOT_NEGATIVE):
            return subject in subjects_in(self.text)
        return compact(subject) in compact(self.sentence.whole)

    def _is_carried(self, index: int) -> bool:
        number = self.numbers[index]
        after, written = self.text[number.end :], self.text[number.start : number.end]
        unit = _unit(number.unit)
        if (
            unit == "count"
            and number.unit == "명"
            and (self.is_advice or _STAFF.search(self.text[: number.start]))
        ):
            return self.is_advice
        if unit is None:
            if length := _LENGTH.match(after):
                return self._is_length(number, written, length[0], after)
            if number.decimals or not self._has_neighbour(index):
                return self.facts.holds(written)
            unit = self._unit_of_neighbour(index)
        if unit == "percent" and not _CHANGED.match(after) and self.facts.holds(written):
            return True  # a ticket says "30% 할인"
        if unit == "factor" and (
            changed := _CHANGED.match(text := self.text, number.end + 1)
            or _CHANGED.match(text, number.end)
        ):
            if changed["down"] and number.value > 1:
                return False
        return any(
            number.fits(fact.value) and _sign_fits(number, fact, self.text)
            for fact in self._candidates(index, unit)
        )

    def _is_length(self, number: Numeral, written: str, length: str, after: str) -> bool:
        if self.is_advice and _PLANNED.match(after):
            return True
        if re.match(r"\s?주(?!차)", after) and number.value in (1, 2, 8):
            return True
        if re.match(r"\s?(?:가지|번째|단계|번|차례)", after) and number.value <= 3:
            return True
        return self.facts.holds(written + length)

    def _has_neighbour(self, index: int) -> bool:
        """Whether a number without a unit stands before one that has it: 20 → 40건, 70~108건."""
        return self._unit_of_neighbour(index) is not None

    def _unit_of_neighbour(self, index: int) -> Unit | None:
        number, *following = self.numbers[index : index + 2]
        for other in following:
            between = self.text[number.end : other.start]
            if re.fullmatch(r"\s?(?:[~–/-]|->|→|⇒|~>|에서|과|와|,|vs\.?|및)\s?", between):
                return _unit(other.unit) or self._unit_of_neighbour(index + 1)
        if index and re.fullmatch(
            r"\s?(?:->|→|⇒|~>)\s?", self.text[self.numbers[index - 1].end : number.start]
        ):
            return _unit(self.numbers[index - 1].unit) or "count"
        return None

    def _candidates(self, index: int, unit: Unit | None) -> Iterator[Fact]:
        """The facts that a number may be: of its unit, of what is counted, of the week that is spoken of."""
        number = self.numbers[index]
        roles = self._roles(index, unit)
        said = self._said_of(index)
        subject, is_said = self._subject(index, said)
        named = list(facts_named(said, self.sentence, self.facts))
        known = [f for f in self.facts.numbers if f.subject in (TOTAL, NEGATIVE, NOT_NEGATIVE)]
        if counts_samples(self.text):
            known += self.facts.of_samples
        after = self.text[
            number.end : self.numbers[index + 1].start if index + 1 < len(self.numbers) else None
        ]
        if re.match(r"\s?(?:\([^)]*\))?(?:이던|이었던|였던)\s", after):
            named += facts_named(after, self.sentence, self.facts)
        if held := re.match(
            r"[이가은는]\s(?P<words>[^,.]{1,16}?)[을를]\s?(?:언급|말|적|포함|호소|담)", after
        ):
            known, named, is_said = [], list(facts_named(held["words"], self.sentence, self.facts)), False
        for fact in (*known, *named):
            is_of_category = fact.subject in (TOTAL, NEGATIVE, NOT_NEGATIVE)
            if unit is not None and fact.unit != unit:
                continue
            if roles is not None and fact.role not in roles:
                continue
            if is_said and is_of_category and fact.subject != subject:
                continue
            yield fact

    def _said_of(self, index: int) -> str:
        """What is said before a number, from the last words that name what is counted."""
        start = self.numbers[index].start
        while True:
            begin = self.numbers[index - 1].end if index else 0
            segment = self.text[begin:start]
            if not index or SUBJECT.search(segment) or any(True for _ in keywords_in(segment, self.sentence, self.facts)):
                return segment
            index -= 1

    def _subject(self, index: int, said: str) -> tuple[str, bool]:
        """What a number counts, and whether the sentence says it: right behind it, or nearest before it."""
        number = self.numbers[index]
        if match := re.match(
            r"\s?(?:\([^)]*\))?\s?(?:이|가|은|는|의)?\s?", self.text[number.end :]
        ):
            behind = SUBJECT.match(self.text, number.end + match.end())
            if behind and behind.lastgroup != "total":
                return subjects_in(behind[0])[0], True
        found = subjects_in(said)
        if not found:
            return TOTAL, False
        if found[-1] == TOTAL and NEGATIVE in found and not re.search("전체|총", said):
            return NEGATIVE, True
        return found[-1], True

    def _roles(self, index: int, unit: Unit | None) -> set[str] | None:
        """The week, or the change, that a number is said to be of; None where nothing says it."""
        number = self.numbers[index]
        before, after = self.text[: number.start], self.text[number.end :]
        if unit == "factor":
            return None
        if unit == "points" or (number.sign and unit in ("percent", "count")):
            return {"change"}
        adjacent = re.search(
            rf"(?:(?P<base>{BASE_WORD})|(?P<comparison>{COMPARISON_WORD}))(?:에는|에|의|는|엔|가|,)?\s?(?:문의(?:는|가)?\s?|총\s?)?$",
            before,
            re.I,
        )
        if adjacent:
            return {"base" if adjacent["base"] else "comparison"}
        if re.search(
            r"평소[^0-9]{0,20}(?:[0-9,]+건에서\s)?$|usual[^0-9]{0,20}$", before
        ) or re.match(r"\s?(?:에서|~|–|-)\s?[0-9,]+건\s사이", after):
            return {"other"}
        following = self.numbers[index + 1] if index + 1 < len(self.numbers) else None
        if _WAS.match(after) and (
            re.match(r"\s?(?:\([^)]*\)\s?)?(?:이던|이었던|였던)", after)
            or (following and _is_same_kind(number, following))
        ):
            return {"base"}
        if (
            index
            and _WAS.match(self.text, self.numbers[index - 1].end)
            and _is_same_kind(self.numbers[index - 1], number)
        ):
            return {"comparison"}
        if _ARROW.search(before):
            return {"comparison"}
        if _CHANGED.match(after):
            return {"change"}
        week = week_at(self.text, number.start)
        if _BECAME.match(after):
            return {week or "comparison"}
        return {week} if week else None


def _unit(unit: str) -> Unit | None:
    if not unit:
        return None
    if re.fullmatch(r"%p|%포인트|퍼센트포인트|%point|percentagepoints?|pp", unit, re.I):
        return "points"
    if unit in ("%", "퍼센트", "프로") or unit.lower() == "percent":
        return "percent"
    return "factor" if unit == "배" or unit.lower() == "times" else "count"


def _is_same_kind(number: Numeral, other: Numeral) -> bool:
    return not number.unit or not other.unit or _unit(number.unit) == _unit(other.unit)


def _sign_fits(number: Numeral, fact: Fact, text: str) -> bool:
    if fact.role != "change" or fact.unit == "factor":
        return not number.sign
    if number.sign:
        return number.sign * fact.value >= 0
    changed = _CHANGED.match(text, number.end)
    if changed is None:
        return True
    return fact.value >= 0 if changed["up"] else fact.value <= 0



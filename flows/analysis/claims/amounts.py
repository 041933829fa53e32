"""Numbers in a sentence: what each is said to count, of which week, and whether the data has that number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flows.analysis.claims.comparisons import is_carried_as_comparison
from flows.analysis.claims.english import are_of_one_keyword, counts_people, is_of_thing
from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Fact, Facts, Unit, compact
from flows.analysis.claims.measures import states_the_present
from flows.analysis.claims.numerals import Numeral, numerals
from flows.analysis.claims.parts import is_part, is_share
from flows.analysis.claims.roles import CHANGED, roles_of, sign_fits, unit_of
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.series import Series, without_counted_words
from flows.analysis.claims.wording import (
    BASE_WORD,
    SUBJECT,
    counts_samples,
    facts_named,
    keywords_in,
    subjects_in,
)

_OF_CATEGORY = (TOTAL, NEGATIVE, NOT_NEGATIVE)
_STAFF = re.compile(r"담당|팀|직원|개발자|상담[원사]|엔지니어|인력|인원|운영자|요원|기사")
_USUAL = re.compile(
    r"평소|통상|상한|하한|범위|예상|기대|주\s?전|최근|최고|최다|최대|최저|사이|usual|expected|평균"
)
_HELD = re.compile(
    r"\s?(?:\([^)]*\)|\))?[이가은는]\s(?P<words>[^,.0-9]{1,16}?)[을를]\s?(?:언급|말|적|포함|호소|담|다[루룬룹뤘])"
)
_ARE_NEGATIVE = re.compile(
    r"\s?(?:of\s)?(?:the\s|all\s|them\s|these\s)?(?:tickets\s)?(?:is|are|were|was)\snegative", re.I
)
_PER_DAY = re.compile(r"하루\s?(?:평균|에)?\s?(?:약\s)?$")
_TICKETS = re.compile(r"\s?(?:의\s)?(?:문의|티켓|사례|표본|샘플|제보|신고)|\s?중\s")
_OF = re.compile(
    r"\s?(?:중|가운데)(?:에서|엔|에는|에|의)?\s?(?P<what>[가-힣\s]{0,14}?)|\s?(?P<slash>/)\s?|\s?(?:out )?of\s"
)


def check_amounts(sentence: Sentence, facts: Facts, *, is_advice: bool) -> Refused | None:
    """Refuse a number that the data does not have for what it is said to count."""
    rest = without_counted_words(sentence, facts)
    is_carried = rest is not None and _Amounts(rest, facts, is_advice).are_carried()
    return None if is_carried else Refused.NUMBER


def _is_target(number: Numeral, before: str, after: str) -> bool:
    """What advice aims at or waits for, or how many it wants to be read."""
    aims = re.match(
        r"[^.]{0,12}?(?:목표|때까지|아래로|밑으로|(?:넘|초과하|이상이|이하이|미만이|웃돌)[으]?면)",
        after,
    )
    reads = number.unit == "건" and re.match(
        r"\s?(?:[을를씩]|정도[를]?|가량[을]?|이상[을]?|내외[를]?)?\s?(?:무작위로\s"
        r"|우선\s|먼저\s)?(?:골라|선정|뽑아|추려|추출|무작위)",
        after,
    )
    return bool(aims or (reads and number.value % 5 == 0 and number.value <= 100))


@dataclass(frozen=True)
class _Amounts:
    sentence: Sentence
    facts: Facts
    is_advice: bool

    @property
    def text(self) -> str:
        return self.sentence.rest

    @property
    def is_korean(self) -> bool:
        return self.sentence.is_korean

    @cached_property
    def numbers(self) -> list[Numeral]:
        return list(numerals(self.text))

    @cached_property
    def series(self) -> Series:
        return Series(self.numbers, self.sentence, self.facts)

    def are_carried(self) -> bool:
        if counts_people(self.text, is_advice=self.is_advice):
            return False
        if not (self.series.are_each_in_order() and self.series.is_usual_range()):
            return False
        if are_of_one_keyword(self.numbers, self.sentence, self.facts):
            return True
        index = 0
        while index < len(self.numbers):
            if (
                is_true := self.series.is_counted_otherwise(index, is_advice=self.is_advice)
            ) is False:
                return False
            if is_true or self._is_way_of_speaking(index):
                index += 1
                continue
            pair = self.numbers[index : index + 2]
            of = len(pair) == 2 and _OF.fullmatch(self.text[pair[0].end : pair[1].start])
            if of and (seen := self._seen_as_part(index, pair, of)) is not None:
                if not seen:
                    return False
                index += seen
                continue
            if of and not of["slash"]:
                return False  # 10% 중 7건
            if not self._is_carried(index):
                return False
            index += 1
        return True

    def _seen_as_part(self, index: int, pair: list[Numeral], of: re.Match[str]) -> int | None:
        """How many numbers 69건 중 49건, 즉 71% and its like take; 0 where they are not so."""
        units = {unit_of(number.unit) for number in pair}
        if units <= {None, "count"}:
            is_same = self.series.is_share_of(pair, index + 2)
            if is_same is False or not is_part(pair[0], pair[1], of, self.sentence, self.facts):
                return 0
            return 3 if is_same else 2
        if of["slash"] or unit_of(pair[1].unit) == "count":
            return None
        return 2 if is_share(pair[0], pair[1], self.sentence, self.facts) else 0

    def _is_way_of_speaking(self, index: int) -> bool:
        """한 건도, 다섯 개의 키워드."""
        number = self.numbers[index]
        is_none = number.value == 1 and re.match(r"도\s", self.text[number.end :])
        return bool(is_none) or self._counts_keywords(index)

    def _is_carried(self, index: int) -> bool:
        number = self.numbers[index]
        after, written = self.text[number.end :], self.text[number.start : number.end].strip()
        unit = unit_of(number.unit)
        before = self.text[: number.start]
        if _PER_DAY.search(before):
            return number.fits(round(self.facts.material.change.comparison_total / 7))
        if (follows := self.series.is_rest_or_ratio(index, before)) is not None:
            return follows
        compared = is_carried_as_comparison(number, unit, self.text, self.sentence, self.facts)
        if compared is not None:
            return compared
        if self.is_advice and _is_target(number, before, after):
            return not any(True for _ in keywords_in(before, self.sentence, self.facts))
        if number.unit == "명" and re.search(r"문의\s$", before):
            return False
        if number.unit in ("명", "개") and not _TICKETS.match(after):
            return self._is_other_object(number, written)
        if unit is None:
            unit = self._unit_of_neighbour(index)
            is_count = unit is None and not self.is_korean and not is_of_thing(before, after)
            if number.decimals or (unit is None and not is_count):
                return self._is_written(written)
            unit = unit or "count"
        changed = CHANGED.match(after)
        if unit == "percent" and not changed and self.facts.has_number(written):
            return True  # a ticket says "30% 할인"
        if unit == "factor" and (is_true := self.series.is_factor(index)) is not None:
            return is_true
        if unit == "factor" and number.value > 1:
            changed = changed or CHANGED.match(self.text, number.end + 1)
            if changed and changed["down"]:
                return False
        return any(
            number.fits(fact.value) and sign_fits(number, fact, self.text)
            for fact in self._candidates(index, unit)
        )

    def _is_written(self, written: str) -> bool:
        """Whether a ticket holds a number as it is written; for an English sentence, in any way of writing."""
        is_there = self.facts.has_number(written)
        return is_there or (not self.is_korean and written.replace(",", "") in self.facts.digits)

    def _is_other_object(self, number: Numeral, written: str) -> bool:
        """5명, 3개: the data counts tickets, so a ticket says it, or advice plans it."""
        if self.is_advice and not states_the_present(self.text, number.start, number.end):
            return True
        if number.unit == "명" and _STAFF.search(self.text):
            return False
        if number.unit == "명" and (
            owner := re.search(r"([가-힣]{2,})\s$", self.text[: number.start])
        ):
            return number.value == 1 or self.facts.holds(owner[1] + written)  # 형제 두 명
        return number.value == 1 or (number.value, number.unit) in self.facts.measures

    def _counts_keywords(self, index: int) -> bool:
        """상승 키워드 다섯 개, 다섯 개의 키워드: as many as there are."""
        number = self.numbers[index]
        around = re.search(r"(?:키워드|단어)\s$", self.text[: number.start]) or re.match(
            r"\s?(?:의\s)?(?:상승\s)?(?:키워드|단어)", self.text[number.end :]
        )
        is_count = number.unit == "개" and number.value == len(self.facts.material.keywords)
        return bool(around) and is_count

    def _unit_of_neighbour(self, index: int) -> Unit | None:
        """The unit of a number that is written at its neighbour alone: 20 → 40건, 70~108건."""
        number, *following = self.numbers[index : index + 2]
        for other in following:
            between = self.text[number.end : other.start]
            beside = re.fullmatch(r"\s?(?:[~–/-]|->|→|⇒|~>|에서|과|와|,|vs\.?|및)\s?", between)
            if beside and (self.is_korean or "," not in between):
                return unit_of(other.unit) or self._unit_of_neighbour(index + 1)
        if index and re.fullmatch(
            r"\s?(?:->|→|⇒|~>)\s?", self.text[self.numbers[index - 1].end : number.start]
        ):
            return unit_of(self.numbers[index - 1].unit) or "count"
        return None

    def _candidates(self, index: int, unit: Unit | None) -> Iterator[Fact]:
        """The facts that a number may be: of its unit, of what is counted, of the week that is spoken of."""
        number = self.numbers[index]
        roles = roles_of(self.text, self.numbers, index, unit)
        said = self._said_of(index)
        subject, is_said = self._subject(index, said)
        named = list(facts_named(said, self.sentence, self.facts))
        known = [f for f in self.facts.numbers if f.subject in _OF_CATEGORY]
        if counts_samples(self.text, self.facts):
            known += self.facts.of_samples
        after = self.text[
            number.end : self.numbers[index + 1].start if index + 1 < len(self.numbers) else None
        ]
        if re.match(r"\s?(?:\([^)]*\))?(?:이던|이었던|였던)\s", after):
            named += facts_named(after, self.sentence, self.facts)
        if held := _HELD.match(self.text, number.end):
            words = held["words"]
            known, named, is_said = [], list(facts_named(words, self.sentence, self.facts)), False
        if not self.is_korean:
            named = list(facts_named(self.text, self.sentence, self.facts))
        share_beside = re.match(r"\s?\((?:약\s)?[0-9.]+%(?!\s?p)", self.text[number.end :])
        if keyword_facts := self._of_keyword(said):
            known, named = [], keyword_facts
        is_usual = bool(_USUAL.search(self.sentence.whole))
        is_base_spoken_of = bool(
            re.search(f"{BASE_WORD}|이던|였던|예전|종전|from ", self.text, re.I)
        )
        is_share_spoken_of = bool(re.search(r"비율|비중|[률율]|share|ratio", self.text))
        for fact in (*known, *named):
            is_of_category = fact.subject in _OF_CATEGORY
            if unit is not None and fact.unit != unit:
                continue
            role = "change" if fact.role == "beyond" and is_usual else fact.role
            if role == "change" and roles is None and share_beside and unit == "count":
                continue
            if role == "beyond" or (roles is not None and role not in roles):
                continue
            if is_said and is_of_category and fact.subject != subject:
                continue
            if unit == "points" and not is_said and fact.subject == NOT_NEGATIVE:
                continue
            is_of_others = fact.role == "other" and (
                (fact.unit == "count" and not is_usual and roles != {"other"})
                or (fact.unit == "factor" and not is_share_spoken_of)
            )
            is_of_base = roles is None and fact.role == "base" and not is_base_spoken_of
            if not is_of_others and not is_of_base:
                yield fact

    def _of_keyword(self, said: str) -> list[Fact]:
        """The facts of a keyword, where the tickets that hold it are counted: 동기화를 언급한 문의."""
        of_tickets = (
            r"[\s'\"’”)]*(?:[을를이가]?\s?(?:관련(?:된|한)?|언급한?|언급된|호소한|다룬"
            r"|담은|포함된|들어간|나온)\s?|[에]\s(?:관한|대한)\s)?(?:문의|티켓|언급|건"
            r"|요청)"
        )
        for keyword in self.facts.named:
            label = compact(keyword.label)
            spaced = r"\s?".join(map(re.escape, label))
            is_quoted = label in map(compact, self.sentence.quoted)
            if label in compact("".join(self.facts.material.change.category)) and not is_quoted:
                continue
            is_of_two = re.search(rf"[와과]\s{{0,2}}(?i:{spaced})", said)
            if is_of_two or re.search(r"(?:전체|총)\s$", said):
                continue
            is_topic = re.search(
                rf"(?i:{spaced})[\s'\"’”)]*(?:언급|키워드)?[은는]\s(?P<rest>[^,.]*)$", said
            )
            is_only_topic = is_topic and not SUBJECT.search(is_topic["rest"])
            if is_only_topic or re.search(rf"(?i:{spaced}){of_tickets}[^,.]{{0,8}}$", said):
                return list(facts_named(label, self.sentence, self.facts))
        return []

    def _said_of(self, index: int) -> str:
        """What is said before a number, from the last words that name what is counted."""
        start = self.numbers[index].start
        while True:
            begin = self.numbers[index - 1].end if index else 0
            segment = self.text[begin:start]
            if (
                not index
                or " / " in segment
                or SUBJECT.search(segment)
                or any(True for _ in keywords_in(segment, self.sentence, self.facts))
            ):
                return segment
            index -= 1

    def _subject(self, index: int, said: str) -> tuple[str, bool]:
        """What a number counts, and whether the sentence says it: right behind it, or nearest before it."""
        number = self.numbers[index]
        if not self.is_korean and _ARE_NEGATIVE.match(self.text, number.end):
            return NEGATIVE, True
        if match := re.match(
            r"\s?(?:\([^)]*\))?\s?(?:이|가|은|는|의|are|were)?\s?", self.text[number.end :]
        ):
            behind = SUBJECT.match(self.text, number.end + match.end())
            if behind and behind.lastgroup != "total":
                return subjects_in(behind[0])[0], True
        found = subjects_in(said)
        if unit_of(number.unit) == "percent" and re.search(r"(?:전체|총|건)[^,]{0,10}의\s?$", said):
            found = [subject for subject in subjects_in(self.text) if subject != TOTAL][:1]
        if not found:
            return TOTAL, False
        if found[-1] == TOTAL and NEGATIVE in found and not re.search("전체|총", said):
            return NEGATIVE, True
        return found[-1], True

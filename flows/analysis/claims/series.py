"""Numbers that follow from others beside them, or that belong to several words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.numerals import Numeral
from flows.analysis.claims.roles import unit_of
from flows.analysis.claims.sentence import Sentence
from flows.analysis.claims.wording import BASE_WORD, counts_samples, keywords_in

_TOGETHER = re.compile(r"(?:함께|같이|동시에|모두)\s(?:언급|나온|나오|등장|담긴|적힌|들어)")
_USUAL_RANGE = re.compile(
    r"(?:평소|통상|usual)[^0-9.]{0,20}?(?P<low>[0-9][0-9,]*)(?:건)?\s?(?:~|–|-|에서\s|to\s)\s?"
    r"(?P<high>[0-9][0-9,]*)(?=건|\s?(?:tickets|[).]|$))"
)


_COUNTS_OF_WORD = (
    r"['\"’”]?\s?(?:언급|관련\s문의|키워드)?\s?\((?:(?P<first>[0-9][0-9,]*)\s?건?\s?(?:->|→|⇒|~>)\s?)?"
    r"(?P<last>[0-9][0-9,]*)\s?건?(?=[),])"
)


def without_counted_words(sentence: Sentence, facts: Facts) -> Sentence | None:
    """A sentence without the counts of '보상'(39→96) and '환불'(9건); None where a word has others."""
    spans: list[tuple[int, int]] = []
    for keyword in facts.named:
        spaced = r"\s?".join(map(re.escape, compact(keyword.label)))
        for match in re.finditer(rf"(?i:(?<![가-힣]){spaced}){_COUNTS_OF_WORD}", sentence.whole):
            first, last = (n and int(n.replace(",", "")) for n in match.group("first", "last"))
            is_quoted = match[0][len(match[0].split("(")[0].rstrip()) - 1] in "'\"’”"
            known = {keyword.comparison_count}
            if first is None and re.search(BASE_WORD, sentence.whole):
                known.add(keyword.base_count)
            if last in known and first in (None, keyword.base_count):
                spans.append((match.start("last" if first is None else "first"), match.end()))
            elif is_quoted and not counts_samples(sentence.whole, facts):
                return None
    return sentence.without(spans)


@dataclass(frozen=True)
class Series:
    """The numbers of a sentence in their order."""

    numbers: Sequence[Numeral]
    sentence: Sentence
    facts: Facts

    @property
    def text(self) -> str:
        return self.sentence.rest

    def is_share_of(self, pair: list[Numeral], index: int) -> bool | None:
        """655건 중 524건, 즉 80%: the share that the two numbers before make."""
        if index >= len(self.numbers) or self.numbers[index].unit != "%":
            return None
        share, (whole, part) = self.numbers[index], sorted(pair, key=lambda n: -n.value)
        between = self.text[pair[1].end : share.start]
        is_beside = re.fullmatch(r"(?:으로|이며|이고)?[,(]?\s?(?:즉|곧|약)?,?\s?(?:약\s)?", between)
        if not is_beside or not whole.value:
            return None
        return share.fits(100 * part.value / whole.value)

    def are_each_in_order(self) -> bool:
        """'배달 지연'과 '라이더'는 각각 41건, 27건: the first number is of the first word."""
        whole = compact(self.sentence.whole)
        if not (each := re.search("각각", self.text)):
            return True
        keywords = sorted(set(keywords_in(self.text, self.sentence, self.facts)), key=whole.index)
        numbers = [number for number in self.numbers if number.start >= each.end()]
        if len(numbers) == 1 and len(keywords) > 1:
            numbers *= len(keywords)  # 각각 30건대
        if len(keywords) != len(numbers):
            return True
        return all(
            any(number.fits(fact.value) for fact in self.facts.numbers if fact.subject == keyword)
            for keyword, number in zip(keywords, numbers, strict=True)
        )

    def is_counted_otherwise(self, index: int, *, is_advice: bool) -> bool | None:
        """두 단어가 함께 언급된 문의 두 건, 매일 3건 이상; None where neither is said."""
        number, before = self.numbers[index], self.text[: self.numbers[index].start]
        if number.unit != "건":
            return None
        if not is_advice and re.search(r"(?:매일|날마다)\s(?:[가-힣]{2,3}\s)?$", before):
            counts = self.facts.counts_of_days
            return bool(counts) and min(counts) >= number.value
        together = list(_TOGETHER.finditer(before))
        if not together or number.start - together[-1].end() > 12:
            return None
        said = before[: together[-1].start()]
        words = list(keywords_in(said, self.sentence, self.facts))[-2:]
        if len(words) < 2:
            return None
        return number.fits(self.facts.holding_all(words)[0 if re.search(BASE_WORD, said) else 1])

    def is_usual_range(self) -> bool:
        """평소 118~176건: the bounds of what is usual, and no other weeks."""
        usual = self.facts.material.change.usual
        for match in _USUAL_RANGE.finditer(self.text):
            bounds = tuple(int(match[n].replace(",", "")) for n in ("low", "high"))
            if usual is not None and bounds != usual:
                return False
        return True

    def _pair_before(self, index: int) -> tuple[float, float] | None:
        """The numbers of "6건에서 24건으로" before a factor."""
        if index < 2:
            return None
        first, second = self.numbers[index - 2 : index]
        is_pair = re.fullmatch(r"\s?(?:에서|->|→)\s?", self.text[first.end : second.start])
        gap = self.text[second.end : self.numbers[index].start]
        is_next = re.fullmatch(r"(?:으?로),?\s(?:[가-힣]{1,4}\s){0,2}", gap)
        is_counted = unit_of(second.unit) in ("count", "percent") and first.value
        return (first.value, second.value) if is_pair and is_next and is_counted else None

    def is_rest_or_ratio(self, index: int, before: str) -> bool | None:
        """67건 중 52건, 나머지 15건; 244%로 78%의 세 배: what follows from the numbers before."""
        value = self.numbers[index].value
        earlier = [number.value for number in self.numbers[:index]]
        if re.search(r"나머지\s(?:[가-힣]{2,4}\s)?$", before) and self.numbers[index].unit == "%":
            return bool(earlier) and abs(100 - earlier[-1] - value) < 0.6
        earlier = [n.value for n in self.numbers[:index] if n.unit != "%"] or earlier
        if re.search(r"나머지\s(?:[가-힣]{2,4}\s)?$", before) and len(earlier) >= 2:
            of_three = abs(sum(earlier[-2:]) - earlier[0]) if len(earlier) > 2 else None
            return value in (abs(earlier[-1] - earlier[-2]), of_three)
        unit = unit_of(self.numbers[index].unit)
        if unit == "percent" and re.search(r"증가분의\s(?:약\s)?$", before):
            change = self.facts.material.change
            more = change.comparison_total - change.base_total
            negative = change.comparison_negative - change.base_negative
            return more > 0 and self.numbers[index].fits(100 * negative / more)
        earlier = [number.value for number in self.numbers[:index]]
        is_ratio = unit == "factor" and re.search(r"[%건]의\s(?:약\s)?$", before)
        if is_ratio and len(earlier) >= 2 and earlier[-1]:
            return self.numbers[index].fits(earlier[-2] / earlier[-1])  # 244%로 78%의 세 배
        return None

    def is_factor(self, index: int) -> bool | None:
        """Whether a factor is that of the two numbers before it, or of all keywords that are said to have it."""
        number, before = self.numbers[index], self.text[: self.numbers[index].start]
        if pair := self._pair_before(index):
            return number.fits(pair[1] / pair[0])
        if not re.search(r"(?:모두|둘\s다|나란히)\s(?:약\s)?$", before):
            return None
        words = set(keywords_in(before, self.sentence, self.facts))
        known = (f for f in self.facts.numbers if f.subject in words)
        factors = [f.value for f in known if (f.unit, f.role) == ("factor", "change")]
        return all(map(number.fits, factors)) if len(factors) >= 2 else None

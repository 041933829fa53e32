"""Numbers in a sentence: what each is said to count, of which week, and whether the data has that number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Fact, Facts, Unit, compact
from flows.analysis.claims.numerals import Numeral, numerals
from flows.analysis.claims.sentence import MARKS, Refused, Sentence

BASE_WORD = rf"지난\s?주|전\s?주|기준\s?주|직전\s?주?|이전\s?주|저번\s?주|앞선\s?주|그\s?전\s?주|last week|base week|previous week|the week before|{MARKS['base']}+"
COMPARISON_WORD = rf"이번\s?주|금주|비교\s?주|해당\s?주|당주|금번|this week|comparison week|{MARKS['comparison']}+"
WEEK = re.compile(
    rf"(?P<base>{BASE_WORD})|(?P<comparison>{COMPARISON_WORD})|(?P<other>평소|usual)", re.I
)
# What a number is compared with is not the number of that week.
COMPARED = re.compile(
    r"에?\s?대비|보다|에?\s?비해|에?\s?비하면|[와과]\s?비교|[와과]\s?견주|[와과]\s?달리|을?\s?웃돌|를?\s?웃돌"
)
SUBJECT = re.compile(
    r"(?P<not_negative>비부정|부정이?\s?아닌(?:\s?문의)?|그\s?(?:밖|외)의?\s?문의|긍정|중립)"
    r"|(?P<negative>(?:부정|불만|negative)(?:적인|적|률|율|성)?(?:\s?(?:문의|티켓|의견|건수|반응|접수|tickets))?)"
    r"|(?P<total>전체(?!의|\s문의의|\s문의\s(?:중|가운데))|총|문의|건수|티켓|접수|인입|tickets|total)",
    re.I,
)
_OF_SUBJECT = {"not_negative": NOT_NEGATIVE, "negative": NEGATIVE, "total": TOTAL}
UP = (
    r"증가|늘었|늘어(?!놓)|늘며|늘고|늘어|느는|급증|폭증|상승|올라(?!오|온|와|왔)|올랐|오르|높아|많아|커졌|커져|커지|뛰었|뛰어올|치솟|불어나?|확대|악화|나빠|심해"
    r"|rose|risen|increase[ds]?|grew|grown"
)
DOWN = (
    r"감소|줄었|줄어|줄며|줄고|주는\s데|급감|하락|내려갔|내려가|내렸|떨어|낮아|적어졌|적어져|작아|축소|완화|개선됐|개선되었|나아졌"
    r"|fell|fallen|decrease[ds]?|dropped|declined"
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
_FRACTION = re.compile(
    r"(?P<of>[0-9]+|[이삼사오육칠팔구십])\s?분의\s?(?P<part>[0-9]+|[일이삼사오육칠팔구])"
)
_HALF = re.compile(
    r"(?:절반|과반|half)(?:(?P<most>[이을도에]?\s?(?:넘지\s?않|넘지\s?못|안\s?되|못\s?되|(?:한참\s|조금\s)?못\s?미|미치지))"
    r"|(?P<least>[이을]?\s?(?:훨씬\s)?넘(?!지)|\s?이상)|(?P<about>\s?(?:수준|가량|정도|가까이|쯤)))?|반토막|반으로"
)
_DOUBLED = re.compile(r"\b(?P<word>doubled|tripled|halved)\b", re.I)
_LENGTH = re.compile(
    r"\s?(?:시간|분(?!의)|초|일|주(?:일)?|개월|달|년|회|차례|차|번째|번|단계|위|시|원|만\s?원|영업일|hours?|days?|minutes?|weeks?|MB|GB|KB|px|호|층|점|페이지|쪽|가지|곳|년차|자리|글자|개월)"
)
_PLANNED = re.compile(
    r"\s?(?:시간|분|일|주(?:일)?|개월|영업일|회|차|번|단계|가지|위|hours?|days?|minutes?|weeks?)"
)
_SAMPLES = re.compile(r"표본|샘플|예시|samples?")
_STREAK = re.compile(
    r"(?P<weeks>[0-9]{1,2}|[한두세네]|다섯|여섯)\s?주\s?(?:연속|째|간\s?연속|동안\s?(?:계속|연속))"
)
_STAFF = re.compile(r"담당자|팀|직원|개발자|상담원|엔지니어|인력|운영자")
_EXTREME = re.compile(r"(?:가장|제일)\s?(?:(?P<most>많|높)|(?P<least>적|낮))")
_NEW = re.compile(
    r"새로\s?(?:생긴|생겼|나타난|나타났|등장)|처음\s?(?:나타|등장|접수|들어|생)|없던|한\s?건도\s?(?:없|접수되지|들어오지)|신규\s?(?:유형|카테고리|분류|문의)|새로운\s?(?:유형|카테고리|분류|문의)"
)
_WORD = re.compile(r"[가-힣A-Za-z]{2,}")
_PARTICLES = re.compile(
    r"(?:에서|으로|로|은|는|이|가|을|를|의|에|와|과|도|만|까지|부터|이라는|라는|이란|관련|언급|입니다|이며|이고|한|된|이라고|라고|하는|합니다)+$"
)


def check_amounts(sentence: Sentence, facts: Facts, *, is_advice: bool) -> Refused | None:
    """Refuse a number, a share or a factor that the data does not have for what it is said to count."""
    text = sentence.rest
    spans = []
    for match in _STREAK.finditer(text):
        if not _is_streak(match["weeks"], facts):
            return Refused.NUMBER
        spans.append(match.span())
    for match in _FRACTION.finditer(text):
        if not _is_fraction(match, sentence, facts):
            return Refused.NUMBER
        spans.append(match.span())
    amounts = _Amounts(sentence.without(spans), facts, is_advice)
    return (
        Refused.NUMBER
        if not amounts.are_carried()
        or not all(_is_half(match, sentence, facts) for match in _HALF.finditer(text))
        or not all(_is_factor_word(match["word"], facts) for match in _DOUBLED.finditer(text))
        or not all(_is_extreme(match, facts) for match in _EXTREME.finditer(text))
        or not all(_is_new(match, sentence, facts) for match in _NEW.finditer(text))
        else None
    )


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
        week = _week(self.text, first.start)
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
            named = [*self._named(self.text), *(f for f in known if f.subject != TOTAL)]
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
        week = _week(self.text, whole.start)
        named = [*self._named(self.text), *self.facts.numbers, *self.facts.of_samples]
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
            return any(
                _OF_SUBJECT[str(m.lastgroup)] == subject for m in SUBJECT.finditer(self.text)
            )
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
        named = list(self._named(said))
        known = [f for f in self.facts.numbers if f.subject in (TOTAL, NEGATIVE, NOT_NEGATIVE)]
        if _SAMPLES.search(self.text):
            known += self.facts.of_samples
        after = self.text[
            number.end : self.numbers[index + 1].start if index + 1 < len(self.numbers) else None
        ]
        if re.match(r"\s?(?:\([^)]*\))?(?:이던|이었던|였던)\s", after):
            named += self._named(after)
        if held := re.match(
            r"[이가은는]\s(?P<words>[^,.]{1,16}?)[을를]\s?(?:언급|말|적|포함|호소|담)", after
        ):
            known, named, is_said = [], list(self._named(held["words"])), False
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
            if not index or SUBJECT.search(segment) or any(True for _ in self._keywords(segment)):
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
                return _OF_SUBJECT[str(behind.lastgroup)], True
        found = [str(match.lastgroup) for match in SUBJECT.finditer(said)]
        if not found:
            return TOTAL, False
        last = found[-1]
        if last == "total" and "negative" in found and not re.search("전체|총", said):
            last = "negative"
        return _OF_SUBJECT[last], True

    def _named(self, segment: str) -> Iterator[Fact]:
        """The facts on the words of a segment, and on the words that are quoted in the sentence."""
        in_samples = bool(_SAMPLES.search(self.text))
        keywords = list(self._keywords(segment))
        words = [_PARTICLES.sub("", word) for word in _WORD.findall(segment)]
        pairs = [f"{a}{b}" for a, b in zip(words, words[1:], strict=False)]
        for keyword in keywords:
            yield from (f for f in self.facts.numbers if f.subject == keyword)
            if in_samples:
                yield from self.facts.counted(keyword, in_samples=True)
        for word in dict.fromkeys([*words, *pairs, *self.sentence.quoted]):
            if any(compact(word) in keyword for keyword in keywords):
                continue
            if len(word) >= 2 and not SUBJECT.fullmatch(word) and not WEEK.fullmatch(word):
                yield from self.facts.counted(word, in_samples=in_samples)

    def _keywords(self, segment: str) -> Iterator[str]:
        spoken = [compact(segment), *map(compact, self.sentence.quoted)]
        for keyword in self.facts.material.keywords:
            label = compact(keyword.label)
            if any(label in words for words in spoken):
                yield label

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
        week = _week(self.text, number.start)
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


def _week(text: str, place: int) -> str | None:
    """The week that was named last before a place, unless something was only compared with it."""
    named = None
    end = 0
    for match in WEEK.finditer(text, 0, place):
        named, end = str(match.lastgroup), match.end()
    if named is None or COMPARED.search(text, end, place):
        return None
    return named


def _small(word: str) -> int:
    return int(word) if word.isdigit() else "영일이삼사오육칠팔구십".index(word)


def _is_streak(weeks: str, facts: Facts) -> bool:
    """Whether the total rose, or fell, for so many weeks."""
    words = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6}
    count = int(weeks) if weeks.isdigit() else words[weeks]
    totals = facts.material.change.total_last_8_weeks
    steps = [b - a for a, b in zip(totals, totals[1:], strict=False)][-count:]
    return len(steps) == count and (all(s > 0 for s in steps) or all(s < 0 for s in steps))


def _shares(sentence: Sentence, facts: Facts, place: int) -> list[float]:
    """The shares in percent that a part spoken of at a place may be: of the negative tickets, or of what is named."""
    text = sentence.rest
    week = _week(text, place)
    weeks = {week} if week in ("base", "comparison") else {"comparison"}
    if re.search(r"지난\s?주에도\s이번\s?주에도|두\s?주\s?모두", text):
        weeks = {"base", "comparison"}
    amounts = _Amounts(sentence, facts, False)
    known = list(amounts._named(text))
    if re.search("부정|불만|negative", text):
        known = [f for f in facts.numbers if f.subject == NEGATIVE]
    return [f.value for f in known if f.unit == "percent" and f.role in weeks]


def _is_fraction(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    value = 100 * _small(match["part"]) / _small(match["of"])
    changed = re.match(
        rf"\s?(?:만큼|가량|정도|이나|나|로|이|가)?\s?(?:(?P<up>{UP})|(?P<down>{DOWN}))",
        sentence.rest[match.end() :],
    )
    if changed:
        kept = 100 + value if changed["up"] else value if "로" in changed[0] else 100 - value
        return any(
            abs(100 * f.value - kept) <= 3
            for f in facts.numbers
            if f.unit == "factor" and f.subject in (TOTAL, NEGATIVE)
        )
    shares = _shares(sentence, facts, match.start())
    if re.match(r"\s?(?:에\s?그|도\s?안|에도\s?못|이하|미만)", sentence.rest[match.end() :]):
        return any(value - 8 <= share <= value + 1 for share in shares)
    if re.match(r"\s?(?:이상|을\s?넘|를\s?넘|[이가]\s?넘)", sentence.rest[match.end() :]):
        return any(value <= share <= value + 12 for share in shares)
    return any(abs(share - value) <= 2.5 for share in shares)


def _is_half(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    after = sentence.rest[match.end() : match.end() + 14]
    if re.match(rf"\s?(?:만큼|가량|정도)?\s?(?:더\s)?(?:{UP})", after):
        return any(
            abs(f.value - 1.5) <= 0.06
            for f in facts.numbers
            if f.unit == "factor" and f.subject in (TOTAL, NEGATIVE)
        )
    if re.match(rf"(?:으로|로|가량|만큼|\s?수준으로)?\s?(?:{DOWN})", after) or match[0] in (
        "반토막",
        "반으로",
    ):
        return any(
            abs(f.value - 0.5) <= 0.06
            for f in facts.numbers
            if f.unit == "factor" and f.subject in (TOTAL, NEGATIVE)
        )
    shares = _shares(sentence, facts, match.start())
    both = bool(re.search(r"지난\s?주에도\s이번\s?주에도|두\s?주\s?모두", sentence.whole))
    if match["most"]:
        least = 0 if "한참" not in match["most"] else -1
        return any(share <= 50 and (least == 0 or share <= 42) for share in shares)
    if match["least"] or match[0].startswith("과반"):
        least = 60 if "훨씬" in match[0] else 50
        return any(least <= share for share in shares)
    tolerance = 6 if match["about"] else 3
    near = [abs(share - 50) <= tolerance for share in shares]
    return all(near[:2]) and bool(near) if both else any(near)


def _is_factor_word(word: str, facts: Facts) -> bool:
    value = {"doubled": 2.0, "tripled": 3.0, "halved": 0.5}[word.lower()]
    return any(abs(f.value - value) <= 0.1 * value for f in facts.numbers if f.unit == "factor")


def _is_extreme(match: re.Match[str], facts: Facts) -> bool:
    """가장 많다: the week's total among the last eight."""
    totals = facts.material.change.total_last_8_weeks
    if not totals or not re.search("주|week", match.string[: match.start()]):
        return True
    return totals[-1] == (max(totals) if match["most"] else min(totals))


def _is_new(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """Whether there was no ticket of what is called new, or not there."""
    week = _week(sentence.rest, match.start()) or "base"
    week = "comparison" if week == "comparison" and "한" in match[0] else "base"
    named = {TOTAL, *_Amounts(sentence, facts, False)._keywords(sentence.rest)}
    counts = [
        f for f in facts.numbers if f.subject in named and (f.unit, f.role) == ("count", week)
    ]
    return any(f.value == 0 for f in counts)

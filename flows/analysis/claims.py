"""Finds what a sentence of the model claims, and whether the data carries it. Pure.

A sentence is refused for one claim that the data does not carry: a number, a day, a direction, a quotation, an id, a
version or a proper name. What it says without any of these is the model's opinion, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from flows.analysis.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Fact, Facts, Unit, compact, normalised
from flows.analysis.names import KNOWN_NAMES, NAME_ENDINGS, PLAIN_WORDS, SAME_NAMES
from flows.analysis.numerals import COUNTERS, Numeral, numerals


class Refused(StrEnum):
    """Why a sentence is not posted."""

    QUOTATION = "quotation"
    DATE = "date"
    CODE = "code"
    NAME = "name"
    NUMBER = "number"
    DIRECTION = "direction"


@dataclass(frozen=True)
class Sentence:
    """A sentence and what of it is not checked yet: what was checked is blanked out, place for place."""

    whole: str
    rest: str

    def without(self, spans: list[tuple[int, int]]) -> Sentence:
        rest = list(self.rest)
        for start, end in spans:
            rest[start:end] = " " * (end - start)
        return Sentence(self.whole, "".join(rest))


def refusal(sentence: str, facts: Facts, *, is_advice: bool = False) -> Refused | None:
    """Why the data does not carry the sentence; None where it does.

    Args:
        is_advice: whether it says what to do, where "24시간 안에" is no claim about the data.
    """
    text = normalised_line(sentence)
    state = Sentence(text, text)
    for check in (_quotations, _codes, _dates, _names):
        outcome = check(state, facts)
        if isinstance(outcome, Refused):
            return outcome
        state = outcome
    return _numbers(state, facts, is_advice=is_advice) or _directions(state, facts)


def normalised_line(text: str) -> str:
    """On one line and in one spelling, but with capital letters."""
    import unicodedata

    return " ".join(unicodedata.normalize("NFKC", text).split())


# --- Quotations --------------------------------------------------------------------------------------

_QUOTES = re.compile(
    r"“([^”]{1,300})”|‘([^’]{1,300})’|「([^」]{1,300})」|『([^』]{1,300})』|\"([^\"]{1,300})\"|(?<![A-Za-z0-9])'([^']{1,300})'(?![A-Za-z])|«([^»]{1,300})»|<([^<>]{2,300})>"
)
_EDGES = " .,!?~…·:;"


def _quotations(state: Sentence, facts: Facts) -> Sentence | Refused:
    spans = []
    for match in _QUOTES.finditer(state.rest):
        quoted = next(group for group in match.groups() if group is not None).strip(_EDGES)
        # A long quotation may leave out its middle.
        parts = [part.strip(_EDGES) for part in re.split(r"…|\.{3}|\(중략\)", quoted)]
        if not all(facts.holds(part) or compact(part) in PLAIN_WORDS for part in parts if part):
            return Refused.QUOTATION
        spans.append(match.span())
    return state.without(spans)


# --- Ids, versions, incident and order numbers, addresses ----------------------------------------------

_CODE = re.compile(
    r"https?://[^\s)>\]]+|(?:[\w-]+\.)+(?:com|net|kr|io|org)\b[^\s)>\]가-힣]*"  # an address
    r"|[A-Za-z]{1,10}[-_#]?[0-9][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*"  # INC-4421, iOS17, V2
    r"|#\s?[0-9A-Za-z-]+"
    r"|\b[vV]\s?[0-9]+(?:\.[0-9]+)*\b|(?<![0-9.,])[0-9]+(?:\.[0-9]+){2,}"  # v3, 5.12.0
    r"|(?<![0-9.,])[0-9]+\.[0-9]+(?=\s?(?:버전|업데이트|릴리스|릴리즈|빌드|version))"
    r"|(?<![0-9.,-])[0-9]{5,}(?![0-9,.]*\s?(?:건|명|원|만|%|배))[A-Za-z0-9-]*"  # 50000011
    r"|(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{8,}"
    r"|(?<![0-9.,])[0-9]{3,4}-[0-9]{3,4}(?:-[0-9]{3,})?"
)
_WEEK = re.compile(r"^(?:20[0-9]{2}-?)?[Ww][0-9]{1,2}$")
_PRODUCT_NUMBER = re.compile(
    r"(?:[A-Za-z]{2,}|버전|에러\s?코드|오류\s?코드|코드|error|안드로이드|아이폰|갤럭시|윈도우?|크롬|사파리)\s?(?:S|v)?[0-9]+(?:\.[0-9]+)*(?!\s?(?:%|건|명|배|개|월|일|주|[0-9,]))"
)


def _codes(state: Sentence, facts: Facts) -> Sentence | Refused:
    spans = []
    for ticket in sorted(facts.ids, key=len, reverse=True):
        whole_id = rf"(?<![\w-])#?{re.escape(normalised_line(ticket))}(?![\w-])"
        spans += [m.span() for m in re.finditer(whole_id, state.rest, re.ASCII)]
    state = state.without(spans)
    spans = []
    for pattern in (_CODE, _PRODUCT_NUMBER):
        for match in pattern.finditer(state.without(spans).rest):
            code = match[0].rstrip(".-_")
            if _WEEK.match(code):
                continue
            if not _holds_word(code, facts):
                return Refused.CODE
            spans.append(match.span())
    return state.without(spans)


def _holds_word(code: str, facts: Facts) -> bool:
    """Whether the data holds this code as a whole: 5.1 is not in 5.12."""
    word = re.escape(compact(code))
    return any(
        re.search(rf"(?<![a-z0-9.]){re.escape(compact(form))}(?![a-z0-9]|\.[0-9])", facts.text)
        for form in _spellings(code)
    ) or bool(re.search(rf"(?<![a-z0-9.]){word}(?![a-z0-9]|\.[0-9])", facts.text))


def _spellings(code: str) -> Iterator[str]:
    """A code as it may be written in tickets: 사파리 17 for Safari 17, 3.2.1 for v3.2.1."""
    yield re.sub(r"^[vV]\s?(?=[0-9])", "", code)
    if match := re.match(r"(?P<name>[A-Za-z]+|[가-힣]+)(?P<rest>[\s\d].*)", code):
        for other in SAME_NAMES.get(compact(match["name"]), ()):
            yield other + match["rest"]


# --- Days and weeks ---------------------------------------------------------------------------------

_WEEKDAYS = "월화수목금토일"
_ENGLISH_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE = re.compile(
    r"(?:(?P<year>20[0-9]{2})\s?[-./년]\s?)?(?<![0-9.,])(?P<month>1[0-2]|0?[1-9])\s?(?:월|[-./])\s?(?P<day>3[01]|[12][0-9]|0?[1-9])(?![0-9]|\.[0-9]|\s?(?:%|건|명|배))(?P<mark>\s?일)?"
    r"(?:\s?\(?(?P<weekday>[월화수목금토일])(?:요일|(?=\)))\)?)?"
)
_MONTH_NAME = re.compile(
    rf"\b(?P<month>{'|'.join(_ENGLISH_MONTHS)})[a-z]*\.?\s(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b", re.I
)
_DAY_ALONE = re.compile(r"(?<![0-9.,])(?P<day>3[01]|[12]?[0-9])일(?=\s?(?:\(|부터|까지|에|자|~|-|과|와|이후|오전|오후|밤|새벽|,))(?:\s?\(?(?P<weekday>[월화수목금토일])(?:요일|(?=\)))\)?)?")
_WEEKDAY_ALONE = re.compile(r"(?<![가-힣])(?P<weekday>[월화수목금토일])요일")
_MONTH_ALONE = re.compile(r"(?<![0-9.,])(?P<month>1[0-2]|[1-9])월(?!\s?[0-9])")
_YEAR_ALONE = re.compile(r"(?<![0-9.,])(?P<year>20[0-9]{2})\s?년?(?![0-9,.]|\s?건)")
_WEEK_LABEL = re.compile(r"(?:(?P<year>20[0-9]{2})\s?(?:-|년)\s?)?(?:[Ww](?P<w>[0-9]{1,2})\b|(?<![0-9.,])(?P<n>[0-9]{1,2})\s?주차)")
_RANGE = re.compile(r"(?P<month>1[0-2]|0?[1-9])\s?(?:월|[-./])\s?(?P<first>[0-9]{1,2})일?\s?[~–-]\s?(?P<last>[0-9]{1,2})일?(?![0-9./월])")


def _dates(state: Sentence, facts: Facts) -> Sentence | Refused:
    spans: list[tuple[int, int]] = []
    weeks = facts.material.weeks
    for match in _WEEK_LABEL.finditer(state.rest):
        week = match["w"] or match["n"]
        known = {w.start.isocalendar()[:2] for w in (weeks.base, weeks.comparison)}
        year_is_right = not match["year"] or any(str(y) == match["year"] for y, _ in known)
        nth = [_week_of_month(w.start) for w in (weeks.base, weeks.comparison)]
        of_month = re.search(r"(?P<month>[0-9]{1,2})월\s?$", state.rest[: match.start()])
        if of_month:
            if (int(of_month["month"]), int(week)) not in {x for each in nth for x in each}:
                return Refused.DATE
            spans.append(of_month.span())
        elif not year_is_right or int(week) not in {w for _, w in known}:
            return Refused.DATE
        spans.append(match.span())
    state = state.without(spans)
    spans = []
    for match in _RANGE.finditer(state.rest):
        for day in (match["first"], match["last"]):
            if not _is_known_day(None, int(match["month"]), int(day), None, facts):
                return Refused.DATE
        spans.append(match.span())
    state = state.without(spans)
    spans = []
    for match in _DATE.finditer(state.rest):
        if not match["mark"] and "월" not in match[0] and not match["year"] and not _is_date_like(match, state.rest):
            continue
        if not _is_known_day(match["year"], int(match["month"]), int(match["day"]), match["weekday"], facts):
            return Refused.DATE
        spans.append(match.span())
    for match in _MONTH_NAME.finditer(state.rest):
        month = _ENGLISH_MONTHS.index(match["month"].lower()) + 1
        if not _is_known_day(None, month, int(match["day"]), None, facts):
            return Refused.DATE
        spans.append(match.span())
    state = state.without(spans)
    spans = []
    for match in _DAY_ALONE.finditer(state.rest):
        months = {day.month for day in facts.all_days}
        if not any(_is_known_day(None, m, int(match["day"]), match["weekday"], facts) for m in months):
            return Refused.DATE
        spans.append(match.span())
    state = state.without(spans)
    spans = []
    for match in _WEEKDAY_ALONE.finditer(state.rest):
        if not any(_WEEKDAYS[day.weekday()] == match["weekday"] for day in facts.days):
            return Refused.DATE
        spans.append(match.span())
    for match in _MONTH_ALONE.finditer(state.rest):
        if int(match["month"]) not in {day.month for day in facts.all_days} and not facts.holds(match[0]):
            return Refused.DATE
        spans.append(match.span())
    for match in _YEAR_ALONE.finditer(state.rest):
        if int(match["year"]) not in {day.year for day in facts.all_days} and not facts.holds(match["year"]):
            return Refused.DATE
        spans.append(match.span())
    return state.without(spans)


def _is_date_like(match: re.Match[str], text: str) -> bool:
    """Whether 11/9 is a day: 9/10 before 건 is nine of ten, and 1-2 a range of anything."""
    return "/" in match[0] and not re.match(rf"\s?(?:{COUNTERS})", text[match.end() :]) or bool(match["weekday"])


def _is_known_day(year: str | None, month: int, day: int, weekday: str | None, facts: Facts) -> bool:
    for known in facts.days:
        if (known.month, known.day) == (month, day) and (not year or known.year == int(year)):
            return weekday is None or _WEEKDAYS[known.weekday()] == weekday
    written = (f"{month}월{day}일", f"{month}/{day}", f"{month:02}-{day:02}", f"{month}.{day}")
    return weekday is None and any(facts.holds(form) for form in written)


def _week_of_month(monday: date) -> set[tuple[int, int]]:
    """What people call a week of the month, by its Monday and by its Thursday."""
    thursday = monday + timedelta(days=3)
    return {
        (monday.month, (monday.day + 6) // 7),
        (thursday.month, (thursday.day + 6) // 7),
        (monday.month, (monday.day + monday.replace(day=1).weekday() + 6) // 7),
    }


# --- Proper names -----------------------------------------------------------------------------------

_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9&+.'-]*")
_HANGUL_WORD = re.compile(r"[가-힣]{2,}")


def _names(state: Sentence, facts: Facts) -> Sentence | Refused:
    is_korean = bool(re.search("[가-힣]", state.whole))
    for index, match in enumerate(_LATIN.finditer(state.rest)):
        word = match[0].rstrip(".-'&+")
        is_name = is_korean or (index > 0 and any(c.isupper() for c in word)) or word[1:].lower() != word[1:]
        if is_name and not _is_known_word(word, facts):
            return Refused.NAME
    for match in _HANGUL_WORD.finditer(state.rest):
        for name in _names_in(match[0]):
            if not facts.holds(name) and not any(facts.holds(n) for n in SAME_NAMES.get(name, ())):
                return Refused.NAME
    return state


def _is_known_word(word: str, facts: Facts) -> bool:
    small = word.casefold()
    if small in PLAIN_WORDS or re.search(rf"(?<![a-z]){re.escape(small)}(?![a-z])", facts.text):
        return True
    return any(facts.holds(other) for other in SAME_NAMES.get(small, ()))


def _names_in(word: str) -> Iterator[str]:
    """Names of companies, products and systems in a Korean word, which particles may follow."""
    for name in KNOWN_NAMES:
        # 토스 is not in 포토스토리, but 네이버 is in 네이버페이.
        if word.startswith(name):
            yield name
    if match := NAME_ENDINGS.match(word):
        if match[0] not in PLAIN_WORDS:
            yield match[0]


# --- Numbers ----------------------------------------------------------------------------------------

_BASE_WORD = r"(?:지난\s?주|전\s?주|기준\s?주|직전\s?주?|이전\s?주|저번\s?주|앞선\s?주|그\s?전\s?주|last week|base week|previous week|the week before)"
_COMPARISON_WORD = r"(?:이번\s?주|금주|비교\s?주|해당\s?주|당주|금번|this week|comparison week)"
_WEEK_WORD = re.compile(
    rf"(?P<base>{_BASE_WORD})|(?P<comparison>{_COMPARISON_WORD})"
)
_ONLY_COMPARED = re.compile(r"\s?(?:에?\s?대비|보다|에?\s?비해|에?\s?비하면|와\s?비교|과\s?비교|와\s?달리|이후|부터)")
_SUBJECT = re.compile(
    r"(?P<not_negative>비부정|부정이?\s?아닌|긍정|중립)|(?P<negative>부정(?:적|률|율)?|불만|negative)|(?P<total>전체|총|문의|건수|티켓|접수|인입|tickets|total)", re.I
)
_UP = r"(?:증가|늘었|늘어나?|늘며|늘고|급증|폭증|상승|올라|올랐|오르|높아|많아|뛰었|뛰어|치솟|불어나?|확대|악화|나빠|심해|rose|risen|increased?|grew|grown|more than doubled|up\b)"
_DOWN = r"(?:감소|줄었|줄어|줄며|줄고|급감|하락|내려|내렸|떨어|낮아|적어|축소|완화|개선(?!이|을|안|책|방|해\s?주|\s?필요|\s?요)|fell|fallen|decreased?|dropped|declined|down\b)"
_CHANGED_BY = re.compile(rf"\s?(?:\([^)]*\)\s?)?(?:씩|만큼|가량|정도|나|이나|가|이|이상|넘게|가까이|쯤|p)?\s?(?:더\s?)?(?:(?P<up>{_UP})|(?P<down>{_DOWN}))")
_BECAME = re.compile(r"\s?(?:\([^)]*\)\s?)?(?:으로|로|까지|을 기록|를 기록|에 (?:이르|달)|\s?to\b)")
_WAS = re.compile(r"\s?(?:\([^)]*\)\s?)?(?:에서|이던|이었던|였던|이었으나|이었는데|였으나|였는데|에 그쳤|에 불과했|->|→|⇒|~>)")
_ARROW_BEFORE = re.compile(r"(?:->|→|⇒|~>)\s?$")
_OF = re.compile(rf"\s?(?:중|가운데|중에서?|of|out of|/)\s?(?:의\s?)?")
_FRACTION = re.compile(r"(?P<of>[0-9]+|[이삼사오육칠팔구십])\s?분의\s?(?P<part>[0-9]+|[일이삼사오육칠팔구])")
_HALF = re.compile(r"(?P<half>절반|반토막|반으로|half)(?P<about>\s?(?:수준|가량|정도|가까이|이상|넘게|이\s?넘|을\s?넘))?")
_DOUBLED = re.compile(r"\b(?:doubled|tripled|twice)\b", re.I)
_LENGTH = re.compile(r"\s?(?:시간|분(?!의)|초|일|주(?:일)?|개월|달|년|회|차례|차|번째|번|단계|위|시|원|만\s?원|영업일|hours?|days?|minutes?|weeks?|MB|GB|KB|px|호|층|점|페이지|쪽|가지|곳|가구|년차)")
_ORDINARY_LENGTH = re.compile(r"\s?(?:시간|분|일|주(?:일)?|개월|영업일|회|차례|차|번|단계|가지|위|hours?|days?|minutes?|weeks?)")
_COMPARISONS_SIDE = re.compile(r"\s?(?:건|명|개)?\s?(?:/|vs\.?)\s?$")
_SAMPLES = re.compile(r"표본|샘플|예시|사례|samples?")
_STREAK = re.compile(r"(?P<n>[0-9]{1,2}|[한두세네]|다섯|여섯)\s?주\s?(?:연속|째|만에|간\s?연속)")


def _units(unit: str) -> Unit | None:
    if not unit:
        return None
    if re.fullmatch(r"%p|%포인트|퍼센트포인트|%point|percentagepoints?|pp", unit, re.I):
        return "points"
    if unit in ("%", "퍼센트", "프로") or unit.lower() == "percent":
        return "percent"
    return "factor" if unit == "배" or unit.lower() == "times" else "count"


def _numbers(state: Sentence, facts: Facts, *, is_advice: bool) -> Refused | None:
    text = state.rest
    spans: list[tuple[int, int]] = []
    for match in _STREAK.finditer(text):
        if not _is_streak(match, facts):
            return Refused.NUMBER
        spans.append(match.span())
    for match in _FRACTION.finditer(text):
        of, part = (_small(match[name]) for name in ("of", "part"))
        if not _is_share(part / of, facts):
            return Refused.NUMBER
        spans.append(match.span())
    text = state.without(spans).rest
    found = list(numerals(text))
    index = 0
    while index < len(found):
        number = found[index]
        following = found[index + 1] if index + 1 < len(found) else None
        if following and (of := _OF.fullmatch(text[number.end : following.start])):
            if not _is_part_of(number, following, "/" in of[0], text, facts):
                return Refused.NUMBER
            index += 2
            continue
        if not _is_carried(number, index, found, text, facts, is_advice=is_advice):
            return Refused.NUMBER
        index += 1
    for match in _HALF.finditer(text):
        if not _is_half(match, text, facts):
            return Refused.NUMBER
    if (match := _DOUBLED.search(text)) and not any(
        abs(f.value - (3 if match[0].lower() == "tripled" else 2)) <= 0.2
        for f in facts.numbers
        if f.unit == "factor"
    ):
        return Refused.NUMBER
    return None


def _small(word: str) -> int:
    return int(word) if word.isdigit() else "영일이삼사오육칠팔구십".index(word)


def _is_streak(match: re.Match[str], facts: Facts) -> bool:
    """Whether the total rose, or fell, for so many weeks."""
    words = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6}
    weeks = int(match["n"]) if match["n"].isdigit() else words[match["n"]]
    totals = facts.material.change.total_last_8_weeks
    steps = [b - a for a, b in zip(totals, totals[1:], strict=False)]
    last = steps[-weeks:]
    return len(last) == weeks and (all(s > 0 for s in last) or all(s < 0 for s in last))


def _is_share(value: float, facts: Facts) -> bool:
    known = [f.value for f in facts.numbers if f.unit == "percent" and f.role != "change"]
    return any(abs(100 * value - share) <= 4 for share in known)


def _is_part_of(first: Numeral, second: Numeral, is_slash: bool, text: str, facts: Facts) -> bool:
    """69건 중 49건, and 49/69건: both are counts of one week, and the part is of what was named."""
    part, whole = (first, second) if is_slash else (second, first)
    if part.unit and _units(part.unit) != "count":
        return _is_carried(first, 0, [first], text, facts, is_advice=False) and _is_carried(
            second, 0, [second], text, facts, is_advice=False
        )
    clause, before = _clause(text, first.start), text[: first.start]
    role = _week_named(before)
    subjects = _subjects(clause, facts)
    of_samples = bool(_SAMPLES.search(text))
    shares = []
    for week, count in zip(("base", "comparison"), facts.sample_counts, strict=True):
        if role in (None, week) and count == whole.value:
            for word in _words(text):
                shares += [f.value for f in facts.counted(word) if f.unit == "count" and f.role == week]
            shares.append(sum(s.is_negative for s in facts.samples if s.week_role == week))
    if part.value in shares:
        return True
    if of_samples:
        return False
    for week in ("base", "comparison"):
        if role not in (None, week):
            continue
        totals = [f.value for f in facts.numbers if (f.subject, f.unit, f.role) == (TOTAL, "count", week)]
        parts = [
            f.value
            for f in facts.numbers
            if f.unit == "count" and f.role == week and (f.subject in subjects or f.subject == NEGATIVE)
            and f.subject != TOTAL
        ]
        if any(whole.fits(t) for t in totals) and any(part.fits(p) for p in parts):
            return True
    # "열 건 중 일곱 건꼴": a share in small numbers.
    return whole.value <= 10 and bool(re.search("꼴", text)) and _is_share(part.value / whole.value, facts)


def _is_half(match: re.Match[str], text: str, facts: Facts) -> bool:
    tolerance = 8 if match["about"] else 5
    after = text[match.end() : match.end() + 12]
    if re.search(rf"{_DOWN}|으로|토막", after + match[0]) and "줄" in text[match.start() :]:
        return any(abs(f.value - 0.5) <= 0.08 for f in facts.numbers if f.unit == "factor")
    shares = [f.value for f in facts.numbers if f.unit == "percent" and f.role in ("base", "comparison")]
    if match["about"] and re.search("이상|넘", match["about"]):
        return any(50 <= share <= 65 for share in shares)
    return any(abs(share - 50) <= tolerance for share in shares) or any(
        abs(f.value - 0.5) <= 0.06 for f in facts.numbers if f.unit == "factor"
    )


def _is_carried(
    number: Numeral, index: int, found: list[Numeral], text: str, facts: Facts, *, is_advice: bool
) -> bool:
    after = text[number.end :]
    written = text[number.start : number.end]
    unit = _units(number.unit)
    if unit is None:
        length = _LENGTH.match(after)
        if length:
            if is_advice and _ORDINARY_LENGTH.match(after):
                return True
            if re.match(r"\s?주(?!차)", after) and number.value in (1, 2, 8):
                return True
            return facts.holds(written + length[0]) or (
                bool(re.match(r"\s?(?:가지|번째|단계|번)", after)) and number.value <= 3
            )
        if facts.holds(written) and not _CHANGED_BY.match(after):
            return True
        follower = next((n for n in found[index + 1 :] if n.unit), None)
        unit = _units(follower.unit) if follower else None
    if unit == "percent" and not _CHANGED_BY.match(after) and facts.holds(written):
        return True  # a ticket says "30% 할인"
    candidates = _candidates(unit, number, index, found, text, facts)
    return any(number.fits(fact.value) and _sign_fits(number, fact, text) for fact in candidates)


def _sign_fits(number: Numeral, fact: Fact, text: str) -> bool:
    if fact.role != "change" or fact.unit == "factor":
        return number.sign == 0 or fact.role == "change"
    if number.sign:
        return number.sign * fact.value >= 0
    changed = _CHANGED_BY.match(text, number.end)
    if changed is None:
        return True
    return fact.value >= 0 if changed["up"] else fact.value <= 0


def _candidates(
    unit: Unit | None, number: Numeral, index: int, found: list[Numeral], text: str, facts: Facts
) -> Iterator[Fact]:
    """The facts that a number may be: of its unit, of what is counted, and of the week that is spoken of."""
    clause = _clause(text, number.start)
    subjects = _subjects(clause, facts)
    roles = _roles(number, unit, index, found, text)
    known = [*facts.numbers]
    for word in _words(clause):
        known += facts.counted(word)
    if unit == "count":
        known += [
            Fact(TOTAL, "count", role, count)
            for role, count in (("base", facts.sample_counts[0]), ("comparison", facts.sample_counts[1]))
            if _SAMPLES.search(clause)
        ]
    for fact in known:
        if unit is not None and fact.unit != unit:
            continue
        if roles and fact.role not in roles:
            continue
        if subjects and fact.subject not in subjects and fact.subject in (TOTAL, NEGATIVE, NOT_NEGATIVE):
            continue
        yield fact


def _roles(
    number: Numeral, unit: Unit | None, index: int, found: list[Numeral], text: str
) -> set[str] | None:
    """The week, or the change, that a number is said to be of; None where nothing says it."""
    before, after = text[: number.start], text[number.end :]
    if unit == "factor":
        return None
    if _WAS.match(after) and index + 1 < len(found) and _is_same_kind(number, found[index + 1]):
        return {"base", "other"} if "평소" in before[-15:] else {"base"}
    if index and (_WAS.match(text[found[index - 1].end :]) and _is_same_kind(found[index - 1], number)):
        return {"comparison"}
    if _ARROW_BEFORE.search(before):
        return {"comparison"}
    if unit == "points":
        return {"change"}
    if _CHANGED_BY.match(after):
        return {"change"}
    if number.sign and unit == "percent":
        return {"change"}
    week = _week_named(before)
    if _BECAME.match(after):
        return {week or "comparison", "other"} if "평소" in before else {week or "comparison"}
    return {week} if week else None


def _is_same_kind(number: Numeral, other: Numeral) -> bool:
    return not number.unit or not other.unit or _units(number.unit) == _units(other.unit)


def _week_named(before: str) -> str | None:
    """The week that was named last before a number, unless it was only compared with."""
    named = None
    for match in _WEEK_WORD.finditer(before):
        if _ONLY_COMPARED.match(before, match.end()):
            named = None
        else:
            named = "base" if match["base"] else "comparison"
    return named


def _clause(text: str, place: int) -> str:
    """The part of the sentence up to the number, from the last break of sense before it."""
    before = text[:place]
    breaks = [m.end() for m in re.finditer(r"[,;:]\s|(?:지만|으나|(?<=[었했았])고|(?<=[었했았])으며|반면|하고|이며|이고|but|while|and)\s", before)]
    return before[breaks[-1] if breaks else 0 :] + text[place : place + 25]


def _subjects(clause: str, facts: Facts) -> set[str]:
    """What is counted in a clause; empty where it does not say."""
    found: set[str] = set()
    for match in _SUBJECT.finditer(clause):
        kind = match.lastgroup
        found.add({"negative": NEGATIVE, "not_negative": NOT_NEGATIVE, "total": TOTAL}[kind or "total"])
    small = compact(clause)
    found |= {f.subject for f in facts.numbers if compact(f.subject) in small and f.subject not in (TOTAL, NEGATIVE)}
    if NEGATIVE in found and TOTAL in found and not re.search("중|전체|총", clause):
        found.discard(TOTAL)  # 부정 문의
    return found


_PARTICLES = re.compile(r"(?:에서|으로|로|은|는|이|가|을|를|의|에|와|과|도|만|까지|부터|이라는|라는|관련|언급|문의|입니다|이며|이고|한|된)+$")


def _words(text: str) -> Iterator[str]:
    """The words that tickets may hold, without the particles behind them."""
    for word in re.findall(r"[가-힣A-Za-z]{2,}", text):
        stem = _PARTICLES.sub("", word)
        if len(stem) >= 2 and not _SUBJECT.fullmatch(stem) and not _WEEK_WORD.fullmatch(stem):
            yield stem


# --- Directions -------------------------------------------------------------------------------------

_DIRECTION = re.compile(rf"(?P<up>{_UP})|(?P<down>{_DOWN})", re.I)
_NOT_SAID = re.compile(
    r"^(?:시키|시킬|할|하는지|했는지|한\s?것인지|될|ㄹ|을\s?수|할\s?수|하면|하도록|하기|하지\s?않|를\s?위|을\s?위|\s?여부|\s?추이|\s?시(?=[\s,에])|\s?원인|\s?목표|\s?방안|\s?대응|지\s?않|질\s?수|는지|세|폭|율|분|\s?요인|\s?이유|\s?배경)"
)
_HEDGED = re.compile(r"가능성|추정|보입니다|보인다|듯|의심|수\s?있|것\s?같|아닌지|may|might|could|possibl|likely")


def _directions(state: Sentence, facts: Facts) -> Refused | None:
    """Whether a rise or fall of tickets or of the negative share has the right sign."""
    text = state.rest
    change = facts.material.change
    total = change.comparison_total - change.base_total
    negative = change.comparison_negative - change.base_negative
    points = change.negative_ratio_change_pp
    for match in _DIRECTION.finditer(text):
        if _NOT_SAID.match(text[match.end() :]):
            continue
        clause = _clause(text, match.start())[: -25 or None] if len(text) - match.start() > 25 else _clause(text, match.start())
        clause = clause[: max(0, len(clause) - min(25, len(text) - match.start()))]
        is_up = match["up"] is not None
        subject = [m for m in _SUBJECT.finditer(clause)]
        small = compact(clause)
        keyword = next((f for f in facts.numbers if f.role == "change" and f.unit == "count" and f.subject not in (TOTAL, NEGATIVE, NOT_NEGATIVE) and compact(f.subject) in small), None)
        if re.search(r"부정(?:적|률|율)|(?:부정|불만)[가-힣\s]*?(?:비율|비중|율|률)|비율|비중|negative (?:share|ratio)", clause) and not re.search("긍정|중립|비부정", clause):
            if points is not None and (points > 0) != is_up:
                return Refused.DIRECTION
        elif subject and subject[-1]["not_negative"]:
            continue
        elif any(m["negative"] for m in subject):
            if (negative > 0) != is_up:
                return Refused.DIRECTION
        elif keyword is not None:
            if (keyword.value > 0) != is_up:
                return Refused.DIRECTION
        elif subject and not _HEDGED.search(text[match.end() :]):
            if (total > 0) != is_up or total == 0:
                return Refused.DIRECTION
    return None

"""Shares and factors in words: 절반, 3분의 2, more than half, doubled. Pure."""

from __future__ import annotations

import re

from flows.analysis.claims.directions import clause_before
from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Facts, compact
from flows.analysis.claims.numerals import numerals
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import (
    BASE_WORD,
    DOWN,
    UP,
    facts_named,
    keywords_in,
    names_samples,
    subjects_in,
    week_at,
)

_FRACTION = re.compile(
    r"(?P<of>[0-9]+|[이삼사오육칠팔구십])\s?분의\s?(?P<part>[0-9]+|[일이삼사오육칠팔구])"
)
_HALF = re.compile(
    r"(?:절반|과반)(?:(?P<most>(?:에는|에도|[이을도에은는])?\s?(?:아니|넘지\s?않"
    r"|넘지\s?못|안\s?되|못\s?되|밑[도돌돕돈]|하회|(?:한참\s|조금\s|살짝\s|약간\s)?못\s?미|미치지))"
    r"|(?P<least>[이을]?\s?(?:훨씬\s|크게\s|훌쩍\s|조금\s|살짝\s|약간\s)?(?:넘(?!지)|웃[도돌돕돈]|상회)|\s?이상)"
    r"|(?P<about>\s?(?:수준|가량|정도|가까이|쯤|에\s?(?:가[까깝]|근접|육박))))?"
    r"|반토막|(?<![중초후])반으로"
)
_WAS = re.compile(
    r"(?:(?:절반|과반)\s?(?:수준|가량|정도|남짓)?에서|"
    r"(?:절반|과반|[0-9이삼사오육칠팔구십]{1,2}\s?분의\s?[0-9일이삼사오육칠팔구])\s?(?:수준|가량|정도|남짓)?(?:이던|이었던|에서(?=\s[^\s]{0,4}\s?(?:분의|절반))))"
)
_BECAME = re.compile(r"[^,.]{2,7}?(?:에\s?(?:가까워[져졌]|육박)|[으]?로\s|까지\s)")
_ORDINARY = dict(
    zip(
        ["하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉", "열"],
        range(1, 11),
        strict=True,
    )
)
_RATIO = re.compile(
    rf"(?<![가-힣])(?P<whole>{'|'.join(_ORDINARY)})\s?(?:중|가운데|에)\s(?P<part>{'|'.join(_ORDINARY)})"
    r"(?=\s?(?:꼴|정도|이상|수준|가량|[은는이가을를도]|에도))"
)
_A_FEW = {
    "두세": 2,
    "두서너": 3,
    "서너": 3,
    "너댓": 4,
    "네댓": 4,
    "대여섯": 5,
    "예닐곱": 6,
    "일고여덟": 7,
}
_COUNTED_RATIO = re.compile(
    rf"(?<![0-9,.])(?P<whole>[2-9]|10|열)\s?건\s?(?:중|가운데)\s"
    rf"(?:(?P<few>{'|'.join(_A_FEW)})\s?건|(?P<part>[1-9])\s?건(?=\s?(?:꼴|정도|수준|가량)))"
)
_FACTORS = {"doubled": 2, "tripled": 3, "quadrupled": 4, "quintupled": 5, "halved": 0.5}
_FACTOR = re.compile(
    r"(?P<more>(?:more than|over)\s)?(?P<about>(?:almost|nearly|about|roughly)\s)?"
    rf"\b(?P<word>{'|'.join(_FACTORS)})\b",
    re.I,
)
_PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fourth": 1 / 4, "fifth": 1 / 5}
_TIMES = {"": 1, "a": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_PART = re.compile(
    r"\b(?:(?P<more>(?:more than|over|at least)\s)|(?P<less>(?:less than|under|below|nearly|almost)\s))?"
    r"(?:(?P<times>a|one|two|three|four)[\s-])?(?P<part>half|third|quarter|fourth|fifth)s?\s(?:of|are|were)\b",
    re.I,
)

_BY_PART = re.compile(
    r"\b(?P<verb>fell|rose|grew|increased|decreased|dropped|declined|climbed|down|up)\sby\s(?:about\s|roughly\s|almost\s)?"
    r"a\s(?P<part>half|third|quarter|fifth|tenth)\b",
    re.I,
)


def check_shares(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse a share or a factor in words that the data does not have, and blank out its numbers."""
    text = sentence.rest
    fractions = list(_FRACTION.finditer(text))
    ratios = [] if names_samples(text) else list(_COUNTED_RATIO.finditer(text))
    is_carried = (
        all(_is_fraction(match, sentence, facts) for match in fractions)
        and all(_is_ratio(match, sentence, facts) for match in _RATIO.finditer(text))
        and all(_is_counted_ratio(match, sentence, facts) for match in ratios)
        and all(_is_half(match, sentence, facts) for match in _HALF.finditer(text))
        and all(_is_factor(match, sentence, facts) for match in _FACTOR.finditer(text))
        and all(_is_change_by_part(m, sentence, facts) for m in _BY_PART.finditer(text))
        and all(_is_part(match, sentence, facts) for match in _PART.finditer(text))
    )
    if not is_carried:
        return Refused.NUMBER
    return sentence.without(match.span() for match in (*fractions, *ratios))


def _is_change_by_part(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """Fell by a third, from 320 to 240: of its two numbers, or of what it names before."""
    part = {**_PARTS, "tenth": 0.1}[match["part"].lower()]
    kept = 1 + part if re.match("rose|gr|incr|up|climb", match["verb"], re.I) else 1 - part
    pair = re.match(r",?\sfrom\s([0-9.,]+)%?\s?to\s([0-9.,]*[0-9])", sentence.rest[match.end() :])
    if pair:
        first, second = (float(n.replace(",", "")) for n in pair.groups())
        return bool(first) and abs(second / first - kept) <= 0.035
    before = sentence.rest[: match.start()]
    subject = NEGATIVE if re.search("negative", before, re.I) else TOTAL
    known = (f for f in facts.numbers if (f.unit, f.role) == ("factor", "change"))
    return any(abs(f.value - kept) <= 0.035 for f in known if f.subject == subject)


def _small(word: str) -> int:
    return int(word) if word.isdigit() else "영일이삼사오육칠팔구십".index(word)


def _shares(sentence: Sentence, facts: Facts, place: int) -> list[float]:
    """The shares in percent that a part spoken of at a place may be: of the negative tickets, or of what is named."""
    text = sentence.rest
    week = week_at(text, place)
    weeks = {week} if week in ("base", "comparison") else {"comparison"}
    if _WAS.match(text, place):
        weeks = {"base"}
    elif _WAS.search(text, 0, place) and _BECAME.match(text, place):
        weeks = {"comparison"}
    if re.search(r"지난\s?주에도\s이번\s?주에도|두\s?주\s?모두", text):
        weeks = {"base", "comparison"}
    known = list(facts_named(text, sentence, facts))
    if re.search("부정|불만|negative", text):
        known = [f for f in facts.numbers if f.subject == NEGATIVE]
    elif nearest := _nearest_keyword(text[:place], facts):
        known = [f for f in facts.numbers if f.subject == nearest]
    return [f.value for f in known if f.unit == "percent" and f.role in weeks]


def _nearest_keyword(before: str, facts: Facts) -> str | None:
    """The keyword named last in the clause before a place."""
    said = compact(re.split(r"[,;]\s|(?:이고|이며|지만|으나)\s", before)[-1])
    places = {
        said.rindex(label): label
        for keyword in facts.named
        if (label := compact(keyword.label)) in said
    }
    return places[max(places)] if places else None


def _changes(before: str, facts: Facts) -> list[float]:
    """The factors by which what a clause names changed: its two numbers, or the tickets it names."""
    found = list(numerals(before))[-2:]
    if len(found) == 2 and re.fullmatch(
        r"\s?(?:에서|->|→)\s?", before[found[0].end : found[1].start]
    ):
        gap = before[found[1].end :]
        if re.fullmatch(r"(?:으?로),?\s(?:[가-힣]{1,4}\s){0,2}", gap) and found[0].value:
            return [found[1].value / found[0].value]
    before = clause_before(before, len(before))
    named = [s for s in subjects_in(before) if s != TOTAL][-1:]
    keyword = _nearest_keyword(before, facts)
    subjects = {keyword} if keyword and not named else set(named) or {TOTAL}
    known = (f for f in facts.numbers if (f.unit, f.role) == ("factor", "change"))
    return [f.value for f in known if f.subject in subjects]


def _is_ratio(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """셋 중 하나꼴, 열에 여섯."""
    whole, part = (_ORDINARY[match[name]] for name in ("whole", "part"))
    value, after = 100 * part / whole, sentence.rest[match.end() :]
    shares = _shares(sentence, facts, match.start())
    if re.match(r"\s?(?:이상|[이가을를]?\s?넘)", after):
        return any(value <= share <= value + 12 for share in shares)
    if re.match(r"(?:도|에도)\s?(?:안|못)", after):
        return any(value - 12 <= share <= value for share in shares)
    return any(abs(share - value) <= 5 for share in shares)


def _is_counted_ratio(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """3건 중 1건 수준, 10건 중 대여섯 건꼴."""
    whole = 10 if match["whole"] == "열" else int(match["whole"])
    low = _A_FEW[match["few"]] if match["few"] else int(match["part"])
    high = low + 1 if match["few"] else low
    shares = _shares(sentence, facts, match.start())
    return any(100 * low / whole - 4 <= share <= 100 * high / whole + 4 for share in shares)


def _is_fraction(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    value = 100 * _small(match["part"]) / _small(match["of"])
    changed = re.match(
        rf"\s?(?:만큼|가량|정도|이나|나|로|이|가)?\s?(?:(?P<up>{UP})|(?P<down>{DOWN}))",
        sentence.rest[match.end() :],
    )
    before = sentence.rest[: match.start()]
    if changed:
        kept = 100 + value if changed["up"] else value if "로" in changed[0] else 100 - value
        return any(abs(100 * factor - kept) <= 3.4 for factor in _changes(before, facts))
    if re.search(rf"(?:{BASE_WORD})(?:\s?(?:건수|접수량?|문의))?의\s(?:약\s)?$", before):
        return any(abs(100 * factor - value) <= 3 for factor in _changes(before, facts))
    if re.search(
        r"(?:증가한|늘어난)\s(?:문의의?\s)?(?:약\s)?$|증가분의\s(?:약\s)?$",
        sentence.rest[: match.start()],
    ):
        return abs(_share_of_increase(facts) - value) <= 3
    shares = _shares(sentence, facts, match.start())
    after = sentence.rest[match.end() :]
    if re.match(r"\s?에\s?(?:가까|육박|근접)", after):
        return any(value - 8 <= share <= value + 1 for share in shares)
    if re.match(r"\s?남짓", after):
        return any(value <= share <= value + 8 for share in shares)
    if re.match(r"\s?(?:에\s?그|도\s?안|에도\s?못|이하|미만)", sentence.rest[match.end() :]):
        return any(value - 8 <= share <= value + 1 for share in shares)
    if re.match(r"\s?(?:이상|을\s?넘|를\s?넘|[이가]\s?넘)", sentence.rest[match.end() :]):
        return any(value <= share <= value + 12 for share in shares)
    return any(abs(share - value) <= 2.5 for share in shares)


def _share_of_increase(facts: Facts) -> float:
    """How much of the change in tickets is the change in negative ones, in percent."""
    change = facts.material.change
    total = change.comparison_total - change.base_total
    return 100 * (change.comparison_negative - change.base_negative) / total if total else 0.0


def _has_factor(low: float, high: float, match: re.Match[str], facts: Facts) -> bool:
    """Whether the tickets, or those that the sentence names before, changed by a factor within bounds."""
    named = subjects_in(match.string[: match.start()])
    subjects = (NOT_NEGATIVE,) if NOT_NEGATIVE in named else (TOTAL, NEGATIVE)
    factors = (f for f in facts.numbers if f.unit == "factor" and f.subject in subjects)
    return any(low <= f.value <= high for f in factors if f.role == "change")


def _is_half(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    after = sentence.rest[match.end() : match.end() + 14]
    before = sentence.rest[: match.start()]
    if match["least"] and re.match(rf"게?\s(?:{DOWN})", after):
        return any(0.2 <= factor <= 0.5 for factor in _changes(before, facts))
    if re.match(rf"\s?(?:만큼|가량|정도)?\s?(?:더\s)?(?:{UP})", after):
        return _has_factor(1.44, 1.56, match, facts)
    fell = re.match(rf"(?:으로|로|가량|만큼|\s?수준으로)?\s?(?:{DOWN})", after)
    if fell or match[0] in ("반토막", "반으로"):
        return _has_factor(0.44, 0.56, match, facts)
    if re.match(rf"\s?(?:이하|미만|아래)?로\s?(?:{DOWN})", after):
        return any(0.25 <= factor <= 0.5 for factor in _changes(before, facts))
    shares = _shares(sentence, facts, match.start())
    both = bool(re.search(r"지난\s?주에도\s이번\s?주에도|두\s?주\s?모두", sentence.whole))
    if match["most"]:
        low, high = (0, 42) if "한참" in match["most"] else (0, 50)
        low = 42 if re.search(r"조금|살짝|약간", match["most"]) else low
        return any(low <= share <= high for share in shares)
    if match["least"] or match[0].startswith("과반"):
        low, high = (60, 100) if re.search("훨씬|크게|훌쩍", match[0]) else (50, 100)
        high = 60 if re.search(r"조금|살짝|약간", match[0]) else high
        return any(low <= share <= high for share in shares)
    tolerance = 6 if match["about"] else 3
    near = [abs(share - 50) <= tolerance for share in shares]
    return all(near[:2]) and bool(near) if both else any(near)


def _is_factor(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """doubled, more than tripled: of what is named in the sentence."""
    value = _FACTORS[match["word"].lower()]
    pair = re.match(
        r"[a-z ]*?from\s([0-9.,]+)%?\s?to\s([0-9.,]*[0-9])", sentence.rest[match.end() :]
    )
    if pair:
        first, second = (float(n.replace(",", "")) for n in pair.groups())
        return (
            bool(first)
            and 0.85 * value <= second / first <= (1.5 if match["more"] else 1.1) * value
        )
    keywords = set(keywords_in(sentence.rest, sentence, facts))
    subjects = keywords or ({NEGATIVE} if "negative" in sentence.rest.casefold() else {TOTAL})
    low, high = (value, 1.5 * value) if match["more"] else (0.9 * value, 1.1 * value)
    if match["about"]:
        low = 0.85 * value
    return any(
        low <= fact.value <= high
        for fact in facts.numbers
        if (fact.unit, fact.role) == ("factor", "change") and fact.subject in subjects
    )


def _is_part(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """More than half of the tickets, two thirds are negative."""
    value = 100 * _TIMES[(match["times"] or "").lower()] * _PARTS[match["part"].lower()]
    shares = _shares(sentence, facts, match.start())
    if match["more"]:
        return any(value <= share <= value + 25 for share in shares)
    if match["less"]:
        return any(value - 17 <= share <= value for share in shares)
    return any(abs(share - value) <= 3 for share in shares)

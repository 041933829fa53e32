"""What a sentence says of the last eight weeks: their average, most, fewest, sum, range and order. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import mean

from flows.analysis.claims.facts import Facts
from flows.analysis.claims.numerals import Numeral, numerals
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import BASE_WORD

_COUNTS = {"두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8}
_RANKS = {"첫": 1, **_COUNTS}
_NUMBER = rf"[0-9]|{'|'.join(_COUNTS)}"
WINDOW = re.compile(
    rf"(?P<before>직전|이전|앞선|과거|종전)\s?(?:(?P<count>{_NUMBER})\s?주)?(?=[간\s의는은도을를,]|동안|평균|$)(?<!직전)(?<!이전)"
    rf"|(?:(?P<last>최근|지난)\s?)?(?<![0-9])(?P<recent>{_NUMBER})\s?주(?=[간의는은을를\s,]|동안|평균|\s?내내)(?!차)"
)
_STATISTIC = re.compile(
    r"(?P<mean>평균)|(?P<most>최다|최고치?|최대치?|최댓값|(?:가장|제일)\s(?:많|높)[가-힣]*)"
    r"|(?P<fewest>최소치?|최저치?|최솟값|(?:가장|제일)\s(?:적|낮)[가-힣]*)|(?P<sum>합[계쳐산]|합(?=[은이])|누적)"
)
_STATISTICS: dict[str, Callable[[Sequence[int]], float]] = {
    "mean": mean,
    "most": max,
    "fewest": min,
    "sum": sum,
}
_VALUE_AFTER = re.compile(
    r"(?:\s?주)?[은는도인이의과와]?\s?[(]?(?:약|대략)?\s?(?:[가-힣]{2,4}[은는]\s)?$"
)
_RANGE = re.compile(r"\s?건?\s?(?:~|–|-|에서|부터)\s?")
_UNTIL_NOW = re.compile(
    r"\s?(?:사이|수준|범위|안팎|정도|선)?(?:[을를에]|에서|이|으로)?\s?(?:[가-힣]{1,6}\s?)?(?:다가|으나|지만|는데)"
)
"""79~94건 사이를 유지하다가: of the weeks before the comparison week."""
_NEVER = re.compile(r"(?:한\s번도|단\s한\s번도)")
_ALWAYS = re.compile(r"매번|매주|내내|줄곧|항상|모두|each|every", re.I)
_BELOW = re.compile(r"\s?(?:아래|밑|미만|이하|[을를]\s(?:밑돈|밑돌))")
_RANK = re.compile(
    rf"(?P<rank>첫|{_NUMBER})\s?번째로\s(?:(?P<most>많|높|큰)|(?P<fewest>적|낮|작)|(?P<over>[^.]{{0,12}}?넘))"
)
_ONE_WAY = re.compile(r"오르내림\s?(?:이\s|없이)|한\s방향으로|꾸준히\s?(?:증가|늘|감소|줄)")
_BEYOND_USUAL = re.compile(r"(?:평소|통상|범위|상한)[^,.]{0,8}[을를]\s(?:넘|벗어|초과|웃)")
_AGAINST_MEAN = re.compile(
    r"평균(?:[을에]|보다)\s(?:[가-힣]{2,3}\s)?(?:(?P<above>웃|넘|상회|많|높)|밑[도돌돕돈]|못\s?미|하회|적|낮)"
)
_STEADY = re.compile(r"꾸준(?:했|히\s(?:접수|들어|이어|발생))|(?P<rare>드물게|간간이|간헐적)")


def check_weeks(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse a statistic or an order of the last weeks that they do not have, and blank out its numbers."""
    text = sentence.rest
    numbers = list(numerals(text))
    spans: list[tuple[int, int]] = []
    windows = list(WINDOW.finditer(text))
    for index, match in enumerate(windows):
        end = windows[index + 1].start() if index + 1 < len(windows) else len(text)
        totals = totals_of(match, facts)
        said = text[match.end() : end]
        within = [n for n in numbers if match.end() <= n.start < end and n.unit in ("", "건")]
        carried = _carried(said, match.end(), within, totals, text, facts)
        if carried is None:
            return Refused.NUMBER
        if not _is_in_order(match, said, totals, facts):
            return Refused.NUMBER
        spans += carried
    if not windows:
        ranges = [
            (first, second)
            for first, second in pairwise(numbers)
            if second.unit == "건"
            and _is_range_of_weeks(first, second, 0, text)
            and _UNTIL_NOW.match(text, second.end)
        ]
        past = facts.material.change.total_last_8_weeks[:-1] or (0,)
        if not all(a.fits(min(past)) and b.fits(max(past)) for a, b in ranges):
            return Refused.NUMBER
        spans += [(first.start, second.end) for first, second in ranges]
    return sentence.without(spans)


def totals_of(match: re.Match[str], facts: Facts) -> tuple[int, ...]:
    """The totals of the weeks that are spoken of: 직전 7주 leaves out the comparison week."""
    totals = facts.material.change.total_last_8_weeks
    written = match["count"] or match["recent"] or "7"
    count = int(written) if written.isdigit() else _COUNTS[written]
    if match["before"] or (match["last"] == "지난" and count < 8):
        return totals[:-1][-count:]
    return totals[-count:]


def _carried(
    said: str,
    start: int,
    numbers: Sequence[Numeral],
    totals: Sequence[int],
    text: str,
    facts: Facts,
) -> list[tuple[int, int]] | None:
    """Where the numbers stand that the weeks carry; None where they do not carry one."""
    spans: list[tuple[int, int]] = []
    if not totals:
        return spans
    for first, second in pairwise(numbers):
        if _is_range_of_weeks(first, second, start, text):
            past = facts.material.change.total_last_8_weeks[:-1][-len(totals) :]
            weeks = past if _UNTIL_NOW.match(text, second.end) else totals
            if not (first.fits(min(weeks)) and second.fits(max(weeks))):
                return None
            spans += [(first.start, first.end), (second.start, second.end)]
    for match in _STATISTIC.finditer(said):
        place = start + match.end()
        number = next((n for n in numbers if n.start >= place), None)
        if number is None or not _VALUE_AFTER.fullmatch(text[place : number.start]):
            continue
        if not number.fits(_STATISTICS[str(match.lastgroup)](totals)):
            return None
        spans.append((number.start, number.end))
    always = bool(_ALWAYS.search(text[max(0, start - 4) : start] + said))
    if always and _BEYOND_USUAL.search(said):
        high = facts.material.change.usual_high
        return spans if high is not None and min(totals) > high else None
    for number in numbers:
        if (number.start, number.end) in spans or number.unit != "건":
            continue
        is_true = _holds_of_all(
            number, text, totals, never=bool(_NEVER.search(said)), always=always
        )
        if is_true is False:
            return None
        if is_true:
            spans.append((number.start, number.end))
    return spans


def _is_range_of_weeks(first: Numeral, second: Numeral, start: int, text: str) -> bool:
    """131~160건, 618건부터 702건까지, and neither what is usual nor "10건에서 18건으로"."""
    between = text[first.end : second.start]
    is_usual = re.search(r"평소|통상|범위\($", text[start : first.start])
    is_step = re.match(r"(?:으?로|[이가])\s", text[second.end :])
    return bool(_RANGE.fullmatch(between)) and not is_usual and not is_step


def _holds_of_all(
    number: Numeral, text: str, totals: Sequence[int], *, never: bool, always: bool
) -> bool | None:
    """Whether all weeks are within a bound: 한 번도 300건 아래로, 매주 50건 이상; None where it is no bound."""
    after = text[number.end :]
    if never:
        return min(totals) >= number.value if _BELOW.match(after) else max(totals) <= number.value
    if not always or not re.match(r"\s?(?:이상|이하|안팎|수준|정도|대|[을를]\s넘|내외)", after):
        return None
    if re.match(r"\s?(?:이상|[을를]\s넘)", after):
        return min(totals) >= number.value
    return all(map(number.fits, totals))


def _is_in_order(match: re.Match[str], said: str, totals: Sequence[int], facts: Facts) -> bool:
    """Whether the week has the rank that is said, and the weeks go one way or are steady where it is said."""
    if not totals:
        return True
    is_base = bool(
        re.search(rf"(?:{BASE_WORD})[는가]\s[^,.]{{0,6}}$", match.string[: match.start()])
    )
    all_totals = facts.material.change.total_last_8_weeks
    week = all_totals[-2] if is_base else all_totals[-1]
    among = totals if match["before"] is None or is_base else (*totals, week)
    if average := _AGAINST_MEAN.search(said):
        return week > mean(totals) if average["above"] else week < mean(totals)
    if rank := _RANK.search(said):
        written = rank["rank"]
        place = int(written) if written.isdigit() else _RANKS[written]
        if rank["over"]:
            limit = next((n.value for n in numerals(rank["over"])), None)
            return limit is None or (sum(t > limit for t in among) == place and week > limit)
        better = sum(t > week if rank["most"] else t < week for t in among)
        return better == place - 1
    if one_way := _ONE_WAY.search(said):
        steps = [b - a for a, b in pairwise(totals)]
        up, down = all(s > 0 for s in steps), all(s < 0 for s in steps)
        if "없" in said[one_way.end() : one_way.end() + 4] or one_way[0].startswith("한"):
            return up or down
        if "꾸준히" in one_way[0]:
            return up if re.search("증가|늘", one_way[0]) else down
    if steady := _STEADY.search(said):
        return any(totals) if steady["rare"] else all(totals)
    return True

"""Numbers of anything but tickets, such as lengths of time and money: they stand in a ticket. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.analysis.claims.facts import Facts, Measure
from flows.analysis.claims.numerals import NATIVE, SINO, in_words
from flows.analysis.claims.sentence import Refused, Sentence

_IN_ENGLISH = {"hour": "시간", "day": "일", "minute": "분", "week": "주", "month": "달"}
_TIMES = (
    r"시간|분(?![의기])|초(?![가-힣]{2})|영업일|일(?![곱부반치])|주일|주(?![문소요차])"
    r"|개월|달(?!러)|년|(?:hour|day|minute|week|month)s?\b"
)
_PLANNED = rf"{_TIMES}|회(?![원사])|차례|차(?![단이지])|번째|번|단계|가지|위(?![치험])|시(?![간스])"
_OTHERS = (
    r"만\s?원|원(?![인래])|점|호(?![출환])|층|페이지|쪽|곳|년차|자리|글자|군데|사람|장(?![애바])|통(?![신화계])"
    r"|마리|대(?=[가를의도는]\s)|명|개(?![월인])|잔|살|권(?!한)|줄|박(?![스])|MB|GB|KB|px|ms"
)
_OBJECTS = frozenset({"명", "개"})
"""What amounts.py judges: they may count tickets."""
_UNIT = rf"(?P<unit>{_PLANNED}|{_OTHERS})"
_DAYS = dict(
    zip(
        ["이틀", "사흘", "나흘", "닷새", "엿새", "이레", "여드레", "아흐레", "열흘", "보름"],
        (2, 3, 4, 5, 6, 7, 8, 9, 10, 15),
        strict=True,
    )
)
_MEASURE = re.compile(
    rf"(?:(?<![\w.,])(?:(?P<first>[0-9]+)\s?[~–-]\s?|(?P<myriads>[0-9]+)만\s)?(?P<digits>[0-9]{{1,3}}(?:,[0-9]{{3}})+"
    rf"|[0-9]+(?:\.[0-9]+)?)\s?(?P<scale>[만천백])?"
    rf"|(?<![가-힣])(?P<words>(?!하나|둘|셋|넷)(?>{NATIVE}|(?=[가-힣]{{0,6}}[십백천만]){SINO})))\s?{_UNIT}"
    rf"|(?<![가-힣])(?P<days>{'|'.join(_DAYS)})(?=째|[간이가을은를에만도씩나\s,.]|동안|넘|가까이)"
    r"|(?<![가-힣])(?:(?P<week>일주일)|(?P<day>하루))(?=째|\s?(?:넘|이상|가까이|만에|뒤에))"
)
_NOT_COUNTED = re.compile(
    r"(?<![0-9])[0-9]{1,2}\)(?=\s)|(?<![0-9])1:1(?![0-9])|24/7|365일|[1-9](?:순위|안(?=[은을과]))"
    r"|[1-3]차(?=\s(?:피해|점검|조사|조치|대응|분석|확인|답변|안내|원인|검토|분류|상담|문의|민원|불만|해결|개선))"
)
"""The marks of a list, and set phrases."""
_NUMBER_OF_DIGITS = re.compile(r"(?P<count>[한두세네])\s?자릿\s?수")
_PRESENT = re.compile(r"(?:현재|지금|기존|이미|그동안|종전|원래|지금까지)[^,.]{0,12}$")
_PRESENT_AFTER = re.compile(
    r"\s?(?:인\s|이던|이었던|였던|뿐|밖에|째|[을를이가은는]?\s?(?:[가-힣]{1,4}\s)?(?:이미"
    r"|유지하|재배치|계속|투입했|배치했|근무|휴가|퇴사|부족|있[으습어]|중[이입]))"
)
_SCALES = {"백": 100, "천": 1000, "만": 10_000, None: 1}


@dataclass(frozen=True)
class _Written:
    """A measure where it stands in a text."""

    value: float
    unit: str
    first: float | None
    start: int
    end: int


def measures_of(text: str) -> frozenset[Measure]:
    """All measures in a text, in days for 사흘 and its like."""
    return frozenset((each.value, each.unit) for each in _written(text))


def check_measures(sentence: Sentence, facts: Facts, *, is_advice: bool) -> Sentence | Refused:
    """Refuse a length of time, an amount or the like that no ticket holds; advice may set a term."""
    if not all(
        _is_number_of_digits(match, facts) for match in _NUMBER_OF_DIGITS.finditer(sentence.rest)
    ):
        return Refused.NUMBER
    spans = [match.span() for match in _NOT_COUNTED.finditer(sentence.rest)]
    sentence, spans = sentence.without(spans), []
    for each in _written(sentence.rest):
        if each.unit in _OBJECTS:
            continue
        is_planned = (
            is_advice
            and bool(re.fullmatch(_PLANNED, each.unit))
            and each.value <= 1000
            and not states_the_present(sentence.rest, each.start, each.end)
        )
        if not (is_planned or _is_plain(each, sentence.rest, facts) or _is_in_data(each, facts)):
            return Refused.NUMBER
        spans.append((each.start, each.end))
    return sentence.without(spans)


def _is_number_of_digits(match: re.Match[str], facts: Facts) -> bool:
    """세 자릿수: as many digits as a count or a share of the data has."""
    known = (f.value for f in facts.numbers if f.role in ("base", "comparison"))
    return " 한두세네".index(match["count"]) in {len(str(int(value))) for value in known}


def states_the_present(text: str, start: int, end: int) -> bool:
    """Whether a number in advice says how things are: 현재 5명인 인력."""
    return bool(_PRESENT.search(text[:start]) or _PRESENT_AFTER.match(text, end))


def _written(text: str) -> Iterator[_Written]:
    for match in _MEASURE.finditer(text):
        if match["days"]:
            yield _Written(_DAYS[match["days"]], "일", None, *match.span())
            continue
        if match["week"] or match["day"]:
            yield _Written(1, "주" if match["week"] else "일", None, *match.span())
            continue
        digits = match["digits"]
        value = float(digits.replace(",", "")) if digits else in_words(match["words"])
        value *= _SCALES[match["scale"]]
        value += 10_000 * float(match["myriads"] or 0)
        first = float(match["first"]) if match["first"] else None
        unit = {"개월": "달", "주일": "주", "차례": "번", "회": "번", "쪽": "페이지"}.get(
            match["unit"], match["unit"].replace(" ", "")
        )
        unit = _IN_ENGLISH.get(unit.removesuffix("s"), unit)
        yield _Written(value, unit, first, *match.span())


def _is_plain(measure: _Written, text: str, facts: Facts) -> bool:
    """Whether it is a way of speaking: 한 번, 두 가지, 지난 8주."""
    value, unit = measure.value, measure.unit
    if unit == "달" and value <= 2 and re.search(r"최근\s?$", text[: measure.start]):
        return True  # as long as the eight weeks
    if unit == "분" and value == 1 and re.match("[은이께의]", text[measure.end :]):
        return True  # 고객 한 분
    if unit == "주":
        lasts = re.match(r"\s?(?:째|넘|이상|가까이|만에)", text[measure.end :])
        is_of_trend = re.search(r"(?:최근|지난|직전|이전|과거|앞선)\s?$", text[: measure.start])
        return value <= 8 if is_of_trend else value in (1, 2, 8) and not lasts
    if unit in ("가지", "번째", "단계", "페이지", "번") and value == len(facts.material.keywords):
        return unit == "가지"
    return (value == 1 and not re.fullmatch(rf"{_TIMES}|만?원|시", unit)) or (
        unit in ("가지", "번째", "단계") and value <= 3
    )


def _is_in_data(measure: _Written, facts: Facts) -> bool:
    values = [value for value in (measure.first, measure.value) if value is not None]
    same = {measure.unit: 1.0, **({"주": 1 / 7} if measure.unit == "일" else {})}
    same |= {"일": 7.0} if measure.unit == "주" else {}
    return all(
        any((value * size, unit) in facts.measures for unit, size in same.items())
        for value in values
    )

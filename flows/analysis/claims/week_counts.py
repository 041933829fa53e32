"""How many categories got worse, or are of a status, as a sentence about a whole week counts them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from flows.analysis.claims.numerals import in_words, numerals
from flows.analysis.claims.sentence import Refused
from flows.analysis.claims.week_facts import MARK
from flows.report.values import Change, WeeklyReport

CRITICAL = r"심각|critical"
MONITOR = r"(?<!전)주의(?!가?\s?(?:깊|필요)|를|해야)|watch(?:ing)?|monitor(?:ing)?"
IMPROVED = r"개선|나아[진졌]|호전|improv(?:ed|ing|ement)"
WORSE = r"악화|나빠[진졌지]|worse(?:ned|ning)?"
CLEAR = r"뚜렷|분명|확실|명확|\bclear(?:ly)?|\bstrong(?:ly)?"
WEAK = r"약[한하함합]|\bweak(?:ly)?"

_WORDS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8},
    **{"nine": 9, "ten": 10},
}
_WHAT = (
    rf"(?P<critical>{CRITICAL})|(?P<monitor>{MONITOR})|(?P<improved>{IMPROVED})|(?P<worse>{WORSE}|경보|알림|alerts?)"
    rf"|(?P<clear>{CLEAR})|(?P<weak>{WEAK})"
)
_COUNT: dict[str, Callable[[WeeklyReport], int]] = {
    "critical": lambda report: report.announced_counts["CRITICAL"],
    "monitor": lambda report: report.announced_counts["MONITOR"],
    "improved": lambda report: report.announced_counts["IMPROVED"],
    "worse": lambda report: len(report.to_analyse),
    "clear": lambda report: report.clear_count,
    "weak": lambda report: sum(c.evidence == "weak" for c in report.to_analyse),
}
_DAY = re.compile(
    r"(?:20[0-9]{2}-)?W[0-9]{2}|20[0-9]{2}-[0-9]{2}-[0-9]{2}|(?:[0-9]{1,2}월\s?)?[0-9]{1,2}일"
)
_NUMBER = re.compile(
    r"(?<![0-9.,])(?P<digits>[0-9]{1,4})\s?(?:개|곳|가지)(?!월)"
    r"|(?<![가-힣])(?P<korean>한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?(?:개|곳|가지)"
    r"|(?<![0-9.,])(?P<tickets>[0-9]{1,4})건"
    rf"|(?<![0-9.,])\b(?P<english>{'|'.join(_WORDS)}|[0-9]{{1,4}})\b(?=\s(?:new\s|announced\s)?"
    r"(?:of\s(?:the\s)?(?:\w+)\s(?:alerts|categories)\b|categor|alerts?\b|areas?\b|of\s(?:them|these|which)|others?\b|are\b|is\b|need|got\b|were\b|was\b|improved|worsened"
    r"|critical|clear|to\swatch|watch))",
    re.I,
)
_STATUS = re.compile(r"(?:심각|(?<!전)주의|개선)[은는이가도]?\s?$")
_BEFORE = re.compile(rf"(?:{_WHAT})[^0-9,.;]{{0,16}}$", re.I)
_NOUN = (
    r"(?:\sof\s(?:the\s)?\w+\s(?:alerts|categories)|\s(?:alerts?|categor\w+)(?=\s(?:are|is|were|was|got|need))"
    r"|의?\s?(?:알림|경보)[은는이가](?=\s))?"
)
_AFTER = re.compile(rf"{_NOUN}[^0-9,.;]{{0,36}}?(?:{_WHAT})[가-힣]*", re.I)
_OF_WHOLE = re.compile(r"\bof\s(?:the\s|these\s)?$", re.I)
_WHOLE = re.compile(r"의?\s?(?:알림|경보)\s(?:중|가운데)")
"""3 of the 4 alerts, 알림 4개 중 3개."""
_ALL_OF_THEM = re.compile(r"모두|전부|다\s|\ball\b", re.I)


def without_counts(text: str, report: WeeklyReport) -> str | Refused:
    """A sentence without the numbers of categories, and the words that say which; refused where one is wrong.

    Beside names the words stay, as they are said of these: "심각 단계는 A와 B 2개".
    """
    spans: list[tuple[int, int]] = []
    last = 0
    for number in _NUMBER.finditer(text):
        if number["tickets"] and not _STATUS.search(text, last, number.start()):
            continue  # 158건
        value = _value(number)
        whole = _WHOLE.match(text, number.end())
        if whole or _OF_WHOLE.search(text[: number.start()]):
            if value != len(report.to_analyse):
                return Refused.NUMBER
            spans.append(number.span())
            last = whole.end() if whole else number.end()
            continue
        before = _BEFORE.search(text, last, number.start())
        after = _AFTER.match(text, number.end())
        # Three of them clearly, but 심각 2개.
        told = before if before and (number["english"] is None or after is None) else after
        if told is None or value != _COUNT[str(told.lastgroup)](report):
            return Refused.NUMBER
        said = [told]
        if told is before and after and _ALL_OF_THEM.search(after[0]):
            if value != _COUNT[str(after.lastgroup)](report):
                return Refused.NUMBER
            said.append(after)
        spans.append(number.span())
        clause = _CLAUSE_END.search(text, number.end())
        if not re.search(MARK, text[last : clause.start() if clause else None]):
            spans += [(match.start(str(match.lastgroup)), match.end()) for match in said]
        last = max(number.end(), told.end())
    rest = list(text)
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    return "".join(rest)


def _value(number: re.Match[str]) -> int:
    written = next(filter(None, number.groups())).lower()
    if written.isdigit():
        return int(written)
    return _WORDS[written] if number["english"] else in_words(written)


_IS_CHANGE = re.compile(
    r"늘|줄|증가|감소|더|많|적[은다게었]|차이|폭|나[온왔]|차지|급|상승|하락|[+−-]"
    r"|\b(?:more|fewer|less|additional|by|up|down|increases?d?|rise|rose|drop|decrease|gained|account\w*|contribut\w+)\b",
    re.I,
)
_NEGATIVE = re.compile("부정|불만|긍정|negative", re.I)
_CLAUSE_END = re.compile(r"[,;]\s|(?:며|고|지만|으나|는데),?\s|\s(?:and|while|but)\s")
_COMPARED = re.compile(r"(?:대비|비해|보다)[^0-9.]*$")
_IN_LIST = re.compile(r"[,과와]\s")
"""전주에 비해 문의는 76건, 부정 비율은 10.0%p 늘었습니다: both are changes."""
_NEAR = 18
"""Characters on either side of a number in which a word says that it is a change."""


def counts_otherwise(text: str, change: Change) -> bool:
    """Whether a number of tickets is that of negative ones, or a change, and nothing in the text says so."""
    text = _DAY.sub(lambda match: " " * len(match[0]), text)
    more = change.comparison_total - change.base_total
    for number in numerals(text):
        clause = _CLAUSE_END.search(text, number.end)
        said = text[: clause.end() if clause else None]
        if "%" in number.unit or number.unit == "배" or _NEGATIVE.search(said):
            continue
        beside = text[max(0, number.start - _NEAR) : number.start] + text[number.end :][:_NEAR]
        is_total = number.fits(change.base_total) or number.fits(change.comparison_total)
        is_list = _COMPARED.search(text[: number.start]) and _IN_LIST.match(text, number.end)
        is_change = number.fits(more) and bool(is_list or _IS_CHANGE.search(beside))
        if not is_change and (is_list or not is_total):
            return True
    return False

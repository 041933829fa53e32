"""One name for each week: 지난주 and this week of a model become 전주(W45) and W46, as in all of the report. Pure."""

from __future__ import annotations

import re

from catalogue import Locale
from flows.analysis.claims.codes import QUOTES
from flows.report.values import WeekPair
from flows.report.writing import week_number

# What may follow 주 at once: without it 이번 주문 and 지난 주말 would hold a week.
_AFTER = (
    r"(?=$|[^가-힣]|에(?!서)|의(?!\s사항)|는|도(?![가-힣])|가(?![가-힣])|를|보다|와|까지|부터|엔|만(?![가-힣])|로(?![가-힣])"
    r"|처럼|동안|내내|대비|들어|입니다|이며|이고|이었|였)"
)
_BASE = rf"(?<![가-힣])(?:(?:지난|저번|앞선|직전|이전|기준)\s?주|(?<!그\s)(?<![0-9]주\s)전\s?주){_AFTER}"
_COMPARISON = rf"(?<![가-힣])(?:이번\s?주|금주|비교\s?주){_AFTER}"
# 전주 is a city too.
_CITY = re.compile(
    r"전주(?=\s(?:지점|지역|공장|한옥|대리점|물류|센터|매장|완산|덕진|지사|[시역점](?:[은는이가을를의에과와도로]|\s|$)))"
)
_BASE_IN_ENGLISH = (
    r"\b(?:the\s)?(?:last|previous|prior|base)\sweek\b(?!\s(?:of|in)\b)"
    r"|\bthe\sweek\sbefore\b(?!\s?\(|\s(?:last|the|that)\b)"
)
_COMPARISON_IN_ENGLISH = r"\b(?:this|(?:the\s)?(?:comparison|current))\sweek\b"
_PARTICLES = {"는": "은", "가": "이", "를": "을", "와": "과", "로": "으로"}
_PARTICLE = re.compile(rf"(?:{'|'.join(_PARTICLES)})(?![가-힣])")
_CLOSED = frozenset("013678")
"""The digits that end in a consonant as they are read: 육, but 오."""
_CLOSED_BY_L = frozenset("178")


def in_week_names(text: str, weeks: WeekPair) -> str:
    """What a model wrote, with the weeks by their names. What it quotes stays as customers wrote it."""
    parts = []
    end = 0
    for quotation in QUOTES.finditer(text):
        parts += [_named(text[end : quotation.start()], weeks), quotation[0]]
        end = quotation.end()
    return "".join([*parts, _named(text[end:], weeks)])


def base_name(weeks: WeekPair, locale: Locale = "ko") -> str:
    """전주(W45), or the week before (W45)."""
    words = {"ko": "전주", "en": "the week before "}
    return f"{words[locale]}({week_number(weeks.base)})"


def _named(text: str, weeks: WeekPair) -> str:
    base, comparison = week_number(weeks.base), week_number(weeks.comparison)
    # A name with the label beside it already: 지난주(W45), W46(이번 주).
    for words, label, name in (
        (_BASE, base, base_name(weeks)),
        (_COMPARISON, comparison, comparison),
    ):
        labelled = rf"(?:20[0-9]{{2}}-)?{label}"
        text = re.sub(rf"{words}\s?\({labelled}\)|{labelled}\s?\({words}\)", name, text)
    text = re.sub(rf"{_BASE}(?<!전주)\s?\((?!{base})", f"전주({base}, ", text)
    text = re.sub(rf"{_BASE}(?!\s?\()", lambda m: _base(m, base), text)
    text = re.sub(_COMPARISON, comparison, text)
    text = re.sub(
        rf"(?<={comparison})(?:{_PARTICLE.pattern})", lambda m: _particle(m[0], comparison), text
    )
    text = re.sub(rf"(?:{_BASE_IN_ENGLISH})'s", f"{base}'s", text, flags=re.I)
    text = re.sub(_BASE_IN_ENGLISH, lambda m: _in_english(m, base), text, flags=re.I)
    return re.sub(_COMPARISON_IN_ENGLISH, comparison, text, flags=re.I)


def _base(match: re.Match[str], label: str) -> str:
    return match[0] if _CITY.match(match.string, match.start()) else f"전주({label})"


def _in_english(match: re.Match[str], label: str) -> str:
    return f"{'The' if match[0][0].isupper() else 'the'} week before ({label})"


def _particle(particle: str, label: str) -> str:
    """The form of a particle behind a label: 이번 주는 is W46은, 이번 주로 W47로."""
    if label[-1] not in _CLOSED or (particle == "로" and label[-1] in _CLOSED_BY_L):
        return particle
    return _PARTICLES[particle]

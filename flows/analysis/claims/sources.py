"""Tickets and days that a sentence names as its source: what it says of them is theirs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.words import nouns_of
from flows.report.values import Sample

_SAID_OF_ANY = frozenset(
    [
        "문의",
        "티켓",
        "고객",
        "사례",
        "불만",
        "제보",
        "접수",
        "내용",
        "지적",
        "의견",
        "신고",
        "호소",
        "사용자",
        "이용자",
        "경우",
        "이번",
        "지난",
        "비교",
        "확인",
        "문제",
        "관련",
        "상황",
        "표현",
        "대표",
        "원인",
        "오류",
        "이후",
        "가능",
        "표본",
        "샘플",
        "부정",
        "건수",
        "요청",
        "발생",
        "언급",
        "항의",
        "질문",
        "안내",
        "설명",
    ]
)
_EVENT = re.compile(
    r"(?:배포|점검|업데이트|패치|적용|장애|개편|변경|시행|정전|릴리[스즈]|출시"
    r"|개정|도입|교체|이전\s작업|마이그레이션|오픈|인상|중단|release|deploy|update"
    r"|patch|maintenance|outage|migration|rollout)(?!\s?(?:이력|여부|내역|사항"
    r"|내용|가능성))"
)
_WEEKDAY = r"(?:\s?\(?[월화수목금토일](?:요일)?\)?)?"
_WEEKDAY_ALONE = re.compile(
    r"(?<![일0-9가-힣(]\s)(?<![일0-9가-힣(])(?P<weekday>[월화수목금토일])요일(?=\s|에)"
)
_BOUND_AFTER = re.compile(
    rf"{_WEEKDAY}\s?(?:부터|까지|전후|이후|이전|~|–|-|→|에\s?(?:시작|끝)|(?:을"
    rf"|를)?\s?기준|[,)]|[과와]\s|(?:이|이며|이고)\s|\s(?:to|through|until|and)\b"
    rf"|$)"
)
_CAME_IN = re.compile(rf"{_WEEKDAY}에?\s?(?:접수|들어온|등록|작성)")
_BOUND_BEFORE = re.compile(
    r"(?:[~–-]|부터|[인,(]|from|between|to|through|starting|since|week of|until|ending)\s?$"
)


def check_sources(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse a ticket or a day that has nothing of what is said of it, while another ticket has."""
    text = sentence.whole
    named = [s for s in facts.samples if _names_ticket(text, s.ticket_id)]
    if named and not all(
        any(compact(quoted) in _text([sample]) for sample in named)
        for quoted in sentence.quoted
        if any(compact(quoted) in _text([sample]) for sample in facts.samples)
    ):
        return Refused.QUOTATION
    if any(_is_of_another([sample], named, text, facts) for sample in named):
        return Refused.CODE
    if weekday := _WEEKDAY_ALONE.search(text):
        samples = [s for s in facts.samples if _is_of_weekday(s, weekday["weekday"])]
        if _is_of_another(samples, samples, text, facts):
            return Refused.DAY
    for day in facts.all_days:
        for match in re.finditer(_written(day), text):
            samples = [s for s in facts.samples if s.day == day or _day_in(s, day)]
            if named and _CAME_IN.match(text, match.end()) and not set(named) & set(samples):
                return Refused.DAY
            if not samples and day not in facts.days:
                continue
            if _is_made_up_event(samples, text) or not (
                not _is_of_another(samples, samples, text, facts)
                if samples
                else _bounds_a_week(text, match)
            ):
                return Refused.DAY
    return sentence


def _names_ticket(text: str, ticket_id: str) -> bool:
    return bool(re.search(rf"(?<![\w-])#?{re.escape(ticket_id)}(?![\w-])", text, re.ASCII))


def _written(day: date) -> str:
    return (
        rf"(?<![0-9]){day.month}월\s?{day.day}일|(?<![0-9./-])0?{day.month}/0?{day.day}(?![0-9/])"
        rf"|{day:%b}[a-z]*\.? {day.day}(?![0-9])"
    )


def _is_of_weekday(sample: Sample, weekday: str) -> bool:
    is_its_day = sample.day is not None and "월화수목금토일"[sample.day.weekday()] == weekday
    return is_its_day or f"{weekday}요일" in _text([sample])


def _day_in(sample: Sample, day: date) -> bool:
    return f"{day.month}월{day.day}일" in _text([sample])


def _bounds_a_week(text: str, match: re.Match[str]) -> bool:
    return bool(
        _BOUND_AFTER.match(text, match.end()) or _BOUND_BEFORE.search(text[: match.start()])
    )


def _is_of_another(
    samples: Iterable[Sample], named: Iterable[Sample], text: str, facts: Facts
) -> bool:
    """Whether samples hold no word of a sentence, and one that is not named holds two."""
    category = " ".join(facts.material.change.category)
    of_all = _SAID_OF_ANY | nouns_of(category)
    words = {word for word in nouns_of(text) if len(word) > 1} - of_all
    own, ids = _text(samples), {sample.ticket_id for sample in named}
    if any(word in own for word in words):
        return False
    others = [_text([s]) for s in facts.samples if s.ticket_id not in ids]
    spoken = compact(text)
    keywords = [k for k in map(compact, (k.label for k in facts.material.keywords)) if k in spoken]
    return any(
        sum(word in other for word in words) >= 2
        or any(keyword in other for keyword in keywords if keyword not in compact(category))
        for other in others
    )


def _is_made_up_event(samples: Iterable[Sample], text: str) -> bool:
    own = _text(samples)
    events = [compact(event) for event in _EVENT.findall(text)]
    return bool(events) and not any(event in own for event in events)


def _text(samples: Iterable[Sample]) -> str:
    return "\n".join(compact(f"{s.title}\n{s.detail}") for s in samples)

"""Tickets and days that a sentence names as its source: what it says of them is theirs. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from flows.analysis.claims.days import WEEKDAYS
from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.vocabulary import SAID_OF_ANY
from flows.analysis.claims.wording import BASE_WORD, COMPARISON_WORD
from flows.analysis.claims.words import stems_of
from flows.report.values import Sample

_EVENT = re.compile(
    r"(?:배포|점검|업데이트|패치|적용|장애|개편|변경|시행|정전|릴리[스즈]|출시"
    r"|개정|도입|교체|이전\s작업|마이그레이션|오픈|인상|중단|release|deploy|update"
    r"|patch|maintenance|outage|migration|rollout)(?!\s?(?:이력|여부|내역|사항"
    r"|내용|가능성))"
)
_WEEKDAY = r"(?:\s?\(?[월화수목금토일](?:요일)?\)?)?"
_WEEKDAY_ALONE = re.compile(
    r"(?<![0-9]일\s)(?<![0-9가-힣(])(?<![0-9]\s)(?P<weekday>[월화수목금토일])요일(?=\s|에)"
)
_BOUND_AFTER = re.compile(
    rf"{_WEEKDAY}\s?(?:부터|까지|전후|이후|이전|~|–|-|→|에\s?(?:시작|끝)|(?:을"
    rf"|를)?\s?기준|[,)]|[과와]\s|(?:이|이며|이고)\s|\s(?:to|through|until|and)\b"
    rf"|$)"
)
_BOUND_BEFORE = re.compile(
    r"(?:[~–-]|부터|[인,(]|from|between|to|through|starting|since|week of|until|ending)\s?$"
)


_SLACK = 0.3
"""By how much more another ticket has to have of what is told, to be the one that says it."""
_PART = re.compile(
    r"(?:문의|사례|불만|의견|신고|요청|질문|지적|제보|건)(?:\([^)]*\))?(?:[와과,나]|이나|[도이가]\s있(?:고|으며|었고|었으며))\s"
)
_RETELLS = re.compile(
    r"[다라냐자]는\s|(?:문의|불만|사례|의견|신고|요청|지적|질문|제보|건)[는은가이]\s[^.]*(?:접수|들어|있었|나왔|올라|제기)|묻는|적혀|호소"
)
_OF_WEEK = re.compile(
    r"(?:문의|불만|사례|의견|신고|요청|지적|질문|제보)[은는]\s(?:모두\s)?"
    rf"(?:(?P<base>{BASE_WORD})|(?:{COMPARISON_WORD}))에?\s(?:접수|들어|문의|제기|올라|나온)"
)
"""후드 소음이 심하다는 불만은 이번 주에 접수된 내용이다."""
_IN_WEEK = re.compile(
    rf"^(?:(?P<base>{BASE_WORD})|(?:{COMPARISON_WORD}))(?:\([^)]*\))?(?:에는|에도|에|엔)?,?\s(?:접수된\s|들어온\s)?"
    r"(?P<told>[^,.]{4,80}?[다냐지라자]는\s(?:문의|불만|사례|의견|신고|요청|지적|질문|제보))"
)
"""전주에는 후드 소음이 심하다는 불만이 있었다."""
_TOLD_AMOUNT = re.compile(
    r"(?:(?:오전|오후)\s)?(?<![0-9.,시간])(?<!시간\s)[0-9][0-9,]*\s?(?P<unit>시(?!간)|분|화|회말|대|호|층)(?:\s?[0-9]+분)?"
)
_AMOUNT = re.compile(r"[0-9][0-9,.]*\s?[가-힣A-Za-z%]")


def check_sources(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse a ticket or a day of which something is said that another ticket says."""
    text = sentence.whole
    named = [s for s in facts.samples if _names_ticket(text, s.ticket_id)]
    if named and not all(
        any(compact(quoted) in _text([sample]) for sample in named)
        for quoted in sentence.quoted
        if any(compact(quoted) in _text([sample]) for sample in facts.samples)
    ):
        return Refused.QUOTATION
    for sample in named:
        part = _part_with(text, text.index(sample.ticket_id))
        beside = [s for s in named if _names_ticket(part, s.ticket_id)]
        if not _has_amounts(beside, part, facts):
            return Refused.NUMBER
        if _is_of_another(beside, part, facts) or _is_of_another(
            [sample], part, facts, named=beside, is_alone=False
        ):
            return Refused.CODE
    for week in (_OF_WEEK.search(text), _IN_WEEK.search(text)):
        if week is None:
            continue
        role = "base" if week["base"] else "comparison"
        of_week = [s for s in named or facts.samples if s.week_role == role]
        told = week["told"] if week.re is _IN_WEEK else text[: week.start()]
        if not of_week or _is_of_another(of_week, told, facts):
            return Refused.DAY
    return _day_refused(text, named, facts) or sentence


def _day_refused(text: str, named: Sequence[Sample], facts: Facts) -> Refused | None:
    """Why what is told of a weekday or a date is refused; None where the tickets of that day say it."""
    for weekday in _WEEKDAY_ALONE.finditer(text):
        samples = [s for s in facts.samples if _is_of_weekday(s, weekday["weekday"])]
        part = _part_with(text, weekday.start())
        if _is_of_another(samples, part, facts) or (named and not _shared(samples, named)):
            return Refused.DAY
    for day in facts.all_days:
        for match in re.finditer(_written(day), text):
            samples = [s for s in facts.samples if s.day == day or _day_in(s, day)]
            bounds = _bounds_a_week(text, match)
            if not samples and day not in facts.days:
                continue
            is_of_ticket = _shared(samples, named)
            if (not is_of_ticket and _is_made_up_event(samples, text)) or not (samples or bounds):
                return Refused.DAY
            if _is_of_range(text, match) or not samples:
                continue
            part = _part_with(text, match.start())
            if not _has_amounts(samples, part, facts):
                return Refused.NUMBER
            if _is_of_another(samples, part, facts) or (named and not _shared(samples, named)):
                return Refused.DAY
    return None


def _names_ticket(text: str, ticket_id: str) -> bool:
    return bool(re.search(rf"(?<![\w-])#?{re.escape(ticket_id)}(?![\w-])", text, re.ASCII))


def _written(day: date) -> str:
    return (
        rf"(?<![0-9]){day.month}월\s?{day.day}일|(?<![0-9./-])0?{day.month}/0?{day.day}(?![0-9/])"
        rf"|{day:%Y-%m-%d}(?![0-9])|{day:%b}[a-z]*\.? {day.day}(?![0-9])"
    )


def _without_days(text: str, facts: Facts) -> str:
    for day in facts.all_days:
        text = re.sub(_written(day), " ", text)
    return text


def _is_of_weekday(sample: Sample, weekday: str) -> bool:
    is_its_day = sample.day is not None and WEEKDAYS[sample.day.weekday()] == weekday
    return is_its_day or f"{weekday}요일" in _text([sample])


def _day_in(sample: Sample, day: date) -> bool:
    return f"{day.month}월{day.day}일" in _text([sample])


def _is_of_range(text: str, match: re.Match[str]) -> bool:
    """Whether the day begins or ends a span of days."""
    return bool(
        re.match(rf"{_WEEKDAY}\s?(?:부터|까지|~|–|\s(?:to|through|until)\b)", text[match.end() :])
        or re.search(r"(?:[~–]|부터|from|between|through)\s?$", text[: match.start()])
    )


def _bounds_a_week(text: str, match: re.Match[str]) -> bool:
    return bool(
        _BOUND_AFTER.match(text, match.end()) or _BOUND_BEFORE.search(text[: match.start()])
    )


def _shared(samples: Iterable[Sample], named: Iterable[Sample]) -> bool:
    ids = {sample.ticket_id for sample in named}
    return any(sample.ticket_id in ids for sample in samples)


def _is_of_another(
    samples: Sequence[Sample],
    text: str,
    facts: Facts,
    *,
    named: Sequence[Sample] = (),
    is_alone: bool = True,
) -> bool:
    """Whether a sentence says more of what another sample says than of what these say.

    A word counts the more the fewer samples hold it.
    """
    ordinary = SAID_OF_ANY | stems_of(" ".join(facts.material.change.category))
    text = _without_days(text, facts)
    amounts = {compact(amount) for amount in _AMOUNT.findall(text)}
    words = {word for word in stems_of(text) if not word[0].isdigit()} - ordinary | amounts
    held, counts = _held(words, facts)
    weights = {word: (0.5 if word.endswith("다") else 1) / n for word, n in counts.items()}
    own = sum(weights[word] for word in set().union(*(held[s.ticket_id] for s in samples)))
    ids = {sample.ticket_id for sample in (*samples, *named)}
    others = [found for ticket_id, found in held.items() if ticket_id not in ids]
    for found in others:
        score = sum(weights[word] for word in found)
        is_told = len(found) >= 2 or (found and _RETELLS.search(text))
        least = own + _SLACK if is_alone else 0.99
        if is_told and score > least and (is_alone or (not own and len(found) >= 2)):
            return True
    return False


def _has_amounts(samples: Sequence[Sample], text: str, facts: Facts) -> bool:
    """Whether tickets that are retold hold the amounts which are told of them, where another ticket has some."""
    if not _RETELLS.search(text):
        return True
    text = _without_days(text, facts)
    own = _text(samples)
    for amount in _TOLD_AMOUNT.finditer(text):
        written = compact(amount[0])
        is_told = re.search(rf"(?<![0-9시간]){re.escape(written)}", own)
        if not is_told and re.search(rf"[0-9]{amount['unit']}", own):
            return False
    return True


def sample_told(text: str, facts: Facts) -> Sample | None:
    """The sample that a text speaks of: the one that shares most words with it."""
    words = {word for word in stems_of(text) if word not in SAID_OF_ANY}
    held, counts = _held(words, facts)
    scores = {i: sum(1 / counts[word] for word in found) for i, found in held.items()}
    best = max(facts.samples, key=lambda s: scores[s.ticket_id], default=None)
    return best if best is not None and scores[best.ticket_id] >= 0.5 else None


def _held(words: Iterable[str], facts: Facts) -> tuple[dict[str, set[str]], Counter[str]]:
    """The words that each sample holds, by its id, and how many samples hold each word."""
    held = {s.ticket_id: {word for word in words if _holds(s, word)} for s in facts.samples}
    return held, Counter(word for found in held.values() for word in found)


def _holds(sample: Sample, word: str) -> bool:
    text = f"{sample.title}\n{sample.detail}"
    return word in stems_of(text) if word.endswith("다") else word in _told(sample)


def _part_with(text: str, start: int) -> str:
    """The part of a sentence about one ticket, of several that are retold one after the other."""
    ends = [match.end() for match in _PART.finditer(text)]
    begin = max((end for end in ends if end <= start), default=0)
    return text[begin : min((end for end in ends if end > start), default=len(text))]


def _is_made_up_event(samples: Iterable[Sample], text: str) -> bool:
    own = _text(samples)
    events = [compact(event) for event in _EVENT.findall(text)]
    return bool(events) and not any(event in own for event in events)


def _text(samples: Iterable[Sample]) -> str:
    return "\n".join(map(_told, samples))


@lru_cache(maxsize=1024)
def _told(sample: Sample) -> str:
    return compact(f"{sample.title}\n{sample.detail}")

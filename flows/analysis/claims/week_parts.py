"""The parts of a sentence about a whole week, each with the categories that it speaks of, or all tickets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from flows.analysis.claims.directions import SHARE
from flows.analysis.claims.week_facts import ALL, MARK, WeekFacts
from flows.report.values import Category

SPEAKS_OF_ALL = re.compile(
    r"전체|총(?=\s|[0-9])|모든|전반|\b(?:overall|all tickets|in total|total|altogether)\b", re.I
)
_WHOLE_INCREASE = re.compile(
    r"전체\s?(?:문의\s?)?(?:증가|상승|감소)세?[를을]?(?=\s(?:이끌|주도|견인))|\boverall(?=\s(?:increase|rise|decrease)\b)",
    re.I,
)
"""Where it is said who drove it, a sentence goes on about that."""
_OF_INCREASE = re.compile(
    r"(?:늘어난|증가한|증가분)\s(?:문의\s)?[0-9,]+건\s?(?:중|가운데)|[0-9]\sof\s(?:the\s)?[0-9,]+\s(?:additional|more|new)\b"
)
_BREAK = re.compile(
    r"(?:[가-힣](?:고|며|지만|으나|는데|은데|인데|면서)|[난은진한된는린]\s가운데|반면에?|한편),?\s|[,;]\s"
    r"|,?\s(?:and|while|whereas|but|although|though)\s",
    re.I,
)
_NAME_AT_END = re.compile(rf"{MARK}\s?(?:\([^()]*\))?$")
_JOINS = rf"(?:(?<={MARK})(?:[와과]|하고|이랑)|[,·및/&\s]|그리고|and|both)*"
_IN = re.compile(
    rf"(?:(?:in|within|for|of)\s)?(?P<above>{MARK})(?:[은는](?=\s(?:주로\s|특히\s)?[\ue100-\uf8ff])|의\s경우(?:에는|엔|에는)?|에서[는도]?|에선|중에서[는도]?|\s(?:중|안|내)(?:에서[는도]?)?|의(?=\s[\ue100-\uf8ff])|,)?\s",
    re.I,
)
_BARE = re.compile(rf"(?:{MARK}|\([^()]*\)|[\s,.]|[은는이가도]|in|within|for|of|and|both)*", re.I)
_BRACKET = re.compile(rf"(?P<mark>{MARK})\s?\((?P<said>[^()]*)\)")


@dataclass(frozen=True)
class Part:
    """What is said of the same subjects, with a mark for each name in it.

    `is_joined` says that its names are joined as in "A와 B는"; a part that compares names has them otherwise.
    """

    text: str
    subjects: tuple[Category, ...]
    is_joined: bool = True


def parts_of(marked: str, facts: WeekFacts) -> Iterator[Part]:
    """The parts of a sentence in which names are marked; what no name stands in goes on about those before."""
    found: list[Part] = []
    waiting = ""
    for each in _pieces(marked):
        piece = waiting + each
        waiting = ""
        if re.search(MARK, piece) and _BARE.fullmatch(piece):
            waiting = piece
            continue
        yield from _in_brackets(piece, facts)
        part = _part(_BRACKET.sub(r"\g<mark>", piece), found[-1] if found else None, facts)
        if found and part.subjects == found[-1].subjects and part.is_joined and found[-1].is_joined:
            found[-1] = replace(part, text=found[-1].text + part.text)
        else:
            found.append(part)
    if waiting:
        found.append(_part(waiting, None, facts))
    yield from found


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for match in _BREAK.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        is_list = _NAME_AT_END.search(before) and re.match(rf"(?:and\s)?{MARK}", after)
        is_of_numbers = re.search(r"[0-9건%p]$", before) and re.match(r"(?:and\s)?[0-9]", after)
        if not match[0].strip().startswith("그리고") and not is_list and not is_of_numbers:
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _in_brackets(piece: str, facts: WeekFacts) -> Iterator[Part]:
    """결제 실패(96→158건): what stands in brackets behind a name is of that name."""
    for match in _BRACKET.finditer(piece):
        (subject,) = facts.named_in(match["mark"])
        is_share = "%" in match["said"] and SHARE.search(piece) and not SHARE.search(match["said"])
        said = f"부정 비율 {match['said']}" if is_share else match["said"]
        yield Part(f"{match['mark']} {said}", (subject,))


def _part(piece: str, before: Part | None, facts: WeekFacts) -> Part:
    piece = _without_levels_above(piece, facts)
    named = tuple(dict.fromkeys(facts.named_in(piece)))
    spoken = _WHOLE_INCREASE.sub("", piece)
    if not named:
        of_all = SPEAKS_OF_ALL.search(spoken)
        return Part(piece, (ALL,) if of_all or before is None else before.subjects)
    if SPEAKS_OF_ALL.search(spoken) or (_OF_INCREASE.search(piece) and len(named) == 1):
        return Part(piece, (ALL, *named), is_joined=False)
    return Part(piece, named, is_joined=_are_joined(piece))


def _without_levels_above(piece: str, facts: WeekFacts) -> str:
    """유저 / 이력서에서는 업로드 오류가: speaks of what is below."""
    for match in _IN.finditer(piece):
        (above,) = facts.named_in(match["above"])
        after = facts.named_in(piece[match.end() :])
        is_alone = not re.search(r"[0-9]", piece[: match.end()])
        if after and is_alone and all(n[: len(above)] == above != n for n in after):
            return piece[: match.start()] + piece[match.end() :]
    return piece


def _are_joined(piece: str) -> bool:
    """Whether nothing but 와, and or a comma stands between the names."""
    places = [match.span() for match in re.finditer(MARK, piece)]
    return all(
        re.fullmatch(_JOINS, piece[end:start]) or _is_particle_only(piece[end:start])
        for (_, end), (start, _) in pairwise(places)
    )


def _is_particle_only(between: str) -> bool:
    return bool(re.fullmatch(r"(?:[와과]|하고|이랑),?\s?(?:및\s|그리고\s)?", between))

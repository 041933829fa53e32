"""That a category is critical, improved, clear or new, and which way English words say it went. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from flows.analysis.claims.directions import SHARE
from flows.analysis.claims.week_counts import CLEAR, CRITICAL, IMPROVED, MONITOR, WEAK, WORSE
from flows.analysis.claims.week_facts import ALL, MARK, WeekFacts
from flows.analysis.claims.week_parts import Part
from flows.analysis.claims.wording import DOWN, UP
from flows.report.values import ANALYSED, Change

_STATES: Mapping[str, Callable[[Change], bool]] = {
    CRITICAL: lambda change: change.status == "CRITICAL",
    MONITOR: lambda change: change.status == "MONITOR",
    IMPROVED: lambda change: change.status == "IMPROVED",
    WORSE: lambda change: change.status in ANALYSED,
    CLEAR: lambda change: change.is_clear,
    WEAK: lambda change: change.evidence == "weak",
    r"신규|새로|새롭|\bnew(?:ly)?\b": lambda change: change.is_first_seen,
}
_ALL_NEGATIVE = re.compile(
    r"(?:모두|전부|다)\s부정|\ball\s(?:of\s\w+\s)?(?:are\s|were\s)?negative\b|\b(?:are|were)\sall\snegative\b",
    re.I,
)
_MOST_NEGATIVE = re.compile(
    r"(?:대부분|다수)[이가은는]?\s부정|\bmost\b[^,.]{0,24}\bnegative\b(?!\sshare)", re.I
)
_ONLY = re.compile(
    rf"{MARK}만(?=\s)|유일|뿐|(?<![가-힣])하나(?:[뿐이로입]|$|,)|\bonly\b(?!\s(?:weak|slight))",
    re.I,
)
_THOSE = re.compile(
    r"(?:한|된|진)\s(?:카테고리|분류|항목|유형|곳|것)[은는]|\bthe\s\w+\s(?:categor|ones\b|alerts?\b)"
)
_STEADY = re.compile(
    r"거의\s(?:같|비슷|동일|그대로)|비슷|유사|유지|안정|\b(?:similar|nearly|stable|same|level|remain(?:ed|s|ing))\b"
    r"|변화[가는]?\s(?:거의|크지\s않)",
    re.I,
)
_SUBJECT_OR_SIDE = re.compile(
    rf"(?P<share>{SHARE.pattern})|(?P<negative>부정(?:\s?문의)?|negative(?:\stickets)?)"
    r"|(?P<total>(?:전체\s)?문의|건수|(?<!\bof\s)(?<!\bin\s)\b(?:tickets|volume)\b)"
    rf"|(?P<up>{UP}|\b(?:rising|growing|increasing|climbing|jumping|surging|up|higher|highest|more|increase|rise|jump|growth|surge)\b)"
    rf"|(?P<down>{DOWN}|\b(?:falling|dropping|declining|decreasing|down|lower|lowest|fewer|less|decrease|drop|decline|fall)\b)",
    re.I,
)


def without_states(part: Part, facts: WeekFacts) -> str | None:
    """What a part says besides the states of its subjects; None where one of them is not so."""
    text = part.text
    subjects = [facts.of(subject) for subject in part.subjects]
    if _STEADY.search(text) and not all(map(_is_steady, subjects)):
        return None
    if _ALL_NEGATIVE.search(text) and any((c.comparison_negative_ratio or 0) < 1 for c in subjects):
        return None
    if _MOST_NEGATIVE.search(text) and any(
        (c.comparison_negative_ratio or 0) <= 0.5 for c in subjects
    ):
        return None
    for words, holds in _STATES.items():
        if not re.search(words, text, re.I) or (words in (WORSE, IMPROVED) and SHARE.search(text)):
            continue
        if part.subjects == (ALL,):
            if not _holds_of_all(words, facts):
                return None
        elif not all(map(holds, subjects)):
            return None
        is_whole = _ONLY.search(text) or _THOSE.search(text)
        told = [change for change in facts.announced.values() if holds(change)]
        if is_whole and part.subjects != (ALL,) and told != [c for c in told if c in subjects]:
            return None
        text = re.sub(rf"(?:{words})(?:[되됐된돼]\w*)?", "", text, flags=re.I)
    if _ONLY.search(text) and text == part.text:
        return None  # the only one of what?
    return text


def _holds_of_all(words: str, facts: WeekFacts) -> bool:
    """All tickets got worse where there are more, and more of them are negative; they have no other state."""
    change = facts.of(ALL)
    more = change.comparison_total - change.base_total
    points = change.negative_ratio_change_pp or 0
    if words == WORSE:
        return more > 0 and points > 0
    return words == IMPROVED and more < 0 and points < 0


def _is_steady(change: Change) -> bool:
    """Whether the tickets changed by no more than a few."""
    return abs(change.comparison_total - change.base_total) <= max(3, 0.07 * change.base_total)


def goes_otherwise(text: str, change: Change) -> bool:
    """Whether a word says that tickets, negative ones or their share went the other way than they did.

    It speaks of what is named before it; without anything, of the tickets.
    """
    more = float(change.comparison_total - change.base_total)
    moved = more
    for match in _SUBJECT_OR_SIDE.finditer(text):
        match match.lastgroup:
            case "share":
                moved = change.negative_ratio_change_pp or 0.0
            case "negative":
                moved = float(change.comparison_negative - change.base_negative)
            case "total":
                moved = more
            case side if moved == 0 or (moved > 0) != (side == "up"):
                return True
    return False

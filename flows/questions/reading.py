"""Turns what people ask, in Korean or English, into one of a few questions. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from catalogue.week_words import Named, named_weeks
from catalogue.weeks import as_of, label_of, newest_week, plain, week_of
from flows.report.categories import Levels, Names
from flows.report.values import STATUSES, Status, printable

MAX_CHARACTERS = 400
"""A longer text is no question: only its beginning is read."""
TREND_WEEKS = 8
MOST_WEEKS = 26
MAX_CANDIDATES = 5
SUGGESTIONS = 3


@dataclass(frozen=True)
class CategoryAsked:
    """How a category is doing, or what is below a level; `levels` without one stand for all categories.

    `as_of` is the date as of which the wanted week is the newest complete one; None asks for the newest.
    """

    levels: Levels
    wants_why: bool = False
    as_of: date | None = None


@dataclass(frozen=True)
class StatusAsked:
    """The categories with one of these statuses."""

    statuses: tuple[Status, ...]
    levels: Levels = ()
    as_of: date | None = None


@dataclass(frozen=True)
class TrendAsked:
    """So many weeks, up to the newest or the one of `as_of`."""

    weeks: int
    levels: Levels = ()
    as_of: date | None = None


@dataclass(frozen=True)
class ComparisonAsked:
    """Two weeks side by side, the earlier first; a week that is not named is the newest one or the week before."""

    first: date | None = None
    second: date | None = None
    levels: Levels = ()


@dataclass(frozen=True)
class ExamplesAsked:
    """Tickets of a category."""

    levels: Levels
    as_of: date | None = None


@dataclass(frozen=True)
class Unclear:
    """A question that more than one name fits (`is_ambiguous`), or that cannot be read.

    `questions` are what can be asked instead, the nearest first; each can be read, and holds no word of the asker's
    beside those that this module knows.
    """

    questions: tuple[str, ...]
    is_ambiguous: bool = False


Asked = CategoryAsked | StatusAsked | TrendAsked | ComparisonAsked | ExamplesAsked

_MENTION = re.compile(r"<@[^>]*>")
# 26주 is week 26 to `named_weeks`, but a number of weeks after 최근, and where a trend is asked for.
_NUMBER_OF_WEEKS = r"(\d{1,4})\s*(?:주간?|weeks?)(?!\w)(?!\s*(?:전|차|ago|back|earlier))"
_LAST_WEEKS = re.compile(rf"(?<![\w-])(?:최근|지난|last|past)\s*{_NUMBER_OF_WEEKS}")
_WEEK_COUNT = re.compile(rf"(?<![\w-])(?:최근|지난|last|past)?\s*{_NUMBER_OF_WEEKS}")
_AROUND = "?？!！.。,·:;\"'“”‘’()~&+"
_STATUS_WORDS: dict[Status, str] = {
    "CRITICAL": "심각|critical",
    "MONITOR": "주의|관찰|모니터|monitor|watch",
    "IMPROVED": "개선|improved?",
    "STABLE": "안정|stable",
}
_STATUSES = {
    status: re.compile(rf"(?:{words})(?:만|한|된|인)?(?:요|것만|거만)?", re.I)
    for status, words in _STATUS_WORDS.items()
}
_WHY = re.compile(
    r"왜(?:요|죠|지|야)?|이유(?:는|가|를)?|원인(?:은|이|을)?|why|reasons?|causes?", re.I
)
_TREND = re.compile(r"(?:추이|추세|흐름|트렌드)(?:는|를|가)?|trends?|history", re.I)
_COMPARE = re.compile(r"비교(?:해\S*|는|를)?|compare[ds]?|comparison|vs|versus", re.I)
_EXAMPLES = re.compile(
    r"(?:예시|사례|샘플|표본|원문)(?:들|를|을|는|은|좀)?|예를?|examples?|samples?|quotes?", re.I
)
# Words around a question that say nothing about it.
_FILLERS = re.compile(
    r"좀|더|만|그럼|요즘|이번|지난|이번주|지난주|주|어때|어때요|어떤가요|늘었\S*|줄었\S*|나빠\S*|많아\S*|증가\S*"
    r"|문의\S*|들어\S*|것|것만|거만|그래\S*|그런\S*|이래\S*|알려\S*|보여\S*|해줘\S*|해주\S*|주세요|줘|상황|현황|카테고리|와|과|이랑|랑|하고"
    r"|and|with|of|in|for|about|the|a|is|are|did|do|does|so|to|me|more|show|give|tell|please|how|what|only|just"
    r"|doing|going|been|have|has|there|any|tickets?|complaints?|this|last|weeks?|now|rise|rose|up|worse|many",
    re.I,
)
_PARTICLES = re.compile(r"(?<=\S)(?:에서|에는|에|은|는|이|가|을|를|의|도|만|쪽|관련)$")


def read_question(text: str, names: Names, today: date, commands: Sequence[str]) -> Asked | Unclear:
    """What a text asks.

    Args:
        text: as it was written, mention and all.
        names: the categories that are known.
        today: in the reporting time zone, for a week without a year.
        commands: questions to suggest where nothing nearer is found, in the asker's language.
    """
    return _Reader(names, today, commands).read(text)


class _Reader:
    def __init__(self, names: Names, today: date, commands: Sequence[str]) -> None:
        self._names = names
        self._today = today
        self._commands = commands

    def read(self, text: str) -> Asked | Unclear:
        plain = unicodedata.normalize("NFC", _MENTION.sub(" ", printable(text[:MAX_CHARACTERS])))
        plain = plain.replace("**", "").replace("`", "")
        if name := self._names.exact(plain.strip()):
            return CategoryAsked(self._names.levels[name])
        words = plain.split()
        name, others = self._named_in_full(words)
        asked = _Words.read(" ".join(others), self._today)
        this_week = week_of(self._today)
        if any(not each.exists or each.weeks[0] > this_week for each in asked.named):
            return self._nothing(plain.split())
        if asked.rest:
            fitting = self._fitting(asked.rest, self._names.levels[name] if name else ())
            if len(fitting) > 1:
                questions = (f"{name} {asked.known}".strip() for name in fitting[:MAX_CANDIDATES])
                return Unclear(tuple(questions), is_ambiguous=True)
            if not fitting:
                return self._nothing(_Words.read(plain, self._today).rest, asked.known)
            (name,) = fitting
        return self._question(asked, name) or self._nothing(plain.split())

    def _question(self, asked: _Words, name: str | None) -> Asked | None:
        levels = self._names.levels[name] if name else ()
        newest = newest_week(self._today)
        months = [
            [week for week in each.weeks if week <= newest]
            for each in asked.named
            if len(each.weeks) > 1
        ]
        # Who asks about the week that is not over means the newest that is.
        weeks = [as_of(min(each.weeks[-1], newest)) for each in asked.named]
        last = weeks[0] if weeks else None
        if len(set(weeks)) > 2:
            return None
        if asked.compares or len(set(weeks)) == 2:
            return ComparisonAsked(*_two(weeks), levels)
        if asked.wants_why:
            return CategoryAsked(levels, True, last)
        if asked.wants_examples:
            return ExamplesAsked(levels, last)
        if asked.wants_trend or asked.count is not None or months:
            usual = len(months[0]) if months else TREND_WEEKS
            count = usual if asked.count is None else asked.count
            return TrendAsked(min(max(count, 1), MOST_WEEKS), levels, last)
        if asked.statuses:
            return StatusAsked(asked.statuses, levels, last)
        if name:
            return CategoryAsked(levels, False, last)
        return StatusAsked(STATUSES[:-1], (), last) if weeks else None

    def _named_in_full(self, words: list[str]) -> tuple[str | None, list[str]]:
        """The longest run of words that is a name in full, and the other words."""
        for length in range(len(words), 0, -1):
            for start in range(len(words) - length + 1):
                asked = " ".join(words[start : start + length])
                for each in dict.fromkeys((asked, asked.strip(_AROUND))):
                    if name := self._names.exact(each):
                        return name, words[:start] + words[start + length :]
        return None, words

    def _fitting(self, words: Sequence[str], above: Levels) -> tuple[str, ...]:
        """The names below `above` that the words fit, said in one way or another."""
        names = self._names.below(above) if above else self._names
        return next(filter(None, map(names.fitting, _ways_to_say(words))), ())

    def _nothing(self, words: Sequence[str], known: str = "") -> Unclear:
        ways = list(_ways_to_say(words))
        names = next(filter(None, map(self._names.nearest, ways)), ())
        near = [f"{name} {known}".strip() for name in names]
        near += get_close_matches(ways[0], self._commands, cutoff=0.5)
        return Unclear(tuple(dict.fromkeys([*near, *self._commands]))[:SUGGESTIONS])


@dataclass(frozen=True)
class _Words:
    """The words of a question by what they mean.

    `known` are those that have a meaning here, as a question of their own would spell them; `rest` are the others.
    """

    wants_why: bool
    wants_trend: bool
    wants_examples: bool
    compares: bool
    statuses: tuple[Status, ...]
    named: tuple[Named, ...]
    count: int | None
    known: str
    rest: tuple[str, ...]

    @classmethod
    def read(cls, text: str, today: date) -> _Words:
        text = plain(text)
        has_trend = any(_TREND.fullmatch(word.strip(_AROUND)) for word in text.split())
        counts, text = _taken(_WEEK_COUNT if has_trend else _LAST_WEEKS, text)
        named, text = named_weeks(text, today)
        more, text = _taken(_WEEK_COUNT, text)
        counts += more
        words = [word.strip(_AROUND) for word in text.split()]
        found: dict[re.Pattern[str], list[str]] = {}
        rest = []
        known = [label_of(each.weeks[-1]) for each in named]
        known += [each[0].strip() for each in counts]
        patterns = (_WHY, _TREND, _EXAMPLES, _COMPARE, *_STATUSES.values())
        for word in filter(None, words):
            pattern = next((each for each in patterns if each.fullmatch(word)), None)
            if pattern is None:
                rest.append(word)
            else:
                found.setdefault(pattern, []).append(word)
                known.append(word)
        return cls(
            wants_why=_WHY in found,
            wants_trend=_TREND in found,
            wants_examples=_EXAMPLES in found,
            compares=_COMPARE in found,
            statuses=tuple(status for status in STATUSES if _STATUSES[status] in found),
            named=tuple(named),
            count=int(counts[0][1]) if counts else None,
            known=" ".join(known),
            rest=() if all(map(_FILLERS.fullmatch, rest)) else tuple(rest),
        )


def _taken(pattern: re.Pattern[str], text: str) -> tuple[list[re.Match[str]], str]:
    """What the pattern finds, and the text without it."""
    return list(pattern.finditer(text)), pattern.sub(" ", text)


def _ways_to_say(words: Sequence[str]) -> Iterator[str]:
    """The words as a name: all, then without those that say nothing; each also without the particle at its end."""
    telling = [word for word in words if not _FILLERS.fullmatch(word)]
    for each in (list(words), telling):
        yield " ".join(each)
        yield _PARTICLES.sub("", " ".join(each))


def _two(weeks: list[date]) -> tuple[date | None, date | None]:
    """The weeks to compare, the earlier first; of one, the week before is the other."""
    if not weeks:
        return None, None
    return (min(weeks) if min(weeks) != max(weeks) else None), max(weeks)

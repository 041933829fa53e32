"""Read what people write to the bot, in Korean or English. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from typing import Literal

from catalogue.week_words import Named, named_weeks
from catalogue.weeks import as_of, newest_week, plain

Kind = Literal["report", "choice", "refusal", "status", "help", "question", "unclear"]
Why = Literal["not_over", "future", "unknown", "before_data"]

QUESTION_LENGTH, WORD_LENGTH = 300, 20
"""Characters of a question that are read, and of a word that can be politeness."""
SLIP = 0.75
"""From this likeness on, an unknown word is taken for a slip of the pen."""


@dataclass(frozen=True)
class Asked:
    """What a person asks for.

    A `report` on `week`, a `choice` among `weeks`, a `refusal` with the reason and the nearest `weeks`, or a
    `question`; `unclear` looks like a slip of the pen. A week is its Monday. `force` asks to post anew, `words` is
    what was written.
    """

    kind: Kind
    week: date | None = None
    force: bool = False
    why: Why | None = None
    weeks: tuple[date, ...] = ()
    words: str = ""


def understood(text: str, today: date) -> Asked:
    """Read the words after a mention or a command.

    A week, or nothing, asks for its report, with any polite words around it. Words that are left over make it a
    question, and so do two weeks.

    Args:
        text: as Slack passes it on.
        today: in the reporting time zone.
    """
    said = _without_signs(text)
    return replace(_understood(said, text, today), words=said[:QUESTION_LENGTH])


def within_data(asked: Asked, first: date) -> Asked:
    """The same request where no week before `first` can be reported; who forces a report may know better."""
    weeks = tuple(week for week in asked.weeks if week >= first)
    if asked.force or (asked.week is not None and asked.kind == "report" and asked.week >= first):
        return asked
    match asked.kind:
        case "report":
            return replace(asked, kind="refusal", why="before_data", weeks=(first,))
        case "choice" if not weeks:
            last = asked.weeks[-1]
            return replace(asked, kind="refusal", why="before_data", week=last, weeks=(first,))
        case "choice" | "refusal":
            return replace(asked, weeks=weeks or (first,))
        case _:
            return asked


def nearest(words: str, phrases: Sequence[str], count: int = 3) -> tuple[str, ...]:
    """The phrases that look most like the words, the most similar first."""
    return tuple(sorted(phrases, key=lambda phrase: -_likeness(words, phrase))[:count])


def _understood(said: str, text: str, today: date) -> Asked:
    if len(said) > QUESTION_LENGTH:
        return Asked("question")
    named, rest = named_weeks(plain(said), today)
    for word, phrases in _PHRASES.items():
        rest = phrases.sub(f" {word} ", rest)
    kinds = {_kind(word) for word in _SEPARATORS.split(rest) if word}
    force = "force" in kinds
    if named:
        is_more = len({each.weeks for each in named}) > 1 or kinds & {"other", "help", "status"}
        return Asked("question") if is_more else _of_named(named[0], today, force=force)
    if "other" in kinds:
        return Asked("unclear" if _is_slip(said) else "question")
    if kinds & {"status", "overview"}:
        return Asked("status")
    if "help" in kinds or ("greeting" in kinds and not kinds & {"report", "force"}):
        return Asked("help")
    if not kinds and (not said or "?" in plain(said)) and _MENTION.sub("", text).strip():
        return Asked("help")  # nothing but an emoji or a question mark
    return Asked("report", newest_week(today), force)


def _of_named(named: Named, today: date, *, force: bool) -> Asked:
    newest = newest_week(today)
    over = tuple(week for week in named.weeks if week <= newest)
    if not named.exists:
        return Asked("refusal", why="unknown", weeks=(min(named.weeks[0], newest),))
    if not over:
        why: Why = "not_over" if as_of(newest) == named.weeks[0] else "future"
        return Asked("refusal", named.weeks[0], why=why, weeks=(newest,))
    if len(named.weeks) > 1:
        return Asked("choice", force=force, weeks=over)
    return Asked("report", named.weeks[0], force)


def _without_signs(text: str) -> str:
    """What a person wrote, without mentions, emoji, and spaces at its ends or twice."""
    text = html.unescape(_EMOJI_NAME.sub(" ", _MENTION.sub(" ", text)))
    kept = (" " if unicodedata.category(sign) in ("So", "Sk") else sign for sign in text)
    return " ".join("".join(kept).translate(_EMOJI_STYLES).split())


def _kind(word: str) -> str:
    if len(word) <= WORD_LENGTH:
        for kind, pattern in _KINDS.items():
            if pattern.fullmatch(word):
                return kind
    return "other"


def _is_slip(words: str) -> bool:
    """Whether it is nearly one of the words that the bot knows: 지난쥬, stauts."""
    return len(words) > 2 and any(_likeness(words, known) >= SLIP for known in _KNOWN)


def _likeness(one: str, other: str) -> float:
    """From 0 to 1. Korean is compared by its letters: 지난쥬 differs from 지난주 in one of seven."""
    one, other = (unicodedata.normalize("NFD", plain(each)) for each in (one, other))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


_KNOWN = ("지난주", "저번주", "다시 실행", "상태", "도움말", "last week", "status", "help", "rerun")

_MENTION = re.compile(r"<[@!#][^>]*>")
_EMOJI_NAME = re.compile(r":[a-z0-9_+'-]+:")
_EMOJI_STYLES = dict.fromkeys((0x200D, 0x20E3, 0xFE0F))
_SEPARATORS = re.compile(r"[^\w+#%-]+|(?<!\w)-+|-+(?!\w)|_+")
_PHRASES = {
    "help": re.compile(
        r"(?:뭐|뭘|무엇을?)\s*할\s*(?:수|줄)\s*(?:있|알)\w*|어떻게\s*(?:써|쓰|사용)\w*"
        r"|what can you do|how do i use (?:it|this|you)|how does (?:it|this) work"
    ),
    "status": re.compile(
        r"어디까지\s*\w+|다\s*(?:됐|되었|끝났)\w*|뭐\s*하고\s*있\w*|(?:is it|still|are you) (?:running|done|ready)"
    ),
    "again": re.compile(r"한\s*번\s*더|once more|one more time|re run"),
}

# Korean words come with what is written onto them: a particle, a polite ending, single letters (ㅋㅋ).
_PARTICLE = (
    r"(?:은|는|이|가|을|를|의|에|로|으로|도|요|거|것|꺼|건|껀|걸|분|치|자|차|호|쯤|께|님"
    r"|이요|인데|이에요|입니다)"
)
_PLEASE = (
    r"(?:해|줘|주세요|주실래요|주시겠어요|주십시오|주라|줄래|줄수|달라|달라고|다오|봐|보자|보고|봅시다"
    r"|주실|나|드려|드립니다|드릴게|합니다|하자|하세요|하기|할게|할래|싶어|싶습니다|있어|있나|있을까|볼래|볼까|볼게|볼수"
    r"|라|요|용|염|여|좀|바람|바랍니다|부탁|[\u1100-\u11ff])"
)
_VERB = (
    r"(?:보여|보|알려|올려|뽑아|돌려|만들어|가져와|가져다|보내|내|열어|찾아|불러|띄워"
    r"|실행|게시|공유|작성|생성|확인|요청|전달|부탁|출력|조회|해|줘|주세요|봐|줄|볼|싶|있"
    r"|어때|어땠어|어땠나요|어떤가|어떻|어떠|궁금)"
)
_NOUN = (
    r"(?:리포트|레포트|보고서|보고|요약|결과|통계|주간|주|주차|해당|그|이|저|날|날짜|든|들어간|포함된|포함한|있는|말|끝난"
    r"|거|것|꺼|voc|브이오씨|봇|최근|최신|가장|제일|새|좀|제발|한번|한|번|빨리|얼른|바로|지금|현재|일단|혹시|그냥"
    r"|우리|전체|전부|[월화수목금토일](?:요일)?|주말|년|년도)"
)
_ENGLISH = (
    "please|pls|plz|kindly|may|can|could|would|will|you|i|we|me|us|my|our|id|like|want|need|to|let|lets|s"
    "|show|give|get|send|post|see|view|run|make|display|fetch|open|pull|up|check|do|tell|have|bring"
    "|the|a|an|for|of|on|in|from|at|with|and|about|that|this|its|it|is|one|what|how|was|were|did|go|look"
    "|report|reports|summary|weekly|week|weeks|voc|date|day|containing"
    "|latest|newest|most|recent|current|now|just|new|mon|tue|wed|thu|fri|sat|sun"
    "|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
)
# What is said about a word: the first that fits. An overview of a week is its report, of nothing it is the status.
_KINDS = {
    "force": re.compile(
        rf"(?:다시|재|새로)(?:한번)?{_VERB}?{_PLEASE}*{_PARTICLE}?|강제(?:로)?{_PLEASE}*"
        r"|재시도|again|forced?|re-?run|re-?post|redo|retry|anew"
    ),
    "overview": re.compile(rf"현황{_PARTICLE}?{_PLEASE}*"),
    "status": re.compile(
        rf"(?:진행)?(?:상태|상황){_PARTICLE}?{_PLEASE}*|진행현황|진행(?:중|중인|중이야)?{_PARTICLE}?"
        r"|status|state|progress"
    ),
    "help": re.compile(
        rf"(?:도움말?|사용법|사용방법|명령어?){_PARTICLE}?{_PLEASE}*|도와{_PLEASE}+|안내|가이드|매뉴얼"
        r"|help|usage|manual|commands?"
    ),
    "greeting": re.compile(
        r"안녕(?:하세요|하십니까)?|하이|고마워요?|고맙습니다|감사(?:해요?|합니다|드립니다)?|네|넵|넹|응|예|아니요?|그래"
        r"|[\u1100-\u11ff]+|테스트|hi|hello|hey|thanks|thx|thank|ok|okay|yes|no|test|testing|good|morning|nice"
    ),
    "report": re.compile(rf"(?:리포트|레포트|보고서|실행){_PARTICLE}?{_PLEASE}*|reports?|run"),
    "filler": re.compile(rf"{_NOUN}?{_VERB}?{_PLEASE}*{_PARTICLE}*|{_ENGLISH}"),
}

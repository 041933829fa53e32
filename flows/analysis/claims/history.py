"""What a sentence says of earlier weeks: that something is new, lasts, or was never as much. Pure."""

from __future__ import annotations

import re
from itertools import pairwise

from flows.analysis.claims.directions import clause_before
from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import (
    BASE_WORD,
    BY_CHANGE,
    BY_FACTOR,
    DOWN,
    UP,
    facts_named,
    keywords_in,
    week_at,
)

_WEEKS = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "없": 0}
_STREAK = re.compile(
    r"(?P<weeks>[0-9]{1,2}|[한두세네]|다섯|여섯)\s?주\s?(?:연속|째|간\s?연속|동안\s?(?:계속|연속))"
)
_ALARM = re.compile(r"\s?(?:경보|심각|주의|알림)")
_AGAIN = re.compile(r"(?P<weeks>[0-9]{1,2})\s?주\s?만에\s?(?:다시|또)?")
_LASTING = re.compile(
    r"(?:내내|꾸준히|만성적|줄곧|매주|몇\s?주째|오래전부터|오랫동안|예전부터|고질적"
    r"|상시적|지속적으로\s?(?:접수|제기|발생)|persist|chronic|recurring|for (?:months"
    r"|years|weeks)\b)"
)
_NOT_OF_TICKETS = re.compile(
    r"[^,.]{0,30}?(?:모니터|확인|점검|관찰|지켜|살펴|추적|관리|공유|안내|개선)"
)
_LONG_AGO = re.compile(
    r"지난\s?달|전월|작년|지난\s?해|전년|지난\s?분기|전\s?분기|올해\s?들어|수\s?개월"
    r"|몇\s?달|last (?:month|year|quarter)|years? ago|months? ago",
    re.I,
)
_EXTREME = re.compile(
    r"(?:가장|제일)\s?(?:(?P<most>많|높|크|큰)|(?P<least>적|낮|작))|최고치|최고(?=\s(?:건수|수준|기록|접수))|최다"
    r"|최저치|최소(?=[이다]|\s(?:건수|수준|접수))|최대치|(?:(?:highest|most|largest|busiest|peak|record)|(?P<fewest>lowest"
    r"|fewest|smallest))(?=[a-z\s]{0,40}weeks)|[a-z]+-week\s(?:high|(?P<low>low))\b",
    re.I,
)
_RANKS = ("second", "third", "fourth", "fifth")
_RANK = re.compile(rf"\b(?P<rank>{'|'.join(_RANKS)})[-\s]$", re.I)
_STREAK_IN_ENGLISH = re.compile(
    rf"\b(?P<rank>{'|'.join(_RANKS)})\s(?:consecutive\sweek|week\sin\sa\srow|straight\sweek)", re.I
)
_MORE_WEEKS = re.compile(
    r"(?:이보다|이번\s?주보다)[가-힣\s]{0,10}?(?:(?P<more>많)|(?P<fewer>적))[가-힣]{1,2}\s주[는가]?\s(?P<count>없"
    r"|한|두|세|네|[0-9])"
)
_NEW = re.compile(
    r"새로\s?(?:생[긴겼겨]|나타[난났나]|등장|만들|추가된\s(?:카테고리|분류|유형))|새롭게\s?(?:나타|등장|생)"
    r"|처음\s?(?:으로\s?)?(?:나타|등장|접수|들어|생|집계|발생|보고|제기|언급)"
    r"|(?:없던|없었던|(?:언급|접수|보고|등장|제기)되지\s않(?:던|았던))\s(?!것"
    r"|점)|(?:한\s건도|전혀)\s?(?:없|접수되지|들어오지|언급되지|나오지|보이지)"
    r"|(?:신규|새로운)\s?(?:유형|카테고리|분류|문의|이슈|키워드|현상)(?!\s?[은는이가]\s?아니)"
    r"|이력이\s?없|비교할\s?(?:과거|이전|대상|수치)|비교\s?대상이\s?없"
    r"|first (?:appeared|came up|surfaced|emerged)"
    r"|there (?:was|were) no (?:\w+\s)?(?:complaint|ticket|report|mention)"
    r"|first time|brand[- ]new|new (?:category|type|issue|kind)|never (?:been"
    r"|before)|(?:nothing|no one|none)[a-z ]{0,20}(?:had been|before|the week before"
    r"|last week)",
    re.I,
)


_NOT_NEW = re.compile(
    r"[가-힣]?(?:\s[가-힣]{1,6}[은는이가])?\s?(?:것[은이]\s)?(?:아니|아닌|아님|아닙)"
)
_ABSENT = re.compile(
    rf"(?:{BASE_WORD})(?:까지만?\s?(?:해도|는|도)?|에는|엔|에)\s[^,.]{{0,28}}?(?:없었|없던|없다가)"
    r"|한\s?번도\s[가-힣]{0,4}\s?(?:언급|접수|등장|보고|제기|나타나|들어)[^,.]{0,6}(?:않|없)"
    r"|(?:적|언급)[은이도]\s(?:전주|지난\s?주)까지\s(?:한\s번도\s)?없"
    r"|(?:것은|건|적은)\s이번(?:\s주)?[가이]\s처음"
    r"|(?P<class>신설(?:된|한)\s(?:분류|유형|카테고리)|이번(?:\s주)?에\s처음\s(?:분류|집계|생긴|만들어)"
    r"|(?:전주|지난\s?주)\s(?:자료|데이터|수치|기록)[가이]\s없)"
)
_ALSO_BEFORE = re.compile(rf"(?:{BASE_WORD})에도\s[^,.]{{0,24}}?있(?:었|던)")


def check_history(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse what is said of earlier weeks and is not so, and blank out its numbers."""
    text = sentence.rest
    if any(not facts.holds(match[0]) for match in _LONG_AGO.finditer(text)):
        return Refused.DAY
    streaks, others = list(_STREAK.finditer(text)), list(_MORE_WEEKS.finditer(text))
    again = list(_AGAIN.finditer(text))
    change = facts.material.change
    is_carried = (
        all(_is_streak(match, facts) for match in streaks)
        and all(int(match["weeks"]) == change.weeks_since_alarm for match in again)
        and all(_is_streak_of_tickets(m, facts) for m in _STREAK_IN_ENGLISH.finditer(text))
        and all(_is_count_of_weeks(match, facts) for match in others)
        and all(_is_extreme(match, sentence, facts) for match in _EXTREME.finditer(text))
        and all(_is_new(match, sentence, facts) for match in _NEW.finditer(text))
        and all(_is_absent(match, sentence, facts) for match in _ABSENT.finditer(text))
        and (change.base_total > 0 or not _ALSO_BEFORE.search(text))
        and all(_lasts(match, sentence, facts) for match in _LASTING.finditer(text))
    )
    if not is_carried:
        return Refused.NUMBER
    return sentence.without(match.span() for match in (*streaks, *again, *others))


def _is_streak(match: re.Match[str], facts: Facts) -> bool:
    """Whether the total rose, or fell, for so many weeks; 3주째 경보: whether there were alarms in so many."""
    weeks = match["weeks"]
    count = int(weeks) if weeks.isdigit() else _WEEKS[weeks]
    if _ALARM.match(match.string, match.end()):
        return count == facts.material.change.alarm_weeks
    totals = facts.material.change.total_last_8_weeks
    steps = [b - a for a, b in pairwise(totals)][-count:]
    return len(steps) == count and (all(s > 0 for s in steps) or all(s < 0 for s in steps))


def _is_streak_of_tickets(match: re.Match[str], facts: Facts) -> bool:
    """For the third week in a row: there were tickets in each."""
    count = _RANKS.index(match["rank"].lower()) + 2
    return all(facts.material.change.total_last_8_weeks[-count:])


def _is_count_of_weeks(match: re.Match[str], facts: Facts) -> bool:
    """이보다 많았던 주는 두 번: among the last eight."""
    count = int(match["count"]) if match["count"].isdigit() else _WEEKS[match["count"]]
    *before, last = facts.material.change.total_last_8_weeks or (0,)
    return count == sum(total > last if match["more"] else total < last for total in before)


def _is_extreme(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """가장 많다: the week's total among the last eight, or a keyword among the others."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    is_most = (
        match["least"] is None
        and match["fewest"] is None
        and match["low"] is None
        and not re.match("최[저소]", match[0])
    )
    if BY_FACTOR.search(before) or BY_CHANGE.search(before):
        return True  # orders.py judges whose growth is the largest
    is_of_keyword = any(True for _ in keywords_in(before[-16:], Sentence(before, before), facts))
    if is_of_keyword or re.search("키워드|단어|언급", match.string):
        return _is_extreme_keyword(before, after, sentence, facts, is_most=is_most)
    totals = facts.material.change.total_last_8_weeks
    if totals and (rank := _RANK.search(before)):
        place = _RANKS.index(rank["rank"].lower()) + 1
        return sorted(totals, reverse=is_most)[place] == totals[-1]
    if re.match(r"[가-힣]{1,2}\s주[는도의가]\s[^,.]{0,6}[0-9]", after):
        return True  # its number is judged with the other weeks
    if not totals or not re.search("주|week", before + match[0] + after[:44]):
        return True
    if re.search(rf"(?:{BASE_WORD})[는가]\s[^,.]{{0,16}}$", before):
        totals = totals[:-1]
    return totals[-1] == (max(totals) if is_most else min(totals))


def _is_extreme_keyword(
    before: str, after: str, sentence: Sentence, facts: Facts, *, is_most: bool
) -> bool:
    by_change = (
        "폭" in before or re.search(UP, before[-6:]) or re.match(rf"[이은]?\s?(?:{UP})", after)
    )
    sizes = {
        compact(k.label): k.comparison_count - (k.base_count if by_change else 0)
        for k in facts.named
    }
    spoken = compact(sentence.whole)
    named = [word for word in keywords_in(sentence.rest, sentence, facts) if word in spoken]
    if not named or len(named) > 1 or len(sizes) < 2:
        return _is_first_named(named, spoken, sizes, is_most=is_most)
    return sizes[named[0]] == (max if is_most else min)(sizes.values())


def _is_first_named(named: list[str], spoken: str, sizes: dict[str, int], *, is_most: bool) -> bool:
    """Of several keywords the one named first is the one that is most, or least."""
    if len(named) < 2:
        return True
    first = min(named, key=spoken.index)
    return sizes[first] == (max if is_most else min)(sizes.values())


def _is_new(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """Whether there was no ticket of what is called new, or not there."""
    if _NOT_NEW.match(match.string, match.end()):
        return facts.material.change.base_total > 0
    week = week_at(sentence.rest, match.start()) or "base"
    week = "comparison" if week == "comparison" and re.search("한|전혀", match[0]) else "base"
    change = facts.material.change
    if change.base_total == 0 and week == "base":
        return not any(change.total_last_8_weeks[:-1]) or not re.search(
            "새|처음|신규|new|first", match[0]
        )
    named = list(keywords_in(sentence.rest, sentence, facts))
    known = [*facts.numbers, *facts_named(sentence.rest, sentence, facts)]
    return any(
        fact.value == 0
        for fact in known
        if fact.subject in named and (fact.unit, fact.role) == ("count", week)
    )


def _is_absent(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """전주까지 없었다, 이번이 처음이다: no ticket of the base week holds what the clause names."""
    change = facts.material.change
    clause = clause_before(match.string, match.start()) + match[0]
    if match["class"]:
        return not any(change.total_last_8_weeks[:-1]) and not change.base_total
    if change.base_total == 0:
        return True
    named = list(keywords_in(clause, Sentence(clause, clause), facts)) or list(
        keywords_in(sentence.rest, sentence, facts)
    )
    if named:
        known = {f.subject: f.value for f in facts.numbers if (f.unit, f.role) == ("count", "base")}
        return all(known.get(word) == 0 for word in named)
    return _was_absent(clause, sentence, facts)


def _was_absent(clause: str, sentence: Sentence, facts: Facts) -> bool:
    """Whether no ticket of the base week, or sample where they are not known, holds a word of a clause."""
    words = [*sentence.quoted, *re.findall("[가-힣A-Za-z]{2,}", clause)]
    bare = {
        re.sub(r"(?:[은는이가을를의에도]|에서|으로|까지|이라는|라는)$", "", word) for word in words
    }
    week = [s for s in facts.samples if s.week_role == "base"]
    texts = [compact(f"{s.title} {s.detail}") for s in week]
    counted = {word: sum(compact(word) in text for text in texts) for word in bare if len(word) > 1}
    said = {word for word in counted if any(word in compact(s.detail) for s in facts.samples)}
    return bool(said) and not any(counted[word] for word in said)


def _lasts(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """Whether what is said to have come all the time was there in every week, and rose or fell as said."""
    after = sentence.rest[match.end() :]
    if _NOT_OF_TICKETS.match(after):
        return True
    totals = facts.material.change.total_last_8_weeks
    steps = [b - a for a, b in pairwise(totals)]
    if re.match(rf"\s?(?:{UP})", after):
        return bool(steps) and min(steps) >= 0
    if re.match(rf"\s?(?:{DOWN})", after):
        return bool(steps) and max(steps) <= 0
    known = facts_named(sentence.rest, sentence, facts)
    base = [fact.value for fact in known if (fact.unit, fact.role) == ("count", "base")]
    return bool(totals) and all(totals) and all(base)

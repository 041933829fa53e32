"""Rises and falls in a sentence: whether what is said to have risen has. Pure."""

from __future__ import annotations

import re

from flows.analysis.claims.facts import NEGATIVE, TOTAL, Facts, compact
from flows.analysis.claims.numerals import numerals
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import BASE_WORD, COMPARISON_WORD, DOWN, SUBJECT, UP

_COMPARED = r"(?:보다|비해|대비|비하면|견주)[^,.]*?"
_DIRECTION = re.compile(rf"(?P<up>{UP})|(?P<down>{DOWN})", re.I)
_LEVEL = re.compile(
    rf"(?:{BASE_WORD})[의를을]?[^,.]{{0,8}}?(?:(?P<above>웃도|웃돌|웃돕)|(?P<below>밑도|밑돌|밑돕))|{_COMPARED}(?:(?P<up>많(?:은|았|습|다|아|음)|높(?:은|았|습|다|음)|크)|(?P<down>적(?:은|었|습|다|음)|낮(?:은|았|습|다|음)|작))"
)
_NOT_SAID = re.compile(
    r"(?:시키|시킬|할|하는지|했는지|한\s?것인지|될|을\s?수|할\s?수|하면|하도록|하기|하지\s?않|를\s?위|을\s?위|\s?여부|\s?추이|\s?시(?=[\s,에])|\s?원인|\s?목표|\s?방안"
    r"|나는지|날지|지\s?않|질\s?수|는지|드는지|드는\s?지|들\s?수|들면|들게|들도록|세(?=[가-힣])|폭|분|\s?요인|\s?이유|\s?배경)"
)
_HEDGED = re.compile(
    r"가능성|추정|보입니다|보인다|듯|의심|수\s?있|것\s?같|아닌지|may|might|could|possibl|likely"
)
_SHARE = re.compile(
    r"부정(?:적)?(?:률|율)|(?:부정|불만)[가-힣\s]*?(?:비율|비중|율|률)|(?<![가-힣])(?:비율|비중)(?!로)|negative (?:share|ratio)",
    re.I,
)
_NEARLY = r"(?:거의|비슷|유사|크게|큰\s|별|많이|대체로)"
_SAME = re.compile(
    rf"(?:{BASE_WORD})[와과]\s?(?:비교해\s?)?(?:(?P<same>{_NEARLY}?\s?(?:같[은다습았]|동일|변함없|차이가\s?없|비슷|유사)|{_NEARLY}\s(?:변화|차이|변동)가?\s?없)|(?P<other>(?:크게\s|많이\s)?(?:다르|다릅|달라)))"
    r"|(?P<still>변화[가는]?\s?없|변동[이은]?\s?없|그대로|제자리)",
)
_BEYOND = re.compile(
    r"(?:범위|상한|상단|하한|하단|최대치|최소치|수준|평소|통상|[0-9]건)(?:[선치])?(?:\([^)]*\))?[을를보다에은는도\s]{0,3}[^,.0-9]{0,14}?(?:[인이]\s[0-9,]+건[을를보다\s]{0,3}(?:크게|훨씬|한참)?\s?)?"
    r"(?:(?P<above>웃[도돌돕돈]|상회|초과|넘[어은었는])|(?P<below>밑[도돌돕돈]|하회|미달|못\s?미|미치지)|(?P<outside>벗어(?!나지)[나났난]|안에\s(?:들|있)지\s?(?:못|않))|(?P<inside>안에\s(?:있|들|머|속)|벗어나지\s(?:않|못)))"
)
_USUAL = re.compile(r"평소|통상|정상|일반적|그\s?범위|usual")
_TWO = re.compile(
    r"(?P<first>[0-9][0-9,.]*)\s?(?:건|%)?\)?[이가은는도]\s[^0-9]{1,16}?(?P<second>[0-9][0-9,.]*)\s?(?:건|%)?\)?보다\s(?:더\s|훨씬\s)?(?:(?P<more>많|높|크|큰)|(?P<less>적|낮|작))"
)
_PAIR = re.compile(r"(?:에서|->|→)")


def check_directions(sentence: Sentence, facts: Facts) -> Refused | None:
    """Refuse a rise or fall of tickets, of the negative share or of a word against the data, and a wrong "the same"."""
    text = sentence.rest
    for match in _DIRECTION.finditer(text):
        if _NOT_SAID.match(text, match.end()):
            continue
        is_up = match["up"] is not None
        before = _clause(text, match.start())
        signed = [n for n in numerals(before) if n.sign]
        if signed and len(before) - signed[-1].end <= 6 and (signed[-1].sign > 0) != is_up:
            return Refused.DIRECTION
        if re.match("[율률]", text[match.end() :]):
            before += "문의"  # 증가율, 감소율
        pair = _pair(before)
        if pair and pair[0] != pair[1]:
            if (pair[1] > pair[0]) != is_up:
                return Refused.DIRECTION
            continue
        if adnominal := re.match(
            r"(?:[가-힣]{0,2}[난든른은진한된])\s(?P<noun>[^,.]{1,14})", text[match.end() :]
        ):
            if _is_wrong(is_up, adnominal["noun"], sentence, facts, is_bare=False):
                return Refused.DIRECTION
        if _is_wrong(is_up, before, sentence, facts, is_bare=not _HEDGED.search(text, match.end())):
            return Refused.DIRECTION
    for match in _LEVEL.finditer(text):
        before = _clause(text, match.start())
        is_up = bool(match["up"] or match["above"])
        if (match["up"] or match["down"]) and not re.search(
            rf"(?:{BASE_WORD}|{COMPARISON_WORD}|평소|통상|이전|전|[0-9건%)])[가-힣]{{0,3}}$", before
        ):
            if not _are_keywords_in_order(before, match, facts):
                return Refused.DIRECTION
            continue  # compared with something else: 증가율은 SSO보다 낮다
        if re.search(rf"(?:{COMPARISON_WORD})[^,.]{{0,12}}$", before):
            is_up = not is_up  # 지난주가 이번 주보다 많다
        if _is_wrong(
            is_up, before + text[match.start() : match.end()], sentence, facts, is_bare=True
        ):
            return Refused.DIRECTION
    if not all(_are_in_order(match) for match in _TWO.finditer(text)):
        return Refused.DIRECTION
    if not all(_is_beyond(match, facts) for match in _BEYOND.finditer(text)):
        return Refused.DIRECTION
    if not all(_is_same(match, sentence, facts) for match in _SAME.finditer(text)):
        return Refused.DIRECTION
    return None


def _are_in_order(match: re.Match[str]) -> bool:
    """지문(31건)이 페이스(12건)보다 많다."""
    first, second = (
        float(match[name].rstrip(",.").replace(",", "")) for name in ("first", "second")
    )
    return first > second if match["more"] else first < second


def _are_keywords_in_order(before: str, match: re.Match[str], facts: Facts) -> bool:
    """알림 미수신 언급이 담임 언급보다 많다: of what is named first and last."""
    said = compact(before)
    places = sorted(
        (said.index(compact(k.label)), k.comparison_count)
        for k in facts.material.keywords
        if compact(k.label) in said
    )
    if (
        len(places) != 2
        or not re.match("[많적]", match[match.lastgroup or 0])
        or re.search("[율률폭]", before)
    ):
        return True
    (_, first), (_, second) = places
    return first > second if match["up"] else first < second


def _is_beyond(match: re.Match[str], facts: Facts) -> bool:
    """Whether the tickets of the week are above, below, outside or within what is usual."""
    change = facts.material.change
    clause = _clause(match.string, match.start()) + match[0]
    if change.usual is None or not _USUAL.search(match.string):
        return True
    if _SHARE.search(clause) or (SUBJECT.search(clause) and "부정" in clause):
        return True
    low, high = change.usual
    is_base = re.search(BASE_WORD, clause) and not re.search(COMPARISON_WORD, clause)
    total = change.base_total if is_base else change.comparison_total
    if match["above"]:
        return total > high
    if match["below"]:
        return total < low
    return (low <= total <= high) == bool(match["inside"])


def _is_same(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """지난주와 같다, 지난주와 거의 같은 수준, 지난주와 다르다."""
    said = _clause(match.string, match.start())
    change = _change(said, sentence, facts, is_bare=match["still"] is None)
    if change is None:
        return True
    if match["other"]:
        return change != 0
    is_share = bool(_SHARE.search(said))
    is_nearly = re.search(_NEARLY, said[-8:] + match[0])
    slack = 0.0 if not is_nearly else 2.0 if is_share else 0.07 * facts.material.change.base_total
    return abs(change) <= slack


def _is_wrong(is_up: bool, said: str, sentence: Sentence, facts: Facts, *, is_bare: bool) -> bool:
    change = _change(said, sentence, facts, is_bare=is_bare)
    return change is not None and (change == 0 or (change > 0) != is_up)


def _change(said: str, sentence: Sentence, facts: Facts, *, is_bare: bool) -> float | None:
    """The change of what is spoken of; None where it is nothing that was counted.

    With `is_bare` a sentence that names nothing else speaks of the tickets.
    """
    change = facts.material.change
    if _SHARE.search(said) and not re.search("긍정|중립|비부정", said):
        return change.negative_ratio_change_pp or 0.0
    spoken = compact(said)
    for fact in facts.numbers:
        if fact.unit == "count" and fact.role == "change" and fact.subject not in (TOTAL, NEGATIVE):
            if fact.subject in spoken or fact.subject in map(compact, sentence.quoted):
                names = compact("".join(change.category))
                if fact.subject not in names or re.search(
                    "키워드|들어간|들어 있는|언급|나온|담긴", said
                ):
                    return fact.value
    found = list(SUBJECT.finditer(said))
    kinds = {str(m.lastgroup) for m in found}
    if "not_negative" in kinds:
        return None
    if "negative" in kinds:
        return change.comparison_negative - change.base_negative
    if is_bare and (
        "total" in kinds
        or re.search(r"[0-9십백천쉰흔순른물]\s?건(?:으로|이|은|을)?[^,.]{0,10}$", said)
    ):
        return change.comparison_total - change.base_total
    return None


def _pair(said: str) -> tuple[float, float] | None:
    """The two numbers of "A에서 B로" at the end of a clause."""
    found = list(numerals(said))[-2:]
    if (
        len(found) == 2
        and _PAIR.search(said[found[0].end : found[1].start])
        and len(said) - found[1].end <= 16
    ):
        if (
            re.match(r"\s?(?:\([^)]*\)\s?)?(?:으로|로)", said[found[1].end :])
            or len(said) - found[1].end <= 3
        ):
            return found[0].value, found[1].value
    return None


def _clause(text: str, place: int) -> str:
    """What is said before a place, from the last break of sense."""
    before = text[:place]
    breaks = [
        m.end()
        for m in re.finditer(
            r"[,;:]\s|(?:지만|으나|는데도?|반면|(?<=[었했았졌])고|(?<=[었했았])으며|하고|하며|이며|이고|(?:줄|늘|내려|떨)어|올라|[높낮]아져)\s",
            before,
        )
    ]
    return before[breaks[-1] if breaks else 0 :]

"""Comparisons in a sentence: more than, above what is usual, the same as. Pure."""

from __future__ import annotations

import re

from flows.analysis.claims.directions import SHARE, change_of, clause_before, is_wrong
from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.numerals import numerals
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import BASE_WORD, COMPARISON_WORD, SUBJECT

_COMPARED = r"(?:보다|비해|대비|비하면|견주)[^,.]*?"
_LEVEL = re.compile(
    rf"(?:{BASE_WORD})[의를을]?[^,.]{{0,8}}?(?:(?P<above>웃도|웃돌|웃돕)|(?P<below>밑도"
    rf"|밑돌|밑돕))|{_COMPARED}(?:(?P<up>많(?:이\s(?:언급|나타|등장|접수)|은|았"
    rf"|습|다|아|음)|높(?:은|았|습|다|음)|크)|(?P<down>적(?:게\s(?:언급|나타|등장"
    rf"|접수)|은|었|습|다|음)|낮(?:은|았|습|다|음)|작))"
)
_NEARLY = r"(?:거의|사실상|가깝|가까|비슷|유사|크게|큰\s|별|많이|대체로)"
_SAME = re.compile(
    rf"(?:{BASE_WORD})[와과]\s?(?:비교해\s?)?(?:(?P<same>{_NEARLY}?\s?(?:같[은다습았]"
    rf"|동일|변함없|차이가\s?없|비슷|유사)|{_NEARLY}\s(?:변화|차이|변동)가?\s?없)"
    rf"|(?P<other>(?:크게\s|많이\s)?(?:다르|다릅|달라)))"
    r"|(?P<usual>(?:평소|통상|예년)[와과]\s(?:거의\s|크게\s)?(?:비슷|유사|같[은다습았]|다르지|다름없|차이가\s?없))"
    r"|(?P<still>변화[가는]?\s?없|변동[이은]?\s?없|그대로|제자리)",
)
_BEYOND = re.compile(
    r"(?:범위|상한|상단|하한|하단|최대치|최소치|수준|평소|통상|[0-9]건)(?:[선치])?(?:\([^)]*\))?[을를보다에은는도\s]{0,3}[^,.0-9]{0,14}?(?:[인이]\s[0-9,]+건[을를보다\s]{0,3}(?:크게"
    r"|훨씬|한참)?\s?)?"
    r"(?:(?P<above>웃[도돌돕돈]|상회|초과|넘[어은었는]|(?<=보다\s)[많높])|(?P<below>밑[도돌돕돈]"
    r"|(?<=보다\s)[적낮]|하회|미달|못\s?미|미치지)|(?P<outside>밖(?=[이에으])|벗어(?!나지)[나났난]|안에\s(?:들"
    r"|있)지\s?(?:못|않))|(?P<inside>안에\s(?:있|들|머|속)|벗어나지\s(?:않|못)))"
)
_USUAL = re.compile(r"평소|통상|정상|일반적|그\s?범위|usual")
_TWO = re.compile(
    r"(?P<first>[0-9][0-9,.]*)\s?(?:건|%)?\)?[이가은는도]\s[^0-9]{1,16}?(?P<second>[0-9][0-9,.]*)\s?(?:건"
    r"|%)?\)?보다\s(?:더\s|훨씬\s|약\s)?(?:[0-9][0-9,.]*\s?(?:%p|%포인트|건|%)\s?(?:더\s)?)?(?:(?P<more>많|높|크|큰)|(?P<less>적|낮|작))"
)
_PART_OF_USUAL = re.compile(
    r"범위(?:\([^)]*\))?의?\s?(?:(?P<upper>윗부분|위쪽|상단부)|아랫부분|아래쪽|하단부)"
    r"|(?:그|범위(?:\([^)]*\))?의?)\s(?:(?P<over>위)|아래)로\s(?P<beyond>벗어)"
)
_BEYOND_USUAL = re.compile(
    r"(?:(?P<above>above|over|beyond)|(?P<below>below|under)|(?P<inside>within|inside)|(?P<outside>outside))"
    r"\s(?:(?:its|the|their)\s)?usual\s(?:range|level|volume|[0-9])",
    re.I,
)
_STATE = re.compile(
    r"(?:상황|상태|카테고리|유형|추세)[이가은는]\s[^,.]{0,10}?(?:(?P<worse>나빠[졌진]|악화[됐되된])|개선[됐되된]|호전[됐되된]|나아[졌진])"
    r"|\bgot\s(?:(?P<worse_in_english>worse)|better)\b",
    re.I,
)
_OF_A_WEEK = re.compile(
    rf"(?:{BASE_WORD}|{COMPARISON_WORD}|평소|통상|이전|전|[0-9건%)])[가-힣]{{0,3}}$"
)


def check_levels(sentence: Sentence, facts: Facts) -> Refused | None:
    """Refuse a comparison with a week, with what is usual or between two numbers that is not so."""
    text = sentence.rest
    is_carried = (
        all(_is_level(match, sentence, facts) for match in _LEVEL.finditer(text))
        and all(_are_in_order(match) for match in _TWO.finditer(text))
        and all(_is_beyond(match, facts) for match in _BEYOND.finditer(text))
        and all(_is_in_part(match, facts) for match in _PART_OF_USUAL.finditer(text))
        and all(_is_beyond_usual(match, facts) for match in _BEYOND_USUAL.finditer(text))
        and all(_is_state(match, facts) for match in _STATE.finditer(text))
        and all(_is_same(match, sentence, facts) for match in _SAME.finditer(text))
    )
    return None if is_carried else Refused.DIRECTION


def _is_level(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """지난주보다 많다, 지난주를 웃돈다."""
    before = clause_before(match.string, match.start())
    is_up = bool(match["up"] or match["above"])
    against, own = list(numerals(before)), list(numerals(match[0]))
    is_own = own and re.match(r"\)?[이가은는]", match[0][own[-1].end :])
    if is_own and against and re.fullmatch(r"건?\)?", before[against[-1].end :].strip()):
        return (own[-1].value > against[-1].value) == is_up  # 883건보다 778건이 적다
    if (match["up"] or match["down"]) and not _OF_A_WEEK.search(before):
        return _are_keywords_in_order(before, match, facts)  # 증가율은 SSO보다 낮다
    if re.search(rf"(?:{COMPARISON_WORD})[^,.]{{0,12}}$", before):
        is_up = not is_up  # 지난주가 이번 주보다 많다
    return not is_wrong(is_up, before + match[0], sentence, facts, is_bare=True)


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
        for k in facts.named
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
    clause = clause_before(match.string, match.start()) + match[0]
    if change.usual is None or not _USUAL.search(match.string):
        return True
    if SHARE.search(clause) or (SUBJECT.search(clause) and "부정" in clause):
        return True
    low, high = change.usual
    is_base = re.search(BASE_WORD, clause) and not re.search(COMPARISON_WORD, clause)
    total = change.base_total if is_base else change.comparison_total
    bound = re.search(r"(?P<high>상한|상단)|하한|하단", match[0]) or re.search(
        r"(?P<high>상한|상단)|하한|하단", clause
    )
    if bound and (match["above"] or match["below"]):
        limit = high if bound["high"] else low
        return total > limit if match["above"] else total < limit
    if match["above"]:
        return total > high
    if match["below"]:
        return total < low
    return (low <= total <= high) == bool(match["inside"])


def _is_same(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """지난주와 같다, 지난주와 거의 같은 수준, 지난주와 다르다."""
    said = clause_before(match.string, match.start())
    if match["usual"]:
        row = facts.material.change
        is_share = SHARE.search(said) or "부정" in said
        return (
            bool(is_share)
            or row.usual is None
            or row.usual[0] <= row.comparison_total <= row.usual[1]
        )
    change = change_of(said, sentence, facts, is_bare=match["still"] is None)
    if change is None:
        return True
    if match["other"]:
        return change != 0
    is_share = bool(SHARE.search(said))
    is_nearly = re.search(_NEARLY, said[-8:] + match[0] + match.string[match.end() :][:6])
    slack = 0.0 if not is_nearly else 2.0 if is_share else _noise(said, facts)
    return abs(change) <= slack


def _noise(said: str, facts: Facts) -> float:
    """How much a count may change and is still nearly the same."""
    spoken = compact(said)
    keywords = (k for k in facts.named if compact(k.label) in spoken)
    keyword = next(keywords, None)
    base = keyword.base_count if keyword else facts.material.change.base_total
    return max(3.0, 0.1 * base) if keyword else 0.07 * base


def _is_in_part(match: re.Match[str], facts: Facts) -> bool:
    """통상 범위의 윗부분: within what is usual, and in that half of it."""
    usual, total = facts.material.change.usual, facts.material.change.comparison_total
    if usual is None:
        return True
    middle = sum(usual) / 2
    if match["beyond"]:
        return total > usual[1] if match["over"] else total < usual[0]
    is_within = usual[0] <= total <= usual[1]
    return is_within and (total >= middle if match["upper"] else total <= middle)


def _is_beyond_usual(match: re.Match[str], facts: Facts) -> bool:
    """above, below, within or outside its usual range."""
    usual, total = facts.material.change.usual, facts.material.change.comparison_total
    if usual is None:
        return True
    is_true = {
        "above": total > usual[1],
        "below": total < usual[0],
        "inside": usual[0] <= total <= usual[1],
        "outside": not usual[0] <= total <= usual[1],
    }
    return is_true[str(match.lastgroup)]


def _is_state(match: re.Match[str], facts: Facts) -> bool:
    """상황이 나빠졌다: the category got worse, or better, as its status says."""
    if re.match(
        r"[가-힣]{0,2}\s?(?:것[은으]?로?\s)?보기[는에]*\s(?:어렵|힘들)", match.string[match.end() :]
    ):
        return True
    is_better = facts.material.change.status == "IMPROVED"
    return is_better != bool(match["worse"] or match["worse_in_english"])

"""Events that a sentence takes for granted: what has been done, how things are now, what has broken. Pure."""

from __future__ import annotations

import re

from flows.analysis.claims.facts import Facts
from flows.analysis.claims.sentence import Refused, Sentence

_DONE_BY_US = (
    r"교체|배포|도입|시행|개선|완료|합의|결정|체결|개정|투입|배치|적용|진행|운영|수정|조치"
    r"|착수|구축|가동|반영|확대|계약|채용|증원|승인|마련"
    r"|공지|환급|보상|개편|출시|개통|이관|통합|전환|중단|증설|신설|개설|검증|점검|복구|정비"
)
_PAST = (
    r"(?:[을를이가]?\s?(?:마[친쳤]|끝[난냈났나]|거[친쳤]))"
    r"|(?:하기로\s[가-힣]*)?[한된했됐]|되었|하였|돼\s|되어\s"
)
_TAKEN_FOR_DONE = re.compile(
    r"(?:이미|벌써|지난\s?주(?:에)?|지난달(?:에)?|어제|최근에)\s(?:[^,.\s]{1,8}\s){0,2}?"
    rf"(?P<action>{_DONE_BY_US})(?:{_PAST}|\s?중)"
)
_TAKEN_FOR_STATE = re.compile(
    rf"(?P<action>{_DONE_BY_US}|인력|상담[사원]|담당자|전담|직원)[^,.]{{0,18}}?"
    r"(?:상태(?:이?므로|이?니|라서?|여서)|있으므로|있으니|있어서|[했됐났]으므로|되었으므로|[했됐]으니)"
)
_AT_PRESENT = re.compile(
    rf"(?:현재|지금|기존에)\s(?:[^,.\s]{{1,8}}\s){{0,2}}?(?P<action>{_DONE_BY_US})(?:\s?중인|되고\s있는|하고\s있는|한|된)\s(?P<thing>[가-힣]{{2,}})"
    r"|(?:현재|지금)\s(?P<how_often>[^,.]{0,12}?(?:하루|매일|매주|매월|한\s번|두\s번)[^,.]{0,6}?(?:도는|되는|하는|보내는|돌아가는))\s"
)
_BROKEN = re.compile(
    r"리콜|단선|침수|정전|해킹|유출|파업|디도스|랜섬|지진|태풍|폭설|폭우|홍수|소송|과징금|(?:장애|점검|중단)\s?공지[와가는를의]"
    r"|\b(?:flood|power cut|recall|hack|hacked|strike|breach|earthquake|typhoon|lawsuit)\b",
    re.I,
)
_HEDGED = re.compile(
    r"수\s있|수도|가능성|의심|추정|여부|있는지|듯|모르|대비|예방|may|might|could|whether|possib|if\b",
    re.I,
)


def check_events(sentence: Sentence, facts: Facts, *, is_advice: bool) -> Refused | None:
    """Refuse an event outside of the data that is told as a fact; advice, also what it says was done before."""
    text = sentence.rest
    if not is_advice:
        broken = _BROKEN.search(text)
        is_claim = (
            broken and not _HEDGED.search(text) and not facts.holds(broken[0].rstrip("와가는를의"))
        )
        return Refused.EVENT if is_claim else None
    for pattern in (_TAKEN_FOR_DONE, _TAKEN_FOR_STATE):
        if any(not facts.holds(match["action"]) for match in pattern.finditer(text)):
            return Refused.EVENT
    for match in _AT_PRESENT.finditer(text):
        if match["how_often"] or not facts.holds(
            re.sub(r"[을를이가은는의에]$", "", match["thing"])
        ):
            return Refused.EVENT
    return None

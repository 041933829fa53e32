"""Rises and falls in a sentence: whether what is said to have risen has. Pure."""

from __future__ import annotations

import re

from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Facts, compact
from flows.analysis.claims.numerals import numerals
from flows.analysis.claims.roles import unit_of
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.wording import BASE_WORD, COMPARISON_WORD, DOWN, SUBJECT, UP

_DIRECTION = re.compile(rf"(?P<up>{UP})|(?P<down>{DOWN})", re.I)
_NOT_SAID = re.compile(
    r"(?:시키|시킬|할|하는지|했는지|한\s?것인지|될|을\s?수|할\s?수|하면|하도록"
    r"|하기|하지\s?않|를\s?위|을\s?위|\s?여부|\s?추이|\s?시(?=[\s,에])|\s?원인"
    r"|\s?목표|\s?방안"
    r"|나는지|날지|지\s?않|질\s?수|는지|드는지|드는\s?지|들\s?수|들면|들게|들도록"
    r"|세(?=[가-힣])|폭|분|\s?요인|\s?이유|\s?배경)"
)
_HEDGED = re.compile(
    r"가능성|추정|보입니다|보인다|듯|의심|수\s?있|것\s?같|아닌지|may|might|could|possibl|likely"
)
SHARE = re.compile(
    r"부정(?:적)?(?:률|율)|(?:부정|불만)[가-힣\s]*?(?:비율|비중|율|률)|(?<![가-힣])(?:비율"
    r"|비중)(?!로)|negative (?:share|ratio)",
    re.I,
)
_INTENSE = re.compile(r"급|폭증|크게\s|치솟|뛰었")
_PAIR = re.compile(r"(?:에서|->|→)")
_METRIC = re.compile(
    r"(?P<name>[가-힣]{2,6}(?<!증가|감소|증감|상승)[률율]|만족도|매출|평점|별점)[이가은는도]\s[^,.]{0,12}$"
)
"""What the data does not measure."""
_BECAME = re.compile(r"\s?(?:[a-zA-Z]{1,3})?(?:\([^)]*\)\s?)?(?:으로|로)")
_COUNTED = re.compile(r"[0-9십백천쉰흔순른물]\s?건(?:으로|이|은|을)?[^,.]{0,10}$")
_RETOLD = re.compile(r"[가-힣]{0,2}다(?:는|고|며|던)\s")
"""What a customer says has risen or fallen."""
_ADNOMINAL = re.compile(
    r"(?:[가-힣]{0,2}[난든른은진한된])\s(?P<noun>(?!반면|가운데|와중|동안|상황|뒤|후|데|것|만큼|상태|점[은이도을에]|사실|탓|때문)[^,.]{1,14})"
)
_NOTHING_NAMED = re.compile(
    rf"(?:{BASE_WORD}|{COMPARISON_WORD}|대비|보다|비해|크게|소폭|다소|약간|오히려"
    rf"|눈에\s띄게|급격히|뚜렷하게|확연히|계속|더|약|[에는도로\s])*"
)


def check_directions(sentence: Sentence, facts: Facts) -> Refused | None:
    """Refuse a rise or fall of tickets, of the negative share or of a word against the data."""
    found = _DIRECTION.finditer(sentence.rest)
    return Refused.DIRECTION if any(_is_against(m, sentence, facts) for m in found) else None


def _is_against(match: re.Match[str], sentence: Sentence, facts: Facts) -> bool:
    """Whether a word for a rise or a fall is against the numbers before it, or against the data."""
    text = sentence.rest
    if _NOT_SAID.match(text, match.end()):
        return False
    is_up = match["up"] is not None
    before = clause_before(text, match.start())
    signed = [n for n in numerals(before) if n.sign]
    if signed and len(before) - signed[-1].end <= 6 and (signed[-1].sign > 0) != is_up:
        return True
    if re.match("[율률]", text[match.end() :]):
        if not before.strip():
            return False  # of what the clause before names
        before += "문의"  # 증가율, 감소율
    pair = _pair(before)
    is_little = pair and abs(pair[1] - pair[0]) <= max(3, 0.1 * pair[0])
    if is_little and _INTENSE.search(before[-4:] + match[0]):
        return True
    if pair and pair[0] != pair[1]:
        return (pair[1] > pair[0]) != is_up
    if _RETOLD.match(text, match.end()) and not SUBJECT.search(before):
        return False
    noun = _ADNOMINAL.match(text, match.end())
    if noun and is_wrong(is_up, noun["noun"], sentence, facts, is_bare=False):
        return True
    metric = _METRIC.search(before)
    is_hedged = bool(_HEDGED.search(text, match.end()))
    is_state = (
        re.fullmatch("[높낮많작]아", match[0])
        and text[match.end() : match.end() + 1] not in "져졌진"
    )
    if (
        metric
        and not is_state
        and not is_hedged
        and not SHARE.search(before)
        and not facts.holds(metric["name"])
    ):
        return True
    return is_wrong(is_up, before, sentence, facts, is_bare=not is_hedged)


def is_wrong(is_up: bool, said: str, sentence: Sentence, facts: Facts, *, is_bare: bool) -> bool:
    change = change_of(said, sentence, facts, is_bare=is_bare)
    return change is not None and (change == 0 or (change > 0) != is_up)


def change_of(said: str, sentence: Sentence, facts: Facts, *, is_bare: bool) -> float | None:
    """The change of what is spoken of; None where it is nothing that was counted.

    With `is_bare` a sentence that names nothing else speaks of the tickets.
    """
    change = facts.material.change
    if SHARE.search(said) and not re.search("긍정|중립|비부정", said):
        return change.negative_ratio_change_pp or 0.0
    spoken = compact(said)
    quoted = {compact(words) for words in sentence.quoted}
    category = compact("".join(change.category))
    is_of_words = re.search("키워드|들어간|들어 있는|언급|나온|담긴", said)
    for fact in facts.numbers:
        is_of_keyword = fact.unit == "count" and fact.subject not in (TOTAL, NEGATIVE, NOT_NEGATIVE)
        is_spoken_of = fact.subject in spoken or fact.subject in quoted
        is_no_category = is_of_words or fact.subject not in category or fact.subject in quoted
        if is_of_keyword and fact.role == "change" and is_spoken_of and is_no_category:
            return fact.value
    found = list(SUBJECT.finditer(said))
    kinds = {str(m.lastgroup) for m in found}
    if "not_negative" in kinds:
        negative = change.comparison_negative - change.base_negative
        return change.comparison_total - change.base_total - negative if is_bare else None
    if "negative" in kinds:
        return change.comparison_negative - change.base_negative
    is_of_tickets = _NOTHING_NAMED.fullmatch(said) and re.search(BASE_WORD, said)
    is_counted = "total" in kinds or _COUNTED.search(said)
    if is_bare and (is_counted or (is_of_tickets and not SHARE.search(sentence.rest))):
        return change.comparison_total - change.base_total
    return None


def _pair(said: str) -> tuple[float, float] | None:
    """The two numbers of "A에서 B로" at the end of a clause, which their difference may follow."""
    found = list(numerals(said))
    if len(found) > 2 and abs(found[-2].value - found[-3].value) == found[-1].value:
        said = said[: found.pop().start].rstrip()
    found = found[-2:]
    if (
        len(found) < 2
        or unit_of(found[1].unit) == "points"
        or not _PAIR.search(said[found[0].end : found[1].start])
    ):
        return None
    rest = said[found[1].end :]
    is_last = len(rest) <= 3 or (len(rest) <= 16 and _BECAME.match(rest))
    return (found[0].value, found[1].value) if is_last else None


def clause_before(text: str, place: int) -> str:
    """What is said before a place, from the last break of sense."""
    before = text[:place]
    breaks = [
        m.end()
        for m in re.finditer(
            r"[,;:]\s(?!건수로)|(?:지만|으나|는데도?|반면|(?<=[었했았졌])고|(?<=[었했았])으며|하고"
            r"|하며|이며|이고|면서|(?:줄|늘|내려|떨)어|올라|[높낮]아져)\s",
            before,
        )
    ]
    return before[breaks[-1] if breaks else 0 :]

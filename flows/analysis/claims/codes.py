"""Quotations, ids, versions, incident and order numbers: what has to stand in the data as it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.sentence import Refused, Sentence
from flows.analysis.claims.vocabulary import PLAIN_WORDS, SAME_NAMES

QUOTES = re.compile(
    r"“([^”]{1,300})”|‘([^’]{1,300})’|「([^」]{1,300})」|『([^』]{1,300})』|\"([^\"]{1,300})\""
    r"|(?<![A-Za-z0-9])'([^']{1,300})'(?![A-Za-z])|«([^»]{1,300})»|`([^`]{1,300})`"
)
_EDGES = " .,!?~…·:;"


def check_quotations(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse a quotation that stands in no ticket. A long one may leave out its middle."""
    keywords = {compact(keyword.label) for keyword in facts.named}
    spans: list[tuple[int, int]] = []
    words: list[str] = []
    for match in QUOTES.finditer(sentence.rest):
        quoted = next(group for group in match.groups() if group is not None).strip(_EDGES)
        parts = [part.strip(_EDGES) for part in re.split(r"…|\.{3}|\(중략\)", quoted)]
        if not all(facts.holds(part) or compact(part) in PLAIN_WORDS for part in parts if part):
            return Refused.QUOTATION
        start, end = match.span()
        # A keyword stays where it is said, as the number beside it is its own.
        is_keyword = compact(quoted) in keywords
        spans += [(start, start + 1), (end - 1, end)] if is_keyword else [(start, end)]
        words.append(quoted)
    return replace(sentence.without(spans), quoted=tuple(words))


_PRODUCTS = (
    r"버전|에러\s?코드|오류\s?코드|코드|error|앱|안드로이드|아이폰|아이패드|갤럭시"
    r"|윈도우?|크롬|사파리|[A-Za-z]{2,}"
)
_CODES = (
    r"https?://[^\s)>\]]+|(?:[\w-]+\.)+(?:com|net|kr|io|org)\b[^\s)>\]가-힣]*"  # an address
    r"|[A-Za-z]{1,10}[-_#]?[0-9][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*"  # INC-4421, iOS17
    r"|#\s?[0-9A-Za-z-]+"
    r"|\b[vV]\s?[0-9]+(?:\.[0-9]+)*\b|(?<![0-9.,])[0-9]+(?:\.[0-9]+){2,}"  # v3, 5.12.0
    r"|(?<![0-9.,])[0-9]+\.[0-9]+(?=\s?(?:버전|업데이트|릴리스|릴리즈|빌드|version))"
    r"|(?<![0-9.,-])[0-9]{5,}(?![0-9,.]*\s?(?:건|명|원|만|%|배))[A-Za-z0-9-]*"  # 50000011
    r"|(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{8,}"
    r"|(?<![0-9.,])[0-9]{2,4}-[0-9]{3,}(?:-[0-9]{3,})?(?!건)",
    rf"(?:{_PRODUCTS})\s?(?:S|v)?[0-9]+(?:\.[0-9]+)*(?!\s?(?:%|건|명|배|개|월|일|주|[0-9,]))",
)
_WEEK_LABEL = re.compile(r"(?:20[0-9]{2}-?)?[Ww][0-9]{1,2}")
_PRIORITY = re.compile("[PL][0-4]")


def check_codes(sentence: Sentence, facts: Facts) -> Sentence | Refused:
    """Refuse an id, a version or another code that is in no ticket."""
    spans = []
    for ticket in sorted(facts.ids, key=len, reverse=True):
        whole_id = rf"(?<![\w-])#?{re.escape(ticket)}(?![\w-])"
        spans += [match.span() for match in re.finditer(whole_id, sentence.rest, re.ASCII)]
    sentence = sentence.without(spans)
    for pattern in _CODES:
        spans, codes = [], []
        for match in re.finditer(pattern, sentence.rest):
            code = match[0].rstrip(".-_")
            if _PRIORITY.fullmatch(code):
                spans.append(match.span())
                continue
            if _WEEK_LABEL.fullmatch(code) or _is_plain(code, sentence):
                continue
            if not _is_there(code, facts):
                return Refused.CODE
            spans.append(match.span())
            codes.append(code)
        # Tickets that hold a code are counted like those that hold a quoted word.
        sentence = replace(sentence.without(spans), quoted=(*sentence.quoted, *codes))
    return sentence


def _is_plain(code: str, sentence: Sentence) -> bool:
    """Whether a word before a number is no product: from 96; in an English sentence also patch 3.2."""
    if not (match := re.fullmatch(r"([A-Za-z]{2,})\s[0-9.]+", code)):
        return False
    return match[1].casefold() in PLAIN_WORDS or (not sentence.is_korean and match[1].islower())


def _is_there(code: str, facts: Facts) -> bool:
    """Whether the data holds this code as a whole: 5.1 is not in 5.12.

    White space is gone from the data, so letters may stand beside a number and numbers beside letters.
    """
    for form in map(compact, _spellings(code)):
        before = r"(?<![0-9])(?<![0-9]\.)" if form[:1].isdigit() else "(?<![a-z])"
        after = r"(?![0-9]|\.[0-9])" if form[-1:].isdigit() else "(?![a-z])"
        if form and re.search(before + re.escape(form) + after, facts.text):
            return True
    return False


def _spellings(code: str) -> Iterator[str]:
    """A code as it may be written in tickets: 사파리 17 for Safari 17, 3.2.1 for v3.2.1."""
    yield code
    yield re.sub(r"^[vV]\s?(?=[0-9])|^앱\s?|^버전\s?", "", code)
    if match := re.match(r"(?P<name>[A-Za-z]+|[가-힣]+)(?P<rest>[\s\d].*)", code):
        for other in SAME_NAMES.get(compact(match["name"]), ()):
            yield other + match["rest"]

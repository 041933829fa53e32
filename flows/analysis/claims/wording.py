"""Words for the weeks, for more and fewer, and for what is counted. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from flows.analysis.claims.facts import NEGATIVE, NOT_NEGATIVE, TOTAL, Fact, Facts, compact
from flows.analysis.claims.sentence import MARKS, Sentence

BASE_WORD = (
    rf"지난\s?주|전\s?주|기준\s?주|직전(?!\s?(?:최|[0-9]+\s?주))\s?주?|이전\s?주"
    rf"|저번\s?주|앞선\s?주|그\s?전\s?주|last week|base week|previous week|the week before"
    rf"|{MARKS['base']}+"
)
COMPARISON_WORD = rf"이번\s?주|금주|비교\s?주|해당\s?주|당주|금번|this week|comparison week|{MARKS['comparison']}+"
WEEK = re.compile(
    rf"(?P<base>{BASE_WORD})|(?P<comparison>{COMPARISON_WORD})|(?P<other>평소|통상|usual)", re.I
)
# What a number is compared with is not the number of that week.
COMPARED = re.compile(
    r"에?\s?대비|보다|에?\s?비해|에?\s?비하면|[와과]\s?비교|[와과]\s?견주|[와과]\s?달리|을?\s?웃돌|를?\s?웃돌"
)
UP = (
    r"증가|늘었|늘어(?!놓)|늘며|늘고|늘면서|늘어|느는|급증|폭증|상승|올라(?!오"
    r"|온|와|왔)|올랐|오르|높아|많아|커졌|커져|커지|뛰었|뛰어올|치솟|불어나?|확대"
    r"|악화|나빠|심해|더해[져졌지]"
    r"|rose\b|risen|climbed|jumped|surged|increase[ds]?|grew|grown"
)
DOWN = (
    r"감소|줄었|줄어|줄며|줄고|줄면서|주는\s데|급감|하락|내려갔|내려가|내렸|떨어"
    r"|낮아|적어졌|적어져|작아|축소|완화|개선됐|개선되었|나아졌"
    r"|fell\b|fallen|shrank|decrease[ds]?|dropped|declined"
)
SUBJECT = re.compile(
    r"(?P<not_negative>비부정|부정이?\s?아니[다며고어]|부정이?\s?아닌(?:\s?문의)?|부정적이지\s?않은(?:\s?문의)?"
    r"|그\s?(?:밖|외)의?\s?문의|긍정|중립)"
    r"|(?P<negative>(?:부정|불만|negative)(?:적인|적|률|율|성)?(?:\s?(?:문의|티켓|의견|건수|반응|접수|tickets))?)"
    r"|(?P<total>전체(?!의|\s문의의|\s문의\s(?:중|가운데))|총|문의|건수(?!로)|티켓|접수"
    r"|인입|tickets|ticket volume|volume|total)",
    re.I,
)
_OF_SUBJECT = {"not_negative": NOT_NEGATIVE, "negative": NEGATIVE, "total": TOTAL}
_SAMPLES = re.compile(
    r"표본|샘플|예시|(?:제공|확인|읽어|살펴)[가-힣\s]{1,4}(?:비교주\s|기준주\s)?(?:티켓|사례|문의)|samples?"
)
_WHOLE = re.compile(r"(?<![0-9,.])(?P<size>[0-9]{1,3})\s?건\s?(?:중|가운데)")
_BRACKETS = re.compile(r"\([^()0-9]*[0-9][^()]*\)")
_WORD = re.compile(r"[가-힣A-Za-z]{2,}")
_PARTICLES = re.compile(
    r"(?:에서|으로|로|은|는|이|가|을|를|의|에|와|과|도|만|까지|부터|이라는|라는"
    r"|이란|관련|언급|입니다|이며|이고|한|된|이라고|라고|하는|합니다)+$"
)
BY_FACTOR = re.compile(r"배수|증가율|상승률|증가\s?배|배율")
BY_CHANGE = re.compile(
    r"증가\s?(?:폭|건수|분|량)|늘어난\s?(?:폭|건수)|상승\s?폭|증분|더\s(?:많이|크게)\s늘|늘어\s?증가"
)
"""What two words are compared by."""


def week_at(text: str, place: int) -> str | None:
    """The week that was named last before a place, unless something was only compared with it."""
    named = None
    end = 0
    for match in WEEK.finditer(_without_brackets(text[:place])):
        named, end = str(match.lastgroup), match.end()
    if named is None or COMPARED.search(text, end, place):
        return None
    return named


def _without_brackets(text: str) -> str:
    """A text with its closed brackets blanked: the week of "361건(전주 187건)" ends with them."""
    return _BRACKETS.sub(lambda match: " " * len(match[0]), text)


def names_samples(text: str) -> bool:
    return bool(_SAMPLES.search(text) or "티켓" in text)


def counts_samples(text: str, facts: Facts) -> bool:
    """Whether a sentence speaks of the samples that were read, and not of all tickets."""
    sizes = {size for size in facts.sample_counts if size}
    wholes = (int(match["size"]) for match in _WHOLE.finditer(text))
    return bool(_SAMPLES.search(text)) or any(size in sizes for size in wholes)


def subjects_in(text: str) -> list[str]:
    """What is counted, as named in a text, in its order."""
    return [_OF_SUBJECT[str(match.lastgroup)] for match in SUBJECT.finditer(text)]


def keywords_in(text: str, sentence: Sentence, facts: Facts) -> Iterator[str]:
    """The rising keywords in a part of a sentence, and those that a quotation in the sentence holds."""
    labels = {compact(keyword.label) for keyword in facts.named}
    # A quotation that is a keyword stands where it is said.
    spoken = [compact(text), *({compact(words) for words in sentence.quoted} - labels)]
    for keyword in facts.named:
        label = compact(keyword.label)
        if any(label in words for words in spoken):
            yield label


def facts_named(text: str, sentence: Sentence, facts: Facts) -> Iterator[Fact]:
    """The facts on the words of a part of a sentence, and on the words that are quoted in it."""
    in_samples = counts_samples(sentence.rest, facts)
    keywords = list(keywords_in(text, sentence, facts))
    words = [_PARTICLES.sub("", word) for word in _WORD.findall(text)]
    pairs = [f"{a}{b}" for a, b in pairwise(words)]
    for keyword in keywords:
        yield from (fact for fact in facts.numbers if fact.subject == keyword)
        if in_samples:
            yield from facts.counted(keyword, in_samples=True)
    for word in dict.fromkeys([*words, *pairs, *sentence.quoted]):
        if any(compact(word) in keyword for keyword in keywords):
            continue
        if len(word) >= 2 and not SUBJECT.fullmatch(word) and not WEEK.fullmatch(word):
            yield from facts.counted(word, in_samples=in_samples)

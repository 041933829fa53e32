"""What is first, more, or a part of a whole among the categories of a week. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from flows.analysis.claims.directions import SHARE
from flows.analysis.claims.numerals import numerals
from flows.analysis.claims.week_counts import WORSE
from flows.analysis.claims.week_facts import ALL, MARK, WeekFacts
from flows.analysis.claims.week_parts import Part
from flows.analysis.claims.wording import BASE_WORD
from flows.report.values import Category, Change, to_look_at_first

Size = Callable[[Change], float]

_MOST = re.compile(
    r"가장|제일|최대|최다|1위|\b(?:largest|biggest|most(?!ly)|highest|sharpest|steepest|strongest|main(?:ly)?|largely)\b",
    re.I,
)
_LEAST = re.compile(
    r"(?:가장|제일)\s(?:적|작|낮)|\b(?:least|fewest|lowest|smallest|slightest)\b", re.I
)
_FIRST = re.compile(
    r"(?:먼저|우선|최우선|급선무|급한|급하|시급|첫)|\bfirst\b|\burgent|\btop\b|\bpriority\b", re.I
)
_MOST_URGENT = re.compile(r"가장\s(?=먼저|우선|시급|급한|급하)|최우선|\bmost\surgent", re.I)
_DRIVES = re.compile(
    r"이끌|주도|견인|기여|주된|주로|중심|\b(?:dr[io]ven?|drives|driving|drove|led|leads|leading|contribut\w+)\b",
    re.I,
)
_BY_PERCENT = re.compile(
    r"증가율|상승률|증감률|감소율|비율로|\b(?:growth rate|percent|rate)\b", re.I
)
_UP = re.compile(
    r"늘|증가|상승|급증|폭증|커[졌진]|오[르른름]|올[라랐]|높아|불어|\b(?:rise|rose|rising|increases?d?|growth|grew|grow"
    r"|jump(?:ed)?|up|surged?|climb(?:ed)?)\b",
    re.I,
)
_DOWN = re.compile(
    r"줄|감소|급감|하락|낮아|떨어|내[려렸]|\b(?:fall|fell|drop(?:ped)?|decreased?|declined?|down)\b",
    re.I,
)
_ROW = re.compile(r"(?:순(?:으로|이|입|서|$)|\bin that order\b|\bfollowed by\b)")
_THAN = re.compile(r"보다|\bthan\b", re.I)
_MORE = re.compile(r"많|크|큰|높|앞|\b(?:more|higher|larger|faster)\b|더", re.I)
_LESS = re.compile(r"적[은다게]|작|낮|\b(?:less|fewer|lower|smaller)\b", re.I)
_OF_THOSE = re.compile(r"그\s?중|이\s?중|그\s?가운데|\bof\s(?:these|those|them|which)\b", re.I)
_LABEL = re.compile(r"(?:20[0-9]{2}-)?W[0-9]{2}")


def are_in_order(part: Part, facts: WeekFacts) -> bool | None:
    """Whether what is called first, most or more is; None where nothing is compared, False where it is not clear."""
    text = part.text
    named = facts.named_in(text)
    if _THAN.search(text) and len(named) == 2 and not part.is_joined:
        return _is_more(text, named, facts)
    if not part.is_joined:
        return False
    if _ROW.search(text) and len(named) > 1:
        sizes = [size(facts.of(name)) for name in named if (size := _size_of(text))]
        return bool(sizes) and sizes == sorted(sizes, reverse=True)
    subjects = part.subjects
    if _FIRST.search(text) and subjects != (ALL,) and not _are_first(subjects, facts):
        return False
    is_extreme = _MOST.search(_MOST_URGENT.sub("", text)) or _LEAST.search(text)
    if not (is_extreme or _DRIVES.search(text)):
        return True if _FIRST.search(text) else None
    if len(subjects) != 1 or subjects == (ALL,):
        return False
    return _is_most(text, subjects[0], facts, is_driver=not is_extreme)


def _are_first(subjects: tuple[Category, ...], facts: WeekFacts) -> bool:
    """Whether these are what to look at first: the one that is, or as many as are named from the beginning."""
    first = to_look_at_first(facts.report.announced)
    in_order = tuple(facts.announced)[: len(subjects)]
    return (
        first is not None
        and first.category in subjects
        and (len(subjects) == 1 or set(subjects) == set(in_order))
    )


def _is_most(text: str, name: Category, facts: WeekFacts, *, is_driver: bool) -> bool:
    above = next((a for a in facts.announced if name in facts.below(a)), ALL)
    among = [facts.of(each) for each in facts.below(above)]
    if name not in facts.below(above):
        return False
    own = facts.of(name)
    if is_driver:
        whole = facts.of(above)
        sign = 1 if whole.comparison_total >= whole.base_total else -1
        return all(sign * _more(own) >= sign * _more(other) for other in among)
    if re.search(WORSE, text) and not SHARE.search(text):
        first = to_look_at_first(facts.report.announced)
        return first is not None and own.category == first.category
    extreme = min if _LEAST.search(text) else max
    sizes = _sizes_of(text)
    return any(size(own) and size(own) == extreme(map(size, among)) for size in sizes)


def _is_more(text: str, named: list[Category], facts: WeekFacts) -> bool:
    """결제 실패가 이력서보다 더 많이 늘었다, A rose more than B: without a number, which could be of anything."""
    if list(numerals(_LABEL.sub("", text))):
        return False
    size = _size_of(text)
    first, second = (facts.of(name) for name in named)
    than = _THAN.search(text)
    assert than is not None
    # B보다 A가: what stands right before 보다 is the smaller.
    if than[0] == "보다" and len(re.findall(MARK, text[: than.start()])) == 1:
        first, second = second, first
    if size is None or not (_MORE.search(text) or _LESS.search(text)):
        return False
    is_more = _LESS.search(text) is None
    return size(first) > size(second) if is_more else size(first) < size(second)


def is_part_of(part: Part, facts: WeekFacts) -> bool | None:
    """늘어난 76건 중 62건이 결제 실패, 전체의 21.5%: of one whole and one part of it; None where it is neither."""
    named = list(dict.fromkeys(facts.named_in(part.text)))
    if ALL in part.subjects:
        named = [ALL, *named]
    if len(named) != 2 or not any(True for _ in numerals(_LABEL.sub("   ", part.text))):
        return None
    whole, own = sorted(named, key=len)
    if own[: len(whole)] != whole or _MOST.search(part.text) or _THAN.search(part.text):
        return None
    return _is_part(part.text, facts.of(whole), facts.of(own))


def is_part_of_those(part: Part, before: Part, facts: WeekFacts) -> bool | None:
    """그중 62건, of which 62: of the tickets, or of the change, that were told before; None where it is neither."""
    counts = [n for n in numerals(_LABEL.sub("   ", part.text)) if "%" not in n.unit]
    whole, own = before.subjects[0], part.subjects[0]
    if (
        not _OF_THOSE.search(part.text)
        or len(counts) != 1
        or whole == own
        or re.search("부정|negative", part.text)
    ):
        return None
    told = [n for n in numerals(_LABEL.sub("   ", before.text)) if "%" not in n.unit]
    change = facts.of(whole)
    is_change = (
        bool(told) and told[-1].fits(_more(change)) and not told[-1].fits(change.comparison_total)
    )
    return counts[0].fits(_more(facts.of(own)) if is_change else facts.of(own).comparison_total)


def _is_part(text: str, whole: Change, own: Change) -> bool:
    numbers = list(numerals(_LABEL.sub("   ", text)))
    is_base = bool(re.search(BASE_WORD, text, re.I))
    grew = re.search(r"늘어난|증가|더\s들어온|\b(?:additional|more|increase|rise)\b", text)
    if grew:
        sizes = _more(whole), _more(own)
    elif is_base:
        sizes = whole.base_total, own.base_total
    else:
        sizes = whole.comparison_total, own.comparison_total
    counts = sorted((n for n in numbers if "%" not in n.unit), key=lambda n: -n.value)
    shares = [n for n in numbers if n.unit == "%"]
    is_other = any("p" in n.unit for n in numbers) or re.search("부정|negative", text)
    if is_other or len(counts) > 2 or len(shares) > 1 or (len(counts) == 1 and not shares):
        return False
    told = zip(counts, sizes if len(counts) == 2 else sizes[1:], strict=False)
    return all(n.fits(size) for n, size in told) and all(
        bool(sizes[0]) and n.fits(100 * sizes[1] / sizes[0]) for n in shares
    )


def _more(change: Change) -> float:
    return change.comparison_total - change.base_total


def _points(change: Change) -> float:
    return change.negative_ratio_change_pp or 0.0


def _percent(change: Change) -> float:
    return change.total_change_pct or 0.0


def _size_of(text: str) -> Size | None:
    return next(iter(_sizes_of(text)), None)


def _sizes_of(text: str) -> tuple[Size, ...]:
    """What is compared, as the words say; several where they may mean several."""
    is_up, is_down = _UP.search(text), _DOWN.search(text)
    if SHARE.search(text) or re.search("부정|negative", text):
        if is_up:
            return (_points,)
        if is_down:
            return (lambda change: -_points(change),)
        return (lambda change: change.comparison_negative_ratio or 0.0,)
    if _BY_PERCENT.search(text):
        return (lambda change: -_percent(change),) if is_down else (_percent,)
    if is_down:
        return (lambda change: -_more(change),)
    if is_up:
        is_broad = re.search(r"크게|폭|sharp|steep|strong", text)
        return (_more, _percent) if is_broad else (_more,)
    if re.search(r"많|건수|규모|most tickets|largest|volume", text):
        return (lambda change: float(change.comparison_total),)
    return ()

"""Answers with one false sentence, made from true ones; a candidate that might be true after all is dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

from flows.report.values import Material
from tests.analysis.corpus.facts import facts_of, supported_by
from tests.analysis.corpus.materials import WEEK_ROLES, Subject, read_yaml, subjects
from tests.analysis.corpus.true_answers import SECTIONS, Written, true_sentences, write_answer
from tests.analysis.corpus.writing import Day, Fact, Figure, Misspelt, Unfit, Word

CASES_OF_A_KIND = 64


@dataclass(frozen=True)
class Mutated:
    """An answer in which `sentence` is false and all others are true."""

    material: Material
    answer: str
    kind: str
    sentence: str


@dataclass(frozen=True, eq=False)
class _Candidate:
    subject: Subject
    section: str
    sentence: str
    form: str


_Changes = Iterator[Mapping[str, Fact]]
_COUNTS = ("cmp", "base", "diff", "neg", "neg0", "negdiff", "rest", "low", "high", "over")
_AS_DIGITS = ("", "d", ",")


@cache
def _inventions() -> dict[str, Any]:
    read = read_yaml("inventions.yml")
    assert isinstance(read, dict)
    return read


# --- What is changed in a template ------------------------------------------------------------


def _slots(written: Written) -> Iterator[tuple[str, str, Fact]]:
    assert written.template
    facts = facts_of(written.subject, written.turn)
    for name, spec in written.template.slots:
        yield name, spec, facts[name]


def _figures(written: Written, kind: str) -> Iterator[tuple[str, str, float]]:
    for name, spec, fact in _slots(written):
        if isinstance(fact, Figure) and fact.kind == kind:
            yield name, spec, fact.value


def _other_counts(written: Written, value: float, random: Random) -> list[int]:
    """Numbers with one digit changed that no fact supports."""
    digits = str(round(value))
    numbers = {
        int(digits[:place] + other + digits[place + 1 :])
        for place in range(len(digits))
        for other in "0123456789"
    }
    supported = supported_by(written.subject)
    others = [
        number
        for number in sorted(numbers)
        if len(str(number)) == len(digits) and number and not supported.has(Figure("count", number))
    ]
    random.shuffle(others)
    return others


def _digit(written: Written, random: Random) -> _Changes:
    for name, spec, value in _figures(written, "count"):
        if name in _COUNTS and spec in _AS_DIGITS:
            for number in _other_counts(written, value, random)[:2]:
                yield {name: Figure("count", number)}


def _keyword(written: Written, random: Random) -> _Changes:
    for name, _, value in _figures(written, "count"):
        if name in ("kw", "kw0", "kwdiff"):
            supported = supported_by(written.subject)
            # Of 0, no digit can be changed without another becoming the first.
            numbers = _other_counts(written, value, random) if value else [13, 27]
            for number in numbers[:2]:
                if not supported.has(Figure("count", number)):
                    yield {name: Figure("count", number)}


def _numeral(written: Written, random: Random) -> _Changes:
    for name, spec, value in _figures(written, "count"):
        if spec in ("ko", "nat") and name not in ("n", "nneg"):
            for number in _other_counts(written, value, random)[:4]:
                yield {name: Figure("count", number)}
    for name, spec, value in _figures(written, "percent"):
        if spec == "ko":
            for other in (Figure("percent", value + 6), Figure("percent", value + 17)):
                if not supported_by(written.subject).has(other):
                    yield {name: other}


def _sample_count(written: Written, random: Random) -> _Changes:
    subject = written.subject
    facts = facts_of(subject, written.turn)
    word = str(facts["w"])
    taken = {subject.mentions(word), subject.mentions(word, "base")}
    for name, _, value in _figures(written, "count"):
        if name in ("wn", "nneg", "nneg0"):
            negatives = {subject.negatives(role) for role in WEEK_ROLES}
            others = [n for n in range(1, 11) if n not in taken | negatives | {round(value)}]
            random.shuffle(others)
            for number in others[:2]:
                yield {name: Figure("count", number)}


def _percentage(kind: str) -> Callable[[Written, Random], _Changes]:
    def change(written: Written, random: Random) -> _Changes:
        for name, spec, value in _figures(written, kind):
            if spec in ("", "1", "g", "0", "r0"):
                steps = [-23, -11, -7, -4, 3, 4, 6, 9, 14, 21, 38, -3.3, 5.2, 8.4]
                random.shuffle(steps)
                others = [value + step for step in steps if value + step > 0]
                if name.startswith("share") or name == "kwshare":
                    others = [other for other in others if other < 100]
                if spec == "r0":
                    others = [other for other in others if abs(other - value) > 0.25 * value]
                good = [o for o in others if not supported_by(written.subject).has(Figure(kind, o))]
                for other in good[:2]:
                    yield {name: Figure(kind, other)}

    return change


def _factor(written: Written, random: Random) -> _Changes:
    for name, spec, value in _figures(written, "times"):
        steps: list[float] = [1, 2, 3] if spec in ("ko", "d", "over", "near") else [0.7, 1.3, 2.4]
        random.shuffle(steps)
        for step in steps:
            other = Figure("times", value + step)
            if not supported_by(written.subject).has(other):
                written_so = Misspelt(Figure("times", value), spec, f"{other.value:.1f}")
                yield {name: written_so if spec in ("x", "r") else other}


def _rounding(written: Written, random: Random) -> _Changes:
    """The last digit one too high or too low, or a round number that is far off."""
    for kind in ("percent", "points"):
        for name, spec, value in _figures(written, kind):
            for text in _misrounded(written, name, spec, value):
                yield {name: Misspelt(Figure(kind, value), spec, text)}
    for name, spec, value in _figures(written, "count"):
        if spec in ("tens", "nearly"):
            step = 10 if value < 200 else 100
            far = round(value / 4 / step) if spec == "nearly" else 1
            for ahead in (far + 1, far + 3):
                text = f"{(round(value) // step + ahead) * step:,}"
                yield {name: Misspelt(Figure("count", value), spec, text)}


def _misrounded(written: Written, name: str, spec: str, value: float) -> Iterator[str]:
    if spec in ("about", "over", "r0"):
        # Upwards: what is over 60 is over 40 too.
        for other in (round(1.3 * value / 10) * 10, round(1.6 * value / 10) * 10):
            if other > 1.2 * value and (name in ("pct", "pp") or other < 100):
                yield str(other)
    elif spec in ("", "1", "0"):
        decimals = 0 if spec == "0" else 1
        step, right = 10**-decimals, round(value, decimals)
        for wrong in (right + step, right - step):
            is_possible = 0 < wrong <= 100 or not name.startswith("share")
            if (
                wrong > 0
                and is_possible
                and not supported_by(written.subject).has_written(wrong, decimals)
            ):
                yield f"{wrong:,.{decimals}f}"


def _date(written: Written, random: Random) -> _Changes:
    """Another week as a whole, one end of it moved, or another number of the week."""
    days = {name: fact for name, _, fact in _slots(written) if isinstance(fact, Day)}
    steps = [-35, -28, -21, 14, 21, 28]
    random.shuffle(steps)
    for step in steps if days else ():
        yield {name: Day(day.date + timedelta(days=step)) for name, day in days.items()}
    for name, spec, fact in _slots(written):
        if isinstance(fact, Day) and spec not in ("w", "w1"):
            step = {"cs": -3, "ce": 3, "bs": -2, "be": -3}[name]
            day = fact.date + timedelta(days=step)
            # Of an end, the month is written only where the week began in another.
            if spec != "dm" or name == "be" or day.day <= 6 or fact.date.day > 6:
                yield {name: Day(day)}
        if isinstance(fact, Figure) and fact.kind == "week":
            for weeks in (-3, 2, 4):
                yield {name: Figure("week", (fact.value + weeks) % 50 + 1)}


def _weekday(written: Written, random: Random) -> _Changes:
    for name, spec, fact in _slots(written):
        if isinstance(fact, Day) and spec in ("mdw", "w", "w1"):
            shifts = [1, 2, 3, 4, 5, 6]
            random.shuffle(shifts)
            for shift in shifts[:2]:
                yield {name: Day(fact.date, (fact.date.weekday() + shift) % 7)}


def _quote_invented(written: Written, random: Random) -> _Changes:
    quotes = [*written.subject.invented, *_inventions()["quotes"].splitlines()]
    random.shuffle(quotes)
    for name, _, _ in _slots(written):
        if name in ("q", "qb"):
            yield from ({name: Word(quote)} for quote in quotes[:3])


def _quote_altered(written: Written, random: Random) -> _Changes:
    altered = dict(written.subject.quotes)
    for name, _, fact in _slots(written):
        if name == "q":
            yield {name: Word(altered[str(fact)])}


def _ticket_id(written: Written, random: Random) -> _Changes:
    known = {sample.ticket_id for sample in written.subject.material.samples}
    for name, _, fact in _slots(written):
        if name in ("id1", "id2", "id3", "qid"):
            text = str(fact)
            for _ in range(3):
                place = random.choice([m.start() for m in re.finditer(r"\d", text)][-4:])
                digit = random.choice([d for d in "123456789" if d != text[place]])
                other = text[:place] + digit + text[place + 1 :]
                if other not in known:
                    yield {name: Word(other)}


def _version(written: Written, random: Random) -> _Changes:
    for name, _, fact in _slots(written):
        if name == "v":
            places = list(re.finditer(r"\d+", str(fact)))
            for place in (places[-1], places[0]):
                for step in (2, 3):
                    other = _replaced(str(fact), place, str(int(place[0]) + step))
                    if other.lower() not in written.subject.text:
                        yield {name: Word(other)}


def _name(written: Written, random: Random) -> _Changes:
    names = _unknown_names(written.subject)
    for name, _, _ in _slots(written):
        if name == "w":
            yield {name: Word(random.choice(names))}


@cache
def _unknown_names(subject: Subject) -> list[str]:
    aliases = _inventions()["aliases"]
    names: list[str] = _inventions()["name_words"]
    return [
        name
        for name in names
        if not any(n in subject.text for n in (name.lower(), aliases.get(name, name.lower())))
    ]


_PAIRS = (("cmp", "base"), ("neg", "neg0"), ("share", "share0"), ("kw", "kw0"))


def _swapped(written: Written, random: Random) -> _Changes:
    facts = facts_of(written.subject, written.turn)
    names = {name for name, _, _ in _slots(written)}
    pairs = [pair for pair in _PAIRS if names.issuperset(pair)]
    changes: dict[str, Fact] = {}
    for one, other in pairs:
        if facts[one] != facts[other]:
            changes |= {one: facts[other], other: facts[one]}
    if changes:
        yield changes


# An action with another number or date asks for something else, but claims nothing.
_CLAIMS_ONLY = ("digit", "numeral", "unit", "date")

_OF_TEMPLATES: dict[str, Callable[[Written, Random], _Changes]] = {
    "digit": _digit,
    "percent": _percentage("percent"),
    "points": _percentage("points"),
    "factor": _factor,
    "swapped": _swapped,
    "rounding": _rounding,
    "quote_invented": _quote_invented,
    "quote_altered": _quote_altered,
    "date": _date,
    "weekday": _weekday,
    "version": _version,
    "name": _name,
    "ticket_id": _ticket_id,
    "numeral": _numeral,
    "sample_count": _sample_count,
    "keyword": _keyword,
}
_TURNS = {"direction": "d", "factor": "f", "swapped": "s"}


# --- What is changed in the written sentence, or invented as a whole --------------------------

_PARTICLES_OF_COUNT = {"이었": "였", "이": "가", "을": "를", "은": "는", "으로": "로", "과": "와"}
_COUNT = re.compile(r"(?<![\d,.])(\d[\d,]*)건(이었|이|을|은|으로|과|)(?![가-힣])")
_PERCENT = re.compile(r"(?<![\d,.+-])(\d[\d,.]*)%(였|가|를|는|로|와|)(?![p가-힣])")


def _unit(written: Written) -> Iterator[str]:
    supported = supported_by(written.subject)
    particles = {short: long for long, short in _PARTICLES_OF_COUNT.items()}
    for match in _COUNT.finditer(written.sentence):
        value = float(match[1].replace(",", ""))
        if not supported.has(Figure("percent", value)):
            particle = _PARTICLES_OF_COUNT.get(match[2], match[2])
            yield _replaced(written.sentence, match, f"{match[1]}%{particle}")
    for match in _PERCENT.finditer(written.sentence):
        value = float(match[1].replace(",", ""))
        if not value.is_integer() or not supported.has(Figure("count", value)):
            particle = particles.get(match[2], match[2])
            yield _replaced(written.sentence, match, f"{match[1]}건{particle}")


def _by_hand(written: Written, random: Random) -> Iterator[tuple[str, str]]:
    """A number of a sentence that no template wrote, with another digit or as another percentage."""
    for match in _COUNT.finditer(written.sentence):
        value = float(match[1].replace(",", ""))
        for number in _other_counts(written, value, random)[:1]:
            yield "digit", _replaced(written.sentence, match, f"{number:,}건{match[2]}")
    for match in _PERCENT.finditer(written.sentence):
        value = float(match[1].replace(",", ""))
        other = Figure("percent", value + random.choice([-9, -6, 7, 12]))
        if not supported_by(written.subject).has(other) and 0 < other.value < 100:
            yield "percent", _replaced(written.sentence, match, f"{other}%{match[2]}")


def _replaced(sentence: str, match: re.Match[str], other: str) -> str:
    return sentence[: match.start()] + other + sentence[match.end() :]


_SECTION_OF_ENDING = re.compile(r"(세요|주세요|확인합니다|문의하세요)\.$")


def _invented(subject: Subject, turn: int) -> Iterator[tuple[str, str, str]]:
    """Kind, form and sentence of what no part of the material says. `turn` chooses among the values."""
    read = _inventions()
    for kind, forms, values in (
        ("version", read["versions"], read["version_numbers"]),
        ("incident", read["incidents"], read["incident_numbers"]),
        ("order", read["orders"], read["order_numbers"]),
        ("name", read["names"], _unknown_names(subject)),
    ):
        for number, form in enumerate(forms.splitlines()):
            value = str(values[(3 * turn + number) % len(values)])
            if value.lower() not in subject.text:
                yield kind, form, form.format(x=Word(value), topic=subject.topic)
    supported = supported_by(subject)
    for form in read["externals"].splitlines():
        sentence = form.format(topic=subject.topic)
        numbers = [n.replace(",", "") for n in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)]
        if not any("." not in n and int(n) > 10 and int(n) in supported.counts for n in numbers):
            yield "external", form, sentence
    if subject.material.change.base_total:
        for form in read["novelties"].splitlines():
            yield "novelty", form, form.format(topic=subject.topic)


# --- Choosing, and putting into answers -------------------------------------------------------


def _candidates() -> Iterator[tuple[str, _Candidate]]:
    for written in true_sentences():
        template = written.template
        if template is None:
            for kind, sentence in _by_hand(written, Random(written.sentence)):
                yield kind, _Candidate(written.subject, written.section, sentence, written.sentence)
            continue
        facts = facts_of(written.subject, written.turn)
        sentences: list[tuple[str, str]] = []
        random = Random(f"{written.subject.key} {template.text}")
        for kind, change in _OF_TEMPLATES.items():
            for changes in change(written, random):
                try:
                    sentences.append((kind, template.write({**facts, **changes})))
                except Unfit:
                    continue
        for kind, letter in _TURNS.items():
            if template.can_turn(letter) and (letter != "s" or facts["cmp"] != facts["base"]):
                sentences.append((kind, template.write(facts, turned=letter)))
        sentences += [("unit", sentence) for sentence in _unit(written)]
        for kind, sentence in sentences:
            if written.section == "actions" and kind in _CLAIMS_ONLY:
                continue
            yield kind, _Candidate(written.subject, written.section, sentence, template.text)
    for turn, subject in enumerate(subjects()):
        for kind, form, sentence in _invented(subject, turn):
            is_action = _SECTION_OF_ENDING.search(sentence)
            section = "actions" if is_action else "hypotheses"
            if kind in ("external", "novelty"):
                section = "summary"
            yield kind, _Candidate(subject, section, sentence, form)


@cache
def mutated() -> tuple[Mutated, ...]:
    true = {(written.subject.key, written.sentence) for written in true_sentences()}
    by_kind: dict[str, dict[tuple[str, str], _Candidate]] = {}
    for kind, candidate in _candidates():
        place = (candidate.subject.key, candidate.sentence)
        if place not in true:
            by_kind.setdefault(kind, {}).setdefault(place, candidate)
    seen: set[tuple[str, str]] = set()
    cases: list[Mutated] = []
    for kind, candidates in by_kind.items():
        free = [each for place, each in candidates.items() if place not in seen]
        for candidate in _chosen(free, Random(kind)):
            seen.add((candidate.subject.key, candidate.sentence))
            cases.append(_answer_with(kind, candidate, len(cases)))
    return tuple(cases)


def _chosen(candidates: list[_Candidate], random: Random) -> list[_Candidate]:
    """As many as a kind has, of all forms and materials as evenly as it goes."""
    random.shuffle(candidates)
    first_of_a_form_on_a_material: list[_Candidate] = []
    others: list[_Candidate] = []
    seen = set()
    for candidate in candidates:
        place = (candidate.form, candidate.subject)
        (others if place in seen else first_of_a_form_on_a_material).append(candidate)
        seen.add(place)
    chosen: list[_Candidate] = []
    used: Counter[object] = Counter()
    for stock in (first_of_a_form_on_a_material, others):
        while stock and len(chosen) < CASES_OF_A_KIND:
            rarest = min(stock, key=lambda c: (used[c.form], used[c.subject]))
            stock.remove(rarest)
            used.update((rarest.form, rarest.subject))
            chosen.append(rarest)
    return chosen


def _answer_with(kind: str, candidate: _Candidate, number: int) -> Mutated:
    """An answer whose other sentences are true ones of other templates."""
    stock: dict[str, list[str]] = {section: [] for section in SECTIONS}
    for written in _sentences_of(candidate.subject):
        if candidate.form not in (written.sentence, written.template and written.template.text):
            stock[written.section].append(written.sentence)
    parts = {
        section: [stock[section][(7 * number + shift) % len(stock[section])]]
        for shift, section in enumerate(SECTIONS)
    }
    # What a model says of the facts, it says among the hypotheses too.
    is_moved = candidate.section == "summary" and number % 4 == 3
    section = "hypotheses" if is_moved else candidate.section
    parts[section].insert(number % 2, candidate.sentence)
    answer = write_answer(candidate.subject, parts, number)
    return Mutated(candidate.subject.material, answer, kind, candidate.sentence)


@cache
def _sentences_of(subject: Subject) -> tuple[Written, ...]:
    return tuple(written for written in true_sentences() if written.subject is subject)

"""Answers of which every sentence is true: templates about every material, and sentences written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from flows.report.values import Material
from tests.analysis.corpus.facts import conditions_of, facts_of
from tests.analysis.corpus.materials import Subject, read_yaml, subjects
from tests.analysis.corpus.writing import Template, Unfit

SECTIONS = ("summary", "hypotheses", "actions")


@dataclass(frozen=True)
class TrueAnswer:
    """An answer as the model writes it. `sentences` are all that it says, in the order of its sections."""

    material: Material
    answer: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A true sentence, and from which template it is, if from one."""

    subject: Subject
    section: str
    sentence: str
    template: Template | None = None
    turn: int = 0


@cache
def templates() -> tuple[Template, ...]:
    read = read_yaml("templates.yml")
    return tuple(
        Template(section, tuple(needs.split()), text)
        for section in SECTIONS
        for needs, block in read[section].items()
        for text in block.splitlines()
        if text
    )


@cache
def true_sentences() -> tuple[Written, ...]:
    """Each template on each material that it fits, then what was written by hand. None twice on a material."""
    found: dict[tuple[str, str], Written] = {}
    for written in (*_from_templates(), *_by_hand()):
        found.setdefault((written.subject.key, written.sentence), written)
    return tuple(found.values())


def _from_templates() -> Iterator[Written]:
    for place, subject in enumerate(subjects()):
        for number, template in enumerate(templates()):
            turn = place + number
            if not conditions_of(subject, turn).issuperset(template.needs):
                continue
            try:
                sentence = template.write(facts_of(subject, turn))
            except Unfit:
                continue
            yield Written(subject, template.section, sentence, template, turn)


def _by_hand() -> Iterator[Written]:
    for subject in subjects():
        yield from (Written(subject, "summary", each) for each in subject.facts)
        yield from (Written(subject, "hypotheses", each) for each in subject.causes)
        yield from (Written(subject, "actions", each) for each in subject.actions)
    read = read_yaml("templates.yml")
    for section in ("hypotheses", "actions"):
        for number, text in enumerate(read[f"plain_{section}"].splitlines()):
            yield Written(subjects()[number % len(subjects())], section, text)


@cache
def true_answers() -> tuple[TrueAnswer, ...]:
    return tuple(answer for subject in subjects() for answer in _answers(subject))


def _answers(subject: Subject) -> Iterator[TrueAnswer]:
    """Two or three sentences of summary each; the third is a hypothesis where there is no other."""
    mine = [written for written in true_sentences() if written.subject is subject]
    # Templates of one key follow each other: an answer takes from all of them.
    stock = {name: [w.sentence for w in mine if w.section == name] for name in SECTIONS}
    size = (len(stock["summary"]) + 2) // 3
    hypotheses, actions = _spread(stock["hypotheses"], size), _spread(stock["actions"], size)
    for number in range(size):
        summary = stock["summary"][number::size]
        if len(summary) > 2 and not hypotheses[number]:
            hypotheses[number].append(summary.pop())
        parts = {
            "summary": summary,
            # A model ends an item with a full stop, or not.
            "hypotheses": [_item(each, number) for each in hypotheses[number]],
            "actions": [_item(each, number) for each in actions[number]],
        }
        yield TrueAnswer(
            subject.material,
            write_answer(subject, parts, number),
            tuple(sentence for section in SECTIONS for sentence in parts[section]),
        )


def _spread(sentences: Sequence[str], size: int) -> list[list[str]]:
    """The sentences over so many answers, as evenly as it goes."""
    spread: list[list[str]] = [[] for _ in range(size)]
    for number, sentence in enumerate(sentences):
        spread[number * size // len(sentences)].append(sentence)
    return spread


def _item(sentence: str, number: int) -> str:
    return sentence.removesuffix(".") if number % 3 == 2 else sentence


def write_answer(subject: Subject, parts: dict[str, list[str]], number: int) -> str:
    """JSON as the prompt asks for it; every fourth is indented."""
    samples = subject.samples("comparison")
    ids = [samples[(number + step) % len(samples)].ticket_id for step in (0, 3)]
    answer = {
        "summary": " ".join(parts["summary"]),
        "examples": ids,
        "hypotheses": parts["hypotheses"],
        "actions": parts["actions"],
    }
    return json.dumps(answer, ensure_ascii=False, indent=None if number % 4 else 2)

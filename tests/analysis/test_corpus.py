"""The corpus is what it says: large enough, without repetitions, its true sentences in its answers, its false ones false."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.analysis import corpus
from tests.analysis.corpus.materials import Subject, subjects
from tests.analysis.corpus.true_answers import templates, true_sentences

FALSE_KINDS = {
    "date",
    "digit",
    "direction",
    "external",
    "factor",
    "incident",
    "keyword",
    "name",
    "novelty",
    "numeral",
    "order",
    "percent",
    "points",
    "quote_altered",
    "quote_invented",
    "rounding",
    "sample_count",
    "swapped",
    "ticket_id",
    "unit",
    "version",
    "weekday",
}
UNUSABLE_AT_LEAST = {
    "refusal": 25,
    "filler": 25,
    "echo": 15,
    "cut_json": 25,
    "inside_think": 10,
    "html": 8,
    "json_remains": 15,
}


def sentences_in(answer: str) -> str:
    """All that an answer says, section by section."""
    said = json.loads(answer)
    return "\n".join([said["summary"], *said["hypotheses"], *said["actions"]])


def test_there_are_enough_of_each_kind() -> None:
    assert len(corpus.TRUE) >= 320
    assert len({written.sentence for written in true_sentences()}) >= 1_500
    assert len({written.template for written in true_sentences() if written.template}) >= 60
    kinds = Counter(case.kind for case in corpus.MUTATED)
    assert set(kinds) == FALSE_KINDS
    assert min(kinds.values()) >= 40
    assert kinds.total() >= 1_100
    unusable = Counter(case.kind for case in corpus.UNUSABLE)
    assert set(unusable) == set(UNUSABLE_AT_LEAST)
    assert all(unusable[kind] >= least for kind, least in UNUSABLE_AT_LEAST.items())
    assert len(corpus.READABLE) >= 40


def test_every_template_is_used() -> None:
    used = {written.template for written in true_sentences()}
    assert [template.text for template in templates() if template not in used] == []


def test_nothing_is_there_twice() -> None:
    true = [
        sentence
        for case in corpus.TRUE
        for sentence in ((case.material, s) for s in case.sentences)
    ]
    false = [(case.material, case.sentence) for case in corpus.MUTATED]
    unusable = [case.text for case in corpus.UNUSABLE]
    readable = [case.name for case in corpus.READABLE]
    for cases in (true, false, unusable, readable):
        assert [case for case, count in Counter(cases).items() if count > 1] == []


def test_every_true_sentence_is_in_its_answer_and_nothing_else() -> None:
    for case in corpus.TRUE:
        said = json.loads(case.answer)
        assert sentences_in(case.answer).replace("\n", " ") == " ".join(case.sentences)
        assert len(said["hypotheses"]) <= 4
        assert len(said["actions"]) <= 4
        assert len(said["summary"]) <= 700


def test_every_false_sentence_is_in_its_answer_beside_true_ones() -> None:
    true: dict[int, set[str]] = {}
    for case in corpus.TRUE:
        true.setdefault(id(case.material), set()).update(
            s.removesuffix(".") for s in case.sentences
        )
    for wrong in corpus.MUTATED:
        said = sentences_in(wrong.answer)
        assert said.count(wrong.sentence) == 1
        assert wrong.sentence.removesuffix(".") not in true[id(wrong.material)]
        assert len(said) > len(wrong.sentence)


@pytest.mark.parametrize("subject", subjects(), ids=lambda subject: subject.key)
def test_the_material_agrees_with_itself(subject: Subject) -> None:
    material = subject.material
    ids = [sample.ticket_id for sample in material.samples]
    assert len(ids) == len(set(ids))
    assert len(subject.samples("comparison")) == 10
    assert len(subject.samples("base")) == (10 if material.change.base_total else 0)
    assert material.weeks.comparison.start.weekday() == 0
    texts = [sample.text for sample in material.samples]
    for quote, altered in subject.quotes:
        assert any(quote in sample.text for sample in subject.samples("comparison"))
        assert not any(altered in text for text in texts)
    assert not any(quote in text for text in texts for quote in subject.invented)
    assert min(subject.mentions(word) for word in subject.words) >= 2
    for keyword in material.keywords:
        assert subject.mentions(keyword.keyword) <= keyword.comparison_count
        assert subject.mentions(keyword.keyword, "base") <= keyword.base_count
        assert keyword.comparison_count <= material.change.comparison_total
        assert keyword.base_count <= material.change.base_total
    negative = sum(sample.is_negative for sample in subject.samples("comparison"))
    assert negative <= material.change.comparison_negative


def test_the_tickets_of_all_materials_are_different() -> None:
    ids = [sample.ticket_id for subject in subjects() for sample in subject.material.samples]
    assert len(ids) == len(set(ids))


def test_dates_and_weekdays_of_true_sentences_agree() -> None:
    """By a reading of its own, so that a slip in the templates is seen."""
    weekdays = "월화수목금토일"
    for subject in subjects():
        weeks = subject.material.weeks
        days = [weeks.base.start, weeks.base.end, weeks.comparison.start, weeks.comparison.end]
        right = {(f"{day.month}월 {day.day}일", weekdays[day.weekday()]) for day in days}
        for written in true_sentences():
            if written.subject is subject:
                assert (
                    set(re.findall(r"(\d+월 \d+일)\(([월화수목금토일])\)", written.sentence))
                    <= right
                )


def test_what_is_readable_is_not_all_alike() -> None:
    assert len({case.text for case in corpus.READABLE}) == len(corpus.READABLE)
    for case in corpus.READABLE:
        known = {sample.ticket_id for sample in case.material.samples}
        assert known.issuperset(case.sections.examples)

"""Sentences that the data does not carry are left out, and true ones stay: measured on the corpus."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cache

import pytest

from flows import PROJECT_ROOT
from flows.analysis.claims import Facts, refusal
from flows.analysis.reading import UnusableAnswer, read_answer
from flows.report.values import Material
from tests.analysis import corpus

LEAST_CAUGHT, MOST_LOST = 0.995, 0.02


def is_kept(material: Material, answer: str, sentence: str) -> bool:
    actions = json.loads(answer).get("actions", [])
    is_advice = any(sentence in action for action in actions)
    return refusal(sentence, Facts(material), is_advice=is_advice) is None


@cache
def lost() -> list[str]:
    return [s for c in corpus.TRUE for s in c.sentences if not is_kept(c.material, c.answer, s)]


@cache
def caught() -> dict[str, list[bool]]:
    """By kind, whether each false sentence is left out."""
    found = defaultdict(list)
    for case in corpus.MUTATED:
        found[case.kind].append(not is_kept(case.material, case.answer, case.sentence))
    return found


def test_true_sentences_stay() -> None:
    sentences = sum(len(case.sentences) for case in corpus.TRUE)
    assert len(lost()) <= MOST_LOST * sentences, lost()


def test_false_sentences_are_left_out() -> None:
    every = [is_caught for kind in caught().values() for is_caught in kind]
    assert sum(every) >= LEAST_CAUGHT * len(every)


@pytest.mark.parametrize("case", corpus.UNUSABLE, ids=lambda case: case.kind)
def test_what_is_no_answer_is_unusable(case: corpus.Unusable) -> None:
    with pytest.raises(UnusableAnswer):
        read_answer(case.text)


@pytest.mark.parametrize("case", corpus.READABLE, ids=lambda case: case.name)
def test_an_answer_is_read_in_any_wrapping(case: corpus.Readable) -> None:
    answer = read_answer(case.text)
    words = " ".join([*answer.summary, *(h.text for h in answer.hypotheses), *answer.actions])
    for section in ("summary", "hypotheses", "actions"):
        for line in _lines(getattr(case.sections, section)):
            assert line in re.sub(r"\*", "", words)


def _lines(section: object) -> list[str]:
    return [section] if isinstance(section, str) else [str(line) for line in section]  # type: ignore[attr-defined]


def test_the_figures_in_the_documentation_are_those_of_today() -> None:
    page = (PROJECT_ROOT / "docs" / "narrative.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (\d+ / \d+) \|$", page, re.MULTILINE))
    counted = Counter({kind: sum(cases) for kind, cases in caught().items()})
    assert rows == {kind: f"{counted[kind]} / {len(cases)}" for kind, cases in caught().items()}
    assert f"{len(lost())} of {sum(len(c.sentences) for c in corpus.TRUE):,} true sentences" in page

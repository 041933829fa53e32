"""Sentences that the data does not carry are left out, and true ones stay: measured on the corpus."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

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


# --- A corpus by a stranger -------------------------------------------------------------------

# Written by somebody who knew the prompt and not the check. Where it is worse than above, docs/narrative.md says so.
STRANGER = {"": (0.995, 0.02), "_in_english": (0.95, 0.10)}


@cache
def stranger() -> dict[str, Any]:
    path = Path(corpus.__file__).with_name("heldout.json")
    return cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))


@cache
def judged(name: str) -> list[tuple[str, bool]]:
    """Each sentence of a list with its kind, empty for a true one, and whether it is left out."""
    materials = TypeAdapter(dict[str, Material]).validate_python(stranger()["materials"])
    facts = {key: Facts(material) for key, material in materials.items()}
    return [
        (kind, refusal(sentence, facts[key], is_advice=is_advice) is not None)
        for key, sentence, is_advice, *rest in stranger()[name]
        for kind in [rest[0] if rest else ""]
    ]


@pytest.mark.parametrize("language", STRANGER)
def test_answers_by_a_stranger_are_told_apart(language: str) -> None:
    least_caught, most_lost = STRANGER[language]
    true = [is_lost for _, is_lost in judged(f"true{language}")]
    false = [is_caught for _, is_caught in judged(f"false{language}")]
    assert sum(true) <= most_lost * len(true)
    assert sum(false) >= least_caught * len(false)


# --- The documentation ------------------------------------------------------------------------


def test_the_figures_in_the_documentation_are_those_of_today() -> None:
    page = (PROJECT_ROOT / "docs" / "narrative.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (\d+ / \d+) \|$", page, re.MULTILINE))
    counted = Counter({kind: sum(cases) for kind, cases in caught().items()})
    assert rows == {kind: f"{counted[kind]} / {len(cases)}" for kind, cases in caught().items()}
    assert f"{len(lost())} of {sum(len(c.sentences) for c in corpus.TRUE):,} true sentences" in page
    for language, what in (("", "Korean"), ("_in_english", "English")):
        for truth, verb in (("true", "lost"), ("false", "caught")):
            count = Counter(is_refused for _, is_refused in judged(f"{truth}{language}"))
            assert f"| {what}, {truth} | {count.total():,} | {count[True]:,} {verb} |" in page


def test_the_figures_of_the_strangers_kinds_are_those_of_today() -> None:
    page = (PROJECT_ROOT / "docs" / "narrative.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| (\d+ / \d+) \|$", page, re.MULTILINE))
    every, caught_ones = Counter[str](), Counter[str]()
    for kind, is_caught in judged("false"):
        every[kind] += 1
        caught_ones[kind] += is_caught
    assert rows == {kind: f"{caught_ones[kind]} / {every[kind]}" for kind in every}

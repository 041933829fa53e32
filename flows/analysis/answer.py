"""Turns an answer of the model into an analysis of which every sentence is carried by the data. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from flows.analysis.claims import Facts, refusal
from flows.analysis.prompt import (
    INSTRUCTIONS,
    quoted,
    samples_for_prompt,
    shown_first,
)
from flows.analysis.reading import Hypothesis, UnusableAnswer, read_answer
from flows.analysis.support import ranked
from flows.analysis.week_names import in_week_names
from flows.report.emphasis import plain
from flows.report.values import Analysis, Material, Sample

MAX_SUMMARY_CHARACTERS = 700
MAX_ITEM_CHARACTERS = 300
MAX_ITEMS = 4

# Not behind a digit (3. is a number, 5.12.0 a version), and only before a blank.
_SENTENCE_ENDS = re.compile(r"(?<=[^\d\s][.!?。…])\s+")


def parse_answer(
    text: str, material: Material, mask: Callable[[str], str], finish_reason: str | None = None
) -> Analysis:
    """Read an answer about `material` and keep what the data carries.

    Examples are quoted from the masked samples that were in the prompt; any other id is dropped, and when none is
    left the first samples take their place. `mask` is applied to all that the model wrote. Raises UnusableAnswer when
    nothing of the summary and the hypotheses is left.
    """
    answer = read_answer(text, finish_reason, prompt=INSTRUCTIONS)
    check = _Check(Facts(material), mask)

    def named(sentences: Sequence[str]) -> str:
        return in_week_names(" ".join(sentences), material.weeks)

    summary = _cut(named(check.kept(" ".join(answer.summary))), MAX_SUMMARY_CHARACTERS)
    hypotheses = [
        Hypothesis(_cut(named(sentences), MAX_ITEM_CHARACTERS), each.words, each.tickets)
        for each in answer.hypotheses[:MAX_ITEMS]
        if (sentences := check.kept(each.text))
    ]
    actions = tuple(
        _cut(" ".join(sentences), MAX_ITEM_CHARACTERS)
        for action in answer.actions[:MAX_ITEMS]
        if (sentences := check.kept(action, is_advice=True))
    )
    if not summary and not hypotheses:
        raise UnusableAnswer(
            f"the data carries none of its {check.left_out} sentences"
            if check.left_out
            else "neither summary nor hypotheses"
        )
    samples = samples_for_prompt(material)
    texts, supports = ranked(hypotheses, material)
    return Analysis(
        category=material.change.category,
        source="laas",
        summary=summary,
        examples=quoted(_named_samples(answer.examples, samples) or shown_first(samples)[:2]),
        hypotheses=texts,
        actions=actions,
        supports=supports,
        sentences_left_out=check.left_out,
    )


class _Check:
    """Keeps the sentences that the data carries and counts the others."""

    def __init__(self, facts: Facts, mask: Callable[[str], str]) -> None:
        self._facts = facts
        self._mask = mask
        self.left_out = 0

    def kept(self, text: str, *, is_advice: bool = False) -> list[str]:
        kept = []
        for sentence in sentences(self._mask(text)):
            if refusal(plain(sentence), self._facts, is_advice=is_advice):
                self.left_out += 1
            else:
                kept.append(sentence)
        return kept


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text."""
    for line in text.splitlines():
        for sentence in _SENTENCE_ENDS.split(line.strip()):
            if sentence.strip():
                yield sentence.strip()


def _named_samples(lines: Sequence[str], samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples whose ids are in the section, in the section's order."""
    text = "\n".join(lines)
    found = {}
    for sample in samples:
        # Only ASCII counts as part of an id: a Korean particle may follow it directly.
        whole_id = rf"(?<![\w-]){re.escape(sample.ticket_id)}(?![\w-])"
        if match := re.search(whole_id, text, re.ASCII):
            found[match.start()] = sample
    return tuple(found[place] for place in sorted(found))[:MAX_ITEMS]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

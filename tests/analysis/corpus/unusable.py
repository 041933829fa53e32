"""Answers that say nothing of the material: none of it may be posted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from flows.analysis.prompt import build_prompt
from tests.analysis.corpus.materials import read_yaml, subjects
from tests.analysis.corpus.true_answers import true_answers


@dataclass(frozen=True)
class Unusable:
    """A whole answer of which nothing can be used, and why: refusal, filler, echo and so on."""

    kind: str
    text: str


@cache
def unusable() -> tuple[Unusable, ...]:
    read = read_yaml("unusable.yml")
    written = [Unusable(kind, text) for kind, texts in read.items() for text in texts]
    return (*written, *(Unusable("echo", text) for text in _echoes()), *_cut())


def _echoes() -> Iterator[str]:
    """The prompt, or parts of it, as models give it back."""
    for number, subject in enumerate(subjects()[:4]):
        prompt = build_prompt(subject.material, "ko").text
        paragraphs = prompt.split("\n\n")
        half = len(prompt) // 2
        yield prompt
        if number == 0:
            yield f"```\n{prompt}\n```"
            yield paragraphs[0]
            yield paragraphs[0] + "\n\n" + paragraphs[1]
            yield "다음은 요청하신 내용입니다.\n\n" + prompt[:half]
            yield prompt[half:]
            yield json.dumps({"role": "user", "content": prompt}, ensure_ascii=False)
        if number == 1:
            yield paragraphs[-1]
            yield "\n\n".join(paragraphs[-2:])


_CUTS = (0.2, 0.35, 0.5, 0.65, 0.8)


def _cut() -> Iterator[Unusable]:
    """JSON that ends early: in a value, in a key, between two, in fences, behind prose."""
    for number, answer in enumerate(true_answers()[5:330:13]):
        text = answer.answer[: int(len(answer.answer) * _CUTS[number % 5])].rstrip("}] \n")
        if number % 5 == 1:
            text = f"```json\n{text}"
        if number % 5 == 3:
            text = f"분석 결과입니다.\n\n{text}"
        yield Unusable("cut_json", text)

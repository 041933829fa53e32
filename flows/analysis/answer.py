"""From whatever the preset answered to an analysis: JSON, Markdown sections or plain text. Pure."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flows.analysis.prompt import samples_for_prompt
from flows.report import Analysis, Evidence, Example, Sample

MAX_SUMMARY_CHARACTERS = 700
MAX_ITEM_CHARACTERS = 300
MAX_QUOTE_CHARACTERS = 200
MAX_ITEMS = 4
# An answer longer than this is cut before it is parsed; no report needs more.
MAX_ANSWER_CHARACTERS = 50_000

_SECTION_NAMES = {
    "summary": ("요약", "summary"),
    "examples": ("대표예시", "예시", "examples"),
    "hypotheses": ("원인가설", "원인", "가설", "hypotheses"),
    "actions": ("후속조치", "조치", "actions"),
}
_SECTION_OF = {name: section for section, names in _SECTION_NAMES.items() for name in names}
_HEADING = re.compile(
    r"^[\s#>*_\-\[\(]*(?:\d{1,2}[.)]\s*)?[*_\[\(]*\s*"
    r"(요약|대표\s?예시|예시|원인\s?가설|원인|가설|후속\s?조치|조치|summary|examples|hypotheses|actions)"
    r"\s*[*_\]\)]*\s*(?:[:：]\s*[*_]*\s*(?P<rest>.*)|[*_\s]*)$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s+")


class UnusableAnswer(ValueError):
    """The answer holds nothing that could be shown."""


def parse_answer(text: str, evidence: Evidence, mask: Callable[[str], str]) -> Analysis:
    """Read an answer about `evidence`.

    Examples are quoted from the masked samples that were in the prompt; any other id is dropped, and when none is
    left the first samples stand in. `mask` is applied to all that the model wrote. Raises UnusableAnswer when
    there is neither a summary nor a hypothesis.
    """
    sections = _sections(text[:MAX_ANSWER_CHARACTERS])
    summary = _cut(mask(" ".join(_items(sections.get("summary")))), MAX_SUMMARY_CHARACTERS)
    hypotheses = _listed(sections.get("hypotheses"), mask)
    if not summary and not hypotheses:
        raise UnusableAnswer("neither summary nor hypotheses")
    samples = samples_for_prompt(evidence)
    return Analysis(
        category=evidence.change.category,
        source="laas",
        summary=summary,
        examples=quoted(_named_samples(sections.get("examples"), samples) or samples[:2]),
        hypotheses=hypotheses,
        actions=_listed(sections.get("actions"), mask),
    )


def quoted(samples: Iterable[Sample]) -> tuple[Example, ...]:
    """Samples as examples, each on one line."""
    return tuple(
        Example(sample.ticket_id, _cut(" ".join(sample.text.split()), MAX_QUOTE_CHARACTERS))
        for sample in samples
    )


def _sections(text: str) -> dict[str, Any]:
    parsed = _json_object(text)
    if parsed is not None:
        found = {
            _SECTION_OF.get(re.sub(r"\s", "", key).lower()): value for key, value in parsed.items()
        }
        return {section: value for section, value in found.items() if section}
    return _text_sections(text)


def _json_object(text: str) -> dict[str, Any] | None:
    decoder = json.JSONDecoder()
    # Prose before the object may hold a brace of its own, but not many.
    for brace in itertools.islice(re.finditer(r"\{", text), 20):
        try:
            value, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _text_sections(text: str) -> dict[str, Any]:
    sections: dict[str, list[str]] = {}
    current = sections.setdefault("summary", [])
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading:
            current = sections.setdefault(_SECTION_OF[re.sub(r"\s", "", heading[1]).lower()], [])
        content = (heading["rest"] or "") if heading else line
        if content.strip() and not content.strip().startswith("```"):
            current.append(content)
    return {section: list(lines) for section, lines in sections.items()}


def _items(value: Any) -> list[str]:
    """Whatever stood in a section as a list of lines."""
    if isinstance(value, str):
        value = value.splitlines()
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    lines = [" ".join(map(str, v.values())) if isinstance(v, dict) else str(v) for v in value if v]
    return [_BULLET.sub("", _printable(line)).strip() for line in lines if line.strip()]


def _listed(value: Any, mask: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(
        _cut(mask(item), MAX_ITEM_CHARACTERS) for item in _items(value)[:MAX_ITEMS] if item
    )


def _named_samples(value: Any, samples: Sequence[Sample]) -> tuple[Sample, ...]:
    by_id = {sample.ticket_id: sample for sample in samples}
    words = [word for item in _items(value) for word in re.findall(r"[\w-]+", item)]
    return tuple(by_id[word] for word in dict.fromkeys(words) if word in by_id)[:MAX_ITEMS]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

"""Turns an answer of the preset into an analysis: JSON, Markdown sections or plain text. Pure."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flows.analysis.prompt import MAX_SAMPLE_CHARACTERS, samples_for_prompt, shown_first
from flows.report.values import Analysis, Example, Material, Sample, printable

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
# Numbers, hashes, stars and brackets around a heading: everything that is not a letter.
_DECORATION = re.compile(r"[\W\d_]")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s+")
_OBJECT_BEGINS = re.compile(r'\{\s*"[^"\n]{1,40}"\s*:')


class UnusableAnswer(ValueError):
    """The answer has nothing that could be shown."""


def parse_answer(text: str, material: Material, mask: Callable[[str], str]) -> Analysis:
    """Read an answer about `material`.

    Examples are quoted from the masked samples that were in the prompt; any other id is dropped, and when none is
    left the first samples take their place. `mask` is applied to all that the model wrote. Raises UnusableAnswer when
    there is neither a summary nor a hypothesis.
    """
    sections = _sections(text[:MAX_ANSWER_CHARACTERS])
    summary = _cut(mask(" ".join(_items(sections.get("summary")))), MAX_SUMMARY_CHARACTERS)
    hypotheses = _listed(sections.get("hypotheses"), mask)
    if not summary and not hypotheses:
        raise UnusableAnswer("neither summary nor hypotheses")
    samples = samples_for_prompt(material)
    return Analysis(
        category=material.change.category,
        source="laas",
        summary=summary,
        examples=quoted(
            _named_samples(sections.get("examples"), samples) or shown_first(samples)[:2]
        ),
        hypotheses=hypotheses,
        actions=_listed(sections.get("actions"), mask),
    )


def quoted(samples: Iterable[Sample]) -> tuple[Example, ...]:
    """Samples as examples, each on one line, from the part of their text that is in the prompt."""
    return tuple(
        Example(sample.ticket_id, _cut(_one_line(sample.text), MAX_QUOTE_CHARACTERS))
        for sample in samples
    )


def _sections(text: str) -> dict[str, Any]:
    for parsed in _json_objects(text):
        named = {_section_named(key): value for key, value in parsed.items()}
        found = {section: value for section, value in named.items() if section}
        if found:
            return found
    sections = _text_sections(text)
    # Broken or foreign JSON is not fit to show to people.
    is_prose = len(sections) > 1 or not _OBJECT_BEGINS.search(text)
    return sections if is_prose else {}


def _json_objects(text: str) -> Iterable[dict[str, Any]]:
    # Not strict: models write line breaks into their strings.
    decoder = json.JSONDecoder(strict=False)
    # Prose before the object may hold a brace of its own, but not many.
    for brace in itertools.islice(re.finditer(r"\{", text), 20):
        try:
            value, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        yield value


def _text_sections(text: str) -> dict[str, Any]:
    sections: dict[str, list[str]] = {}
    current = sections.setdefault("summary", [])
    for line in text.splitlines():
        title, *rest = re.split("[:：]", line, maxsplit=1)
        section = _section_named(title)
        if section:
            current = sections.setdefault(section, [])
        content = "".join(rest).lstrip("*_ ") if section else line
        if content.strip() and not content.strip().startswith("```"):
            current.append(content)
    return dict(sections)


def _section_named(title: str) -> str | None:
    """The section that a key or a heading names, if it names one."""
    return _SECTION_OF.get(_DECORATION.sub("", title).lower())


def _items(value: Any) -> list[str]:
    """The content of a section, of any type, as a list of lines."""
    if isinstance(value, str):
        value = value.splitlines()
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    lines = [_BULLET.sub("", printable(_flat(item))).strip() for item in value]
    return [line for line in lines if line]


def _flat(value: Any, depth: int = 3) -> str:
    """A JSON value as words, down to a depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return " ".join(_flat(part, depth - 1) for part in value) if depth else ""
    return str(value) if value else ""


def _listed(value: Any, mask: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(_cut(mask(item), MAX_ITEM_CHARACTERS) for item in _items(value)[:MAX_ITEMS])


def _named_samples(value: Any, samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples whose ids are in the section, in the section's order."""
    text = "\n".join(_items(value))
    found = {}
    for sample in samples:
        # Only ASCII counts as part of an id: a Korean particle may follow it directly.
        whole_id = rf"(?<![\w-]){re.escape(sample.ticket_id)}(?![\w-])"
        if match := re.search(whole_id, text, re.ASCII):
            found[match.start()] = sample
    return tuple(found[place] for place in sorted(found))[:MAX_ITEMS]


def _one_line(text: str) -> str:
    return " ".join(printable(text[:MAX_SAMPLE_CHARACTERS]).split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

"""Markdown's marks in what a model writes: emphasis becomes that of the medium, other marks are not shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# Letters may follow at once, as Korean particles do; an underscore within a word belongs to it.
_MARKED = re.compile(
    r"(?P<stars>\*{1,3})(?=[^\s*])(?P<starred>[^*]+?)(?<=\S)(?P=stars)(?!\*)"
    r"|(?<![\w.])__(?=\S)(?P<lined>[^_]+?)(?<=\S)__(?!\w)"
    r"|`(?P<code>[^`]+)`"
)
_LEFT_OVER = re.compile(r"\*{2,}")


def shown(text: str, written: Callable[[str], str], strong: Callable[[str], str]) -> str:
    """The text with each part as it is to be written, what is emphasised by `strong`."""
    return "".join(strong(part) if is_strong else written(part) for part, is_strong in _parts(text))


def plain(text: str) -> str:
    """The text without marks."""
    return "".join(part for part, _ in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    end = 0
    for match in _MARKED.finditer(text):
        yield from _unmarked(text[end : match.start()])
        yield match["starred"] or match["lined"] or match["code"], match["code"] is None
        end = match.end()
    yield from _unmarked(text[end:])


def _unmarked(text: str) -> Iterator[tuple[str, bool]]:
    if rest := _LEFT_OVER.sub("", text):
        yield rest, False

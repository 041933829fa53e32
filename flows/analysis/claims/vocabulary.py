"""Names of products, companies and systems that a model may make up, and words that are none, from vocabulary.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

_LISTS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
_PARTICLES = "[은는이가을를의에와과도로만]|에서|으로|까지|부터"

KNOWN_NAMES: tuple[str, ...] = tuple(_LISTS["known_names"])
PLAIN_WORDS: frozenset[str] = frozenset(_LISTS["plain_words"])
NAME_ENDINGS = re.compile(
    rf"[가-힣]{{1,8}}(?:{'|'.join(_LISTS['name_endings'])})(?=$|{_PARTICLES})"
)
SAME_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(other for other in names if other != name)
    for names in _LISTS["same_names"]
    for name in names
}
"""A name in Hangul or in Latin letters, each with its other forms."""

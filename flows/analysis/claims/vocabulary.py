"""Names that a model may make up, and words that are none, from vocabulary.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_LISTS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)

KNOWN_NAMES: frozenset[str] = frozenset(" ".join(_LISTS["known_names"].values()).split())
NAME_ENDINGS: tuple[str, ...] = tuple(_LISTS["name_endings"].split())
AFFIXES: frozenset[str] = frozenset("".join(_LISTS["affixes"].split()))
"""The syllables that ordinary words of several nouns are made with."""
PLAIN_WORDS: frozenset[str] = frozenset(" ".join(_LISTS["plain_words"].values()).split())
SAID_OF_ANY: frozenset[str] = frozenset(" ".join(_LISTS["said_of_any"].values()).split())
"""Words that say nothing of one ticket in particular."""
SAID_OF_A_WEEK: frozenset[str] = frozenset(" ".join(_LISTS["said_of_a_week"].values()).split())
"""All words that a sentence about a whole week is made of, names of categories apart."""
SAME_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(other for other in names.split() if other != name)
    for names in _LISTS["same_names"]
    for name in names.split()
}
"""A name in Hangul or in Latin letters, each with its other forms."""

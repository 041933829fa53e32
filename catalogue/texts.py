"""Every word that people read in Slack and on the page, in Korean and English: `texts.toml` holds them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Locale = Literal["ko", "en"]
LOCALES: tuple[Locale, ...] = get_args(Locale)


class Texts:
    """The catalogue in one language: `texts("summary.title", week="2026-W46")`."""

    def __init__(self, locale: Locale = "ko") -> None:
        self.locale = locale

    def __call__(self, key: str, **values: object) -> str:
        """The text under a dotted key, with its placeholders filled in. Raises KeyError."""
        return entries()[key][self.locale].format(**values)


@cache
def entries() -> dict[str, dict[str, str]]:
    """Every key with its text in each language."""
    return dict(_flat(tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))))


def _flat(table: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, str]]]:
    found = []
    for name, value in table.items():
        if set(value) == set(LOCALES) and all(isinstance(text, str) for text in value.values()):
            found.append((prefix + name, value))
        else:
            found += _flat(value, f"{prefix}{name}.")
    return found

"""Both languages say everything, and nothing is said outside the catalogue."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from catalogue import LOCALES, Texts, entries
from flows import PROJECT_ROOT

USED = re.compile(r"""texts\(\s*f?["']([\w.{}]+)["']""")
HANGUL = re.compile("[가-힣]")


def sources() -> list[Path]:
    folders = (PROJECT_ROOT / "flows", PROJECT_ROOT / "bot")
    return [path for folder in folders for path in (*folder.rglob("*.py"), *folder.rglob("*.j2"))]


def used() -> set[str]:
    """The keys in the code; what is filled in at run time matches any word."""
    return {key for path in sources() for key in USED.findall(path.read_text(encoding="utf-8"))}


def placeholders(text: str) -> set[str]:
    return {
        name.split(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None
    }


@pytest.mark.parametrize("key", sorted(entries()))
def test_every_text_is_there_in_both_languages_with_the_same_placeholders(key: str) -> None:
    texts = entries()[key]
    assert set(texts) == set(LOCALES)
    assert all(text.strip() for text in texts.values())
    assert placeholders(texts["ko"]) == placeholders(texts["en"])
    assert not HANGUL.search(texts["en"])


def test_every_text_is_used_and_every_key_exists() -> None:
    patterns = [re.compile(re.sub(r"\\\{.*?\\\}", r"\\w+", re.escape(key))) for key in used()]
    unused = [key for key in entries() if not any(p.fullmatch(key) for p in patterns)]
    missing = [p.pattern for p in patterns if not any(p.fullmatch(key) for key in entries())]
    assert (unused, missing) == ([], [])


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        Texts()("no.such.key")

"""The two READMEs say the same, and what they name exists."""

from __future__ import annotations

import re

import pytest

from flows import PROJECT_ROOT

README, KOREAN = (
    (PROJECT_ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md")
)


def fences(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S)


def headings(text: str) -> list[str]:
    """The levels: words differ, places do not."""
    return re.findall(r"^(#+) ", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)


def named(text: str) -> set[str]:
    """Commands, settings and links in running text, without the table of settings that only one has."""
    text = re.sub(r"^\| `[A-Z_]+` \|.*$", "", text, flags=re.M)
    commands = re.findall(r"`((?:make|\.venv/bin/|voc |--)[^`]*)`", text)
    settings = re.findall(r"\b(?:VOC|SLACK|LAAS|PREFECT)_[A-Z_]+\b", text)
    links = re.findall(r"\]\(((?:docs|deploy|CONT)[^)#]*)\)|src=\"([^\"]+)\"", text)
    return {*commands, *settings, *(link for pair in links for link in pair if link)}


def test_both_have_the_same_commands_and_outputs() -> None:
    assert fences(KOREAN) == fences(README)


def test_both_have_the_same_headings() -> None:
    assert headings(KOREAN) == headings(README)


def test_both_name_the_same_commands_settings_and_pages() -> None:
    assert named(KOREAN) == named(README)


@pytest.mark.parametrize("text", [README, KOREAN], ids=["en", "ko"])
def test_what_is_linked_exists(text: str) -> None:
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"", text)
    missing = {
        path for pair in linked for path in pair if path and not (PROJECT_ROOT / path).exists()
    }
    assert missing == set()


def test_every_target_that_is_named_exists() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.M)} == set()

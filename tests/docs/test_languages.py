"""A page that is there in two languages says the same in both, and what a page names exists."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from flows import PROJECT_ROOT
from tests.analysts import questions

PAGES = [*PROJECT_ROOT.glob("*.md"), *(PROJECT_ROOT / "docs").rglob("*.md")]
KOREAN = [page for page in PAGES if page.name.endswith(".ko.md")]
README = PROJECT_ROOT / "README.md"


def name_of(page: Path) -> str:
    return str(page.relative_to(PROJECT_ROOT))


def english(page: Path) -> Path:
    """The page that a Korean one says the same as; an English one itself."""
    return page.with_name(page.name.replace(".ko.md", ".md"))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def fences(page: Path, language: str = r"\w*") -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text_of(page), re.M | re.S)


def prose(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.M | re.S)


def headings(page: Path) -> list[tuple[str, str]]:
    """Each level with its words."""
    return re.findall(r"^(#+) (.+)$", prose(page), re.M)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    words = (re.sub(r"[^\w\s-]", "", heading.lower()) for _, heading in headings(page))
    return {re.sub(r"\s", "-", heading) for heading in words}


def links(page: Path) -> list[tuple[Path, str]]:
    """The files that are linked, or shown as pictures, with the place in them."""
    found = re.findall(r"\]\(([^)#:]*)(?:#([^):]*))?\)|src=\"([^\"]+)\"", prose(page))
    return [
        ((page.parent / (path or picture)).resolve() if path or picture else page, place)
        for path, place, picture in found
        if path or place or picture
    ]


def named(page: Path) -> dict[str, set[str]]:
    """Commands and settings in running text, links, and what a table has rows for."""
    cells = re.findall(r"^ *\| (.*?) \|", prose(page), re.M)
    return {
        "commands": set(re.findall(r"`((?:make|\.venv/bin/|voc |--)[^`]*)`", prose(page))),
        "settings": set(re.findall(r"\b(?:VOC|SLACK|LAAS|PREFECT)_[A-Z_]+\b", prose(page), re.A)),
        "pages": {name_of(english(path)) for path, _ in links(page)},
        "rows": {code for cell in cells for code in re.findall(r"`([^`]+)`", cell)},
    }


@pytest.mark.parametrize("page", KOREAN, ids=name_of)
def test_both_languages_have_the_same_headings_commands_and_outputs(page: Path) -> None:
    levels = [level for level, _ in headings(page)]
    assert levels == [level for level, _ in headings(english(page))]
    assert fences(page) == fences(english(page))


@pytest.mark.parametrize("page", KOREAN, ids=name_of)
def test_both_languages_name_the_same_commands_settings_pages_and_rows(page: Path) -> None:
    assert named(page) == named(english(page))


@pytest.mark.parametrize("page", KOREAN, ids=name_of)
def test_each_language_leads_to_the_other(page: Path) -> None:
    assert english(page) in {path for path, _ in links(page)}
    assert page in {path for path, _ in links(english(page))}


def test_the_analysts_questions_and_answers_are_the_same_in_both_languages() -> None:
    asked = [
        [(question.sql, question.answer) for question in questions(text_of(page))]
        for page in (
            PROJECT_ROOT / "docs" / "analysts.md",
            PROJECT_ROOT / "docs" / "analysts.ko.md",
        )
    ]
    assert asked[0] == asked[1]
    assert len(asked[0]) == 10


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_is_linked_exists_with_its_place(page: Path) -> None:
    assert {name_of(path) for path, _ in links(page) if not path.exists()} == set()
    places = {(path, place) for path, place in links(page) if place and path.suffix == ".md"}
    assert {place for path, place in places if place not in anchors(path)} == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_that_is_named_exists(page: Path) -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    code = "\n".join([*re.findall(r"`([^`\n]+)`", prose(page)), *fences(page)])
    targets = set(re.findall(r"^make ([a-z-]+)", code, re.M))
    assert {each for each in targets if not re.search(rf"^{each}:", makefile, re.M)} == set()


def test_ci_runs_what_the_readme_tells_people_to_run() -> None:
    """Each command of a block that needs nothing but this repository, in its order."""
    told = [line for block in fences(README, "bash") for line in block.splitlines()]
    run = (PROJECT_ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert len(told) >= 5
    assert [line for line in run if line in told] == told

"""The colours of the pages reach WCAG 2.2 AA in both themes: 4.5 to 1 for words, 3 to 1 for what else tells something."""

from __future__ import annotations

import re

import pytest

from flows.page.html.page import TEMPLATES
from flows.report.values import STATUSES

STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
_LIGHT, _DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
THEMES = {"light": _LIGHT, "dark": _DARK}
WORDS = [
    *((word, ground) for word in ("text", "muted", "link") for ground in ("page", "surface")),
    *((status, ground) for status in STATUSES for ground in (f"{status}-tint", "surface")),
]
SIGNS = [
    (sign, ground)
    for sign in ("bar-total", "bar-negative", "field", "link")
    for ground in ("page", "surface")
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("word", "ground"), WORDS)
def test_words_can_be_read(theme: str, word: str, ground: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[word], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("sign", "ground"), SIGNS)
def test_bars_fields_and_the_focus_can_be_seen(theme: str, sign: str, ground: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[sign], colours[ground]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_the_negative_part_of_a_bar_can_be_told_from_the_rest(theme: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours["bar-total"], colours["bar-negative"]) >= 3


def test_both_themes_have_every_colour_and_nothing_else_is_coloured() -> None:
    assert _LIGHT.keys() == _DARK.keys()
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", rules)
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) == _LIGHT.keys()

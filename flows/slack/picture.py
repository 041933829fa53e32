"""A chart as a picture, for a workspace that takes no charts. The fonts come from the machine."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from html import unescape

from PIL import Image, ImageDraw, ImageFont

from flows.report.message import Block
from flows.runtime.errors import SlackError

# With Hangul: on Debian (fonts-nanum, fonts-noto-cjk), macOS and Windows.
_FONTS = ("NanumGothic.ttf", "NotoSansCJK-Regular.ttc", "AppleSDGothicNeo.ttc", "malgun.ttf")

# Twice what Slack shows on a desktop, in pixels.
_WIDTH, _MARGIN = 1200, 40
_VALUE_WIDTH = 110
_BAR, _ROW_GAP, _GAP = 30, 26, 12
_TITLE_SIZE, _TEXT_SIZE = 36, 28
_INK, _PAPER = "#1d1c1d", "#ffffff"
# The earlier week is paler. Both differ from the paper and from each other without colour too.
_SERIES = ("#9aa0a6", "#c2410c")


def drawn(charts: Sequence[Block]) -> bytes:
    """Bar charts as one PNG, below each other. Raises SlackError where the machine has no font with Hangul."""
    images = [_drawn(chart) for chart in charts]
    whole = Image.new("RGB", (_WIDTH, sum(image.height for image in images)), _PAPER)
    y = 0
    for image in images:
        whole.paste(image, (0, y))
        y += image.height
    png = io.BytesIO()
    whole.save(png, "PNG", optimize=True)
    return png.getvalue()


def _drawn(chart: Block) -> Image.Image:
    """A row for each category, with a bar for each series."""
    title, text = _font(_TITLE_SIZE), _font(_TEXT_SIZE)
    series = chart["chart"]["series"]
    labels = [unescape(label) for label in chart["chart"]["axis_config"]["categories"]]
    values = [[point["value"] for point in each["data"]] for each in series]
    top = max(1, *(value for each in values for value in each))
    row_height = _BAR * len(series) + _ROW_GAP
    first_row = _MARGIN + _TITLE_SIZE + 2 * _TEXT_SIZE + _ROW_GAP
    image = Image.new("RGB", (_WIDTH, first_row + row_height * len(labels) + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((_MARGIN, _MARGIN), chart["title"], _INK, title)

    x, y = _MARGIN, _MARGIN + _TITLE_SIZE + _TEXT_SIZE
    for each, colour in zip(series, _SERIES, strict=True):
        draw.rectangle((x, y, x + _BAR, y + _BAR), colour)
        draw.text((x + _BAR + _GAP, y + _BAR / 2), each["name"], _INK, text, anchor="lm")
        x += _BAR + _GAP + round(text.getlength(each["name"])) + _MARGIN

    left = _MARGIN + round(max(map(text.getlength, labels))) + 2 * _GAP
    longest = _WIDTH - left - _VALUE_WIDTH - _MARGIN
    for row, label in enumerate(labels):
        y = first_row + row * row_height
        middle = y + _BAR * len(series) / 2
        draw.text((_MARGIN, middle), label, _INK, text, anchor="lm")
        for each, colour in zip(values, _SERIES, strict=True):
            right = left + round(longest * each[row] / top)
            draw.rectangle((left, y, right, y + _BAR - 4), colour)
            draw.text((right + _GAP, y + _BAR / 2 - 2), f"{each[row]:,}", _INK, text, anchor="lm")
            y += _BAR
    return image


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    raise SlackError("this machine has no font with Hangul: install fonts-nanum.")

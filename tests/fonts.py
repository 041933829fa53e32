"""Whether this machine can draw Hangul."""

from __future__ import annotations

import pytest

from flows.runtime.errors import SlackError
from flows.slack.blocks import bar_chart
from flows.slack.picture import drawn


def _has_hangul() -> bool:
    try:
        drawn([bar_chart("t", ["a"], {"s": [1], "t": [1]})])
    except SlackError:
        return False
    return True


needs_hangul = pytest.mark.skipif(
    not _has_hangul(), reason="no font with Hangul here: install fonts-nanum"
)

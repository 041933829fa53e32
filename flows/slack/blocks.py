"""Block Kit's building blocks within Slack's limits, and the escaping of foreign text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalogue.slack import escaped
from flows.report.emphasis import shown
from flows.report.message import Block
from flows.report.values import printable
from flows.report.writing import cut

MAX_SECTION_CHARACTERS = 2_900  # Slack's limit is 3,000
MAX_CONTEXT_CHARACTERS = 1_900
MAX_CHART_LABEL_CHARACTERS = 20
CHART = "data_visualization"
# Slack formats words, not parts of them: the underscore of an error_code stays.
_FORMATTING = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
# The first three are among the spellings that the masking rules know.
_LOOKALIKES = str.maketrans("*_~`", "＊＿∼ˋ")


def header(text: str) -> Block:
    return {"type": "header", "text": _plain(text)}


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text, MAX_SECTION_CHARACTERS)}


def context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text, MAX_CONTEXT_CHARACTERS)]}


def button(label: str, action_id: str, value: str) -> Block:
    """A button that reports a press to the bot, with the value."""
    return {"type": "button", "text": _plain(label), "action_id": action_id, "value": value}


def link_button(label: str, url: str, action_id: str) -> Block:
    """A button that opens one of our URLs."""
    return {"type": "button", "text": _plain(label), "url": url, "action_id": action_id}


def bar_chart(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Block:
    """One group of bars for each label, one bar in it for each series."""
    labels = [cut(escaped(label), MAX_CHART_LABEL_CHARACTERS) for label in labels]
    return {
        "type": CHART,
        "title": title,
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": label, "value": value}
                        for label, value in zip(labels, values, strict=True)
                    ],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": labels},
        },
    }


def charts(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The charts among a message's blocks."""
    return tuple(block for block in blocks if block["type"] == CHART)


def without_charts(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks for a workspace that takes no charts."""
    return tuple(block for block in blocks if block["type"] != CHART)


def with_block(blocks: Sequence[Block], block: Block) -> list[Block]:
    """The blocks of a message and one more at its end; none where the message has that block already, or is blank."""
    ids = {each.get("block_id") for each in blocks}
    return [] if not blocks or block["block_id"] in ids else [*blocks, block]


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def literal(text: str) -> str:
    """Foreign text on one line: it notifies no one, links nowhere and formats nothing, not even text beside it."""
    return _FORMATTING.sub(lambda mark: mark[0].translate(_LOOKALIKES), escaped(printable(text)))


def formatted(text: str) -> str:
    """What a model wrote, on one line: like `literal`, and its Markdown emphasis is Slack's.

    Slack takes a star for a mark only where no letter touches it: an invisible blank keeps them apart.
    """
    return shown(text, literal, lambda strong: f"\u200b*{literal(strong)}*\u200b").strip("\u200b")


def mention(id: str) -> str:
    """A user (U…, W…) or a user group (S…), who is notified. Ids come from the owners' seed, which is checked."""
    return f"<!subteam^{id}>" if id.startswith("S") else f"<@{id}>"


def channel_link(id: str) -> str:
    return f"<#{id}>"


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}


def _mrkdwn(text: str, limit: int) -> dict[str, Any]:
    # verbatim: what looks like an address or a channel in foreign text must not become a link.
    return {"type": "mrkdwn", "text": cut(text, limit), "verbatim": True}

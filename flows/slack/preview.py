"""Block Kit as plain text, roughly as it looks in Slack. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flows.report.message import Block


def preview(blocks: Iterable[Block]) -> str:
    return "\n\n".join(_block_text(block) for block in blocks)


def _block_text(block: Block) -> str:
    match block["type"]:
        case "header":
            return f"━━ {block['text']['text']} ━━"
        case "section":
            return _plain(block["text"]["text"])
        case "context":
            return "\n".join(_plain(element["text"]) for element in block["elements"])
        case "actions":
            return "  ".join(f"[ {element['text']['text']} ]" for element in block["elements"])
        case "data_visualization":
            return _chart_text(block)
        case unknown:
            return f"({unknown})"


def _chart_text(block: Block) -> str:
    series = block["chart"]["series"]
    lines = [
        f"{_plain(label)}: " + ", ".join(f"{s['name']} {s['data'][n]['value']:,}" for s in series)
        for n, label in enumerate(block["chart"]["axis_config"]["categories"])
    ]
    return "\n".join([block["title"], *lines])


def _plain(mrkdwn: str) -> str:
    text = re.sub(r"(?<!\w)([*_`])(.+?)\1(?!\w)", r"\2", mrkdwn)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

"""A stored message as HTML: its blocks, or its text where it has none."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from tests.local.mrkdwn import mrkdwn, plain

Node = dict[str, Any]
Names = Mapping[str, str]


def message_html(message: Node, names: Names) -> str:
    # What people type comes with a rich_text block too: its text says the same.
    blocks = message.get("blocks")
    return blocks_html(blocks, names) if blocks else f"<p>{mrkdwn(message['text'], names)}</p>"


def blocks_html(blocks: list[Node], names: Names) -> str:
    return "".join(_block(each, names) for each in blocks)


def _block(block: Node, names: Names) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{_text(block['text'], names)}</h3>"
        case "section":
            return _section(block, names)
        case "context":
            parts = "".join(f"<span>{_element(each, names)}</span>" for each in block["elements"])
            return f'<div class="context">{parts}</div>'
        case "actions":
            return f'<div class="actions">{"".join(map(_button, block["elements"]))}</div>'
        case "divider":
            return "<hr>"
        case "image":
            return f"<p>{_image(block)}</p>"
        case "table":
            return _table(block, names)
        case "rich_text":
            return f"<p>{_rich(block)}</p>"
        case "data_visualization":
            return _chart(block)
        case other:
            title = str(block.get("title", ""))
            return f'<p class="unknown">[{escape(other)}] {escape(title)}</p>'


def _section(block: Node, names: Names) -> str:
    text = f"<div>{_text(block['text'], names)}</div>" if "text" in block else ""
    if fields := block.get("fields"):
        parts = "".join(f"<div>{_text(each, names)}</div>" for each in fields)
        text += f'<div class="fields">{parts}</div>'
    beside = _element(block["accessory"], names) if "accessory" in block else ""
    return f'<div class="section"><div class="grow">{text}</div>{beside}</div>'


def _element(element: Node, names: Names) -> str:
    match element["type"]:
        case "button":
            return _button(element)
        case "image":
            return _image(element)
        case _:
            return _text(element, names)


def _text(text: Node, names: Names) -> str:
    return mrkdwn(text["text"], names) if text["type"] == "mrkdwn" else plain(text["text"])


def _image(image: Node) -> str:
    # Not fetched: the page keeps off the network.
    return f'<span class="unknown">🖼 {escape(image["alt_text"])}</span>'


def _button(button: Node) -> str:
    label, style = plain(button["text"]["text"]), escape(button.get("style", ""))
    data = "".join(
        f' data-{name}="{escape(button[key])}"'
        for name, key in (("action", "action_id"), ("value", "value"))
        if key in button
    )
    if reader := button.get("accessibility_label"):
        data += f' aria-label="{escape(reader)}"'
    url = button.get("url", "")
    if url.startswith(("http://", "https://")):
        where = f'href="{escape(url)}" target="_blank" rel="noopener noreferrer"'
        return (
            f'<a class="button {style}" {where}{data}>{label} <span aria-hidden="true">↗</span></a>'
        )
    off = "" if "action_id" in button else " disabled"
    return f'<button type="button" class="button {style}"{data}{off}>{label}</button>'


def _table(table: Node, names: Names) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>"
        for row in table["rows"]
    )
    return f'<div class="scroll"><table>{rows}</table></div>'


def _chart(block: Node) -> str:
    """The bars of a bar chart, lying; roughly what Slack draws standing."""
    series = block["chart"]["series"]
    top = max((point["value"] for each in series for point in each["data"]), default=0) or 1
    rows = "".join(
        f"<tr><th>{plain(label)}</th><td>"
        + "".join(
            f'<div><span class="bar s{index}" style="width:{70 * each["data"][n]["value"] / top:.1f}%"></span>'
            f"<small>{plain(each['name'])} {each['data'][n]['value']:,}</small></div>"
            for index, each in enumerate(series)
        )
        + "</td></tr>"
        for n, label in enumerate(block["chart"]["axis_config"]["categories"])
    )
    return f'<figure class="chart"><figcaption>{plain(block["title"])}</figcaption><table>{rows}</table></figure>'


def _cell(cell: Node) -> str:
    return plain(cell["text"]) if cell["type"] == "raw_text" else _rich(cell)


def _rich(block: Node) -> str:
    parts = (part for line in block["elements"] for part in line["elements"])
    return "".join(plain(each.get("text") or each.get("url") or each["name"]) for each in parts)

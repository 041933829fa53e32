"""Slack's mrkdwn as HTML, in the subset the bot writes. Whatever is not known shows as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_INLINE = re.compile(
    r"```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<url>https?://[^\s<>|]+)(?:\|(?P<label>[^<>]+))?>"
    r"|<@(?P<user>[UW][A-Z0-9]+)(?:\|[^<>]*)?>"
    r"|<#(?P<channel>C[A-Z0-9]+)(?:\|[^<>]*)?>"
    r"|<!date\^[^<>|]+\|(?P<date>[^<>]+)>"
    r"|(?<![\w*])\*(?P<b>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<i>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<s>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])",
    re.DOTALL,
)
_QUOTE = re.compile(r"(?:>|&gt;) ?")


def mrkdwn(text: str, names: Mapping[str, str]) -> str:
    """HTML of a text; `names` gives what to call users and channels by id."""
    parts: list[str] = []
    for part in re.split(r"(```.+?```)", text, flags=re.DOTALL):
        if part.startswith("```") and len(part) > 6:
            parts.append(_inline(part, names))
            continue
        quoted: list[str] = []
        lines: list[str] = []
        for line in part.split("\n"):
            if mark := _QUOTE.match(line):
                quoted.append(_inline(line[mark.end() :], names))
                continue
            if quoted:
                lines.append(_quote(quoted))
                quoted = []
            lines.append(_inline(line, names))
        if quoted:
            lines.append(_quote(quoted))
        parts.append("<br>".join(lines).replace("</blockquote><br>", "</blockquote>"))
    return "".join(parts).replace("<br><blockquote>", "<blockquote>")


def plain(text: str) -> str:
    """The text as it stands, for HTML."""
    return escape(text).replace("\n", "<br>")


def typed(text: str) -> str:
    """What Slack makes of what somebody types."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quote(lines: list[str]) -> str:
    return f"<blockquote>{'<br>'.join(lines)}</blockquote>"


def _shown(text: str) -> str:
    """Slack's three entities are read first, so that nothing is escaped twice."""
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return escape(text)


def _inline(text: str, names: Mapping[str, str]) -> str:
    html, end = "", 0
    for found in _INLINE.finditer(text):
        html += _shown(text[end : found.start()]) + _span(found, names)
        end = found.end()
    return html + _shown(text[end:])


def _span(found: re.Match[str], names: Mapping[str, str]) -> str:
    kind, text = str(found.lastgroup), str(found[str(found.lastgroup)])
    if kind in ("url", "label"):
        address, label = _shown(found["url"]), _shown(found["label"] or found["url"])
        return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{label}</a>'
    if kind in ("user", "channel"):
        mark = "@" if kind == "user" else "#"
        return f'<span class="mention">{mark}{escape(names.get(text, text))}</span>'
    if kind in ("b", "i", "s"):
        return f"<{kind}>{_inline(text, names)}</{kind}>"
    if kind == "date":
        return _shown(text)
    return f"<{kind}>{_shown(text.strip(chr(10)) if kind == 'pre' else text)}</{kind}>"

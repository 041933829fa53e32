"""Text for Slack, as flows and bot both write it."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Slack's three control characters; without this a ticket with <!channel> would ping everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

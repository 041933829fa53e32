"""Slack, as flows and bot both meet it: what is escaped, and what goes wrong with a call."""

from __future__ import annotations

from http.client import HTTPException
from json import JSONDecodeError

FAULTS = (OSError, HTTPException, JSONDecodeError)
"""No answer, half of one, or an answer that begins as JSON and is not JSON."""


def escaped(text: str) -> str:
    """Slack's three control characters; without this a ticket with <!channel> would ping everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

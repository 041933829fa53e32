"""What flows and bot both need for Slack: escaping, and the faults of a call."""

from __future__ import annotations

from http.client import HTTPException
from json import JSONDecodeError

ASKED = "slack"
"""Prefect tag of a run that somebody asked for in Slack: the bot tells that person how it ends."""

FAULTS = (OSError, HTTPException, JSONDecodeError)
"""No answer, half of an answer, or one that begins as JSON but is not JSON."""


def escaped(text: str) -> str:
    """Slack's three control characters; without this a ticket with <!channel> would ping everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

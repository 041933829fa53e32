"""What flows and bot both need for Slack: escaping, the faults of a call, the metadata of a report's messages."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPException
from json import JSONDecodeError
from typing import Any

FAULTS = (OSError, HTTPException, JSONDecodeError)
"""No answer, half of an answer, or one that begins as JSON but is not JSON."""

WEEKLY = "voc_weekly"
"""The event_type of every message of a report. Its payload has key, report_week, target, kind and run."""

METADATA_SCOPE = "metadata.message:read"
"""Without this scope Slack shows messages, but not what they are."""


def is_of_report(message: Mapping[str, Any], week: str, kind: str) -> bool:
    """Whether a message that Slack shows is of a week's report (2026-W46) and of this kind, such as summary."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    found = (metadata.get("event_type"), payload.get("report_week"), payload.get("kind"))
    return found == (WEEKLY, week, kind)


def scopes_of(headers: Mapping[str, str]) -> list[str]:
    """The scopes that the token has, as the headers of every answer list them; none where a proxy drops them."""
    found = {name.lower(): value for name, value in headers.items()}
    return [scope.strip() for scope in found.get("x-oauth-scopes", "").split(",") if scope]


def escaped(text: str) -> str:
    """Slack's three control characters; without this a ticket with <!channel> would ping everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

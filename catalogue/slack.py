"""What flows and bot both need for Slack: escaping, and the metadata of a report's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ASKED = "slack"
"""Prefect tag of a run that somebody asked for in Slack: the bot tells that person how it ends."""

WEEKLY = "voc_weekly"
"""The event_type of every message of a report, and of every note to the operators.

Its payload has key, report_week, target, kind and run; a note's `report_week` is its subject: a week, or a run.
"""

NOTES = ("late", "failed", "missing", "unposted")
"""The kinds of notes to the operators."""

METADATA_SCOPE = "metadata.message:read"
"""Without this scope Slack shows messages, but not what they are."""


def is_of_report(message: Mapping[str, Any], week: str, kind: str) -> bool:
    """Whether a message that Slack shows is of a week's report (2026-W46) and of this kind, such as summary."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    found = (metadata.get("event_type"), payload.get("report_week"), payload.get("kind"))
    return found == (WEEKLY, week, kind)


def note_subject(message: Mapping[str, Any]) -> str | None:
    """What a note to the operators is about; None for a message that is no such note."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    is_note = metadata.get("event_type") == WEEKLY and payload.get("kind") in NOTES
    return str(payload.get("report_week")) if is_note else None


def run_subject(run_id: object) -> str:
    """The subject of a note about a run."""
    return f"run {run_id}"


def scopes_of(headers: Mapping[str, str]) -> list[str]:
    """The scopes that the token has, as the headers of every answer list them; none where a proxy drops them."""
    found = {name.lower(): value for name, value in headers.items()}
    return [scope.strip() for scope in found.get("x-oauth-scopes", "").split(",") if scope]


def escaped(text: str) -> str:
    """Slack's three control characters; without this a ticket with <!channel> would ping everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

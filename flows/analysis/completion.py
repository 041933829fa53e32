"""Reads an answer that has the form of OpenAI's chat completions. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_TEXT_TYPES = (None, "text", "output_text")


class NoCompletion(Exception):
    """The answer has no text; the message does not quote it."""


@dataclass(frozen=True)
class Reply:
    """A model's words, and why it ended there (`stop`, `length`, `content_filter`), if it says so."""

    text: str
    finish_reason: str | None = None


def json_of(body: bytes) -> Any:
    """The answer's JSON. Raises NoCompletion."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NoCompletion("answer without content") from None


def tokens_of(answer: Any) -> int:
    """The tokens that the answer says it cost; 0 where it does not say."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def reply_of(answer: Any) -> Reply:
    """The reply in an answer: its content is a string or a list of parts. Raises NoCompletion."""
    try:
        choice = answer["choices"][0]
        content = choice["message"]["content"]
        reason = choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise NoCompletion("answer without content") from None
    text = "".join(map(_text, content)) if isinstance(content, list) else content
    if not isinstance(text, str):
        raise NoCompletion("answer without content")
    return Reply(text, reason if isinstance(reason, str) else None)


def _text(part: Any) -> str:
    """The words of a part, empty for one that is no text: what a model thought is not its answer."""
    if not isinstance(part, dict) or part.get("type") not in _TEXT_TYPES or part.get("thought"):
        return ""
    text = part.get("text")
    return text if isinstance(text, str) else ""

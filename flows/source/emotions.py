"""The words for emotions: mapped ones become 긍정, 중립 or 부정, unknown ones are told with their counts."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from flows.source.options import EMOTIONS
from flows.source.spelling import shown

_NAMED, _LENGTH = 5, 20


def emotion_expression(column: str, words: Mapping[str, str]) -> str:
    """SQL for the emotion; a word that no mapping names stays as it is."""
    text = f"cast({column} as varchar)"
    if not words:
        return text
    whens = " ".join(
        f"when {_literal(word)} then {_literal(emotion)}" for word, emotion in words.items()
    )
    # As `spelling.folded` compares them.
    seen = rf"lower(trim(regexp_replace(nfc_normalize({text}), '[\s\p{{Z}}]+', ' ', 'g')))"
    return f"case {seen} {whens} else {text} end"


def unknown_emotions(connection: duckdb.DuckDBPyConnection, tickets: str, file: str) -> str | None:
    """A line on the words that are none of the three emotions, None if there is none. Blank is not a word."""
    known = ", ".join(map(_literal, EMOTIONS))
    found = connection.execute(
        f"""
        select overall_emotion, count(*) as tickets, count(*) over () as words
        from {tickets}
        where overall_emotion not in ({known}) and trim(overall_emotion) <> ''
        group by overall_emotion
        order by tickets desc, overall_emotion
        limit {_NAMED}
        """
    ).fetchall()
    if not found:
        return None
    named = "; ".join(f"'{shown([word], length=_LENGTH)}' {count:,}" for word, count, _ in found)
    more = f"; and {found[0][2] - len(found)} more" if found[0][2] > len(found) else ""
    return (
        f"{file}: overall_emotion is none of {', '.join(EMOTIONS)} in some tickets: {named}{more}. "
        f"Only 부정 counts as negative; --map-emotion 부정=… names other words for it"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

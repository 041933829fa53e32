"""The words for emotions: mapped ones become 긍정, 중립 or 부정, unknown ones are told with their counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from flows.source.options import EMOTIONS
from flows.source.spelling import folded, shell_quoted, shown

_NAMED, _LENGTH = 5, 20
# Words of other classifiers, folded. They are proposed, never used unasked.
_LIKELY = {
    "부정": {
        *("negative", "very negative", "angry", "bad", "frustrated", "unhappy", "dissatisfied"),
        *("부정적", "불만", "불만족", "나쁨", "화남"),
    },
    "중립": {"neutral", "mixed", "중립적", "보통"},
    "긍정": {
        *("positive", "very positive", "good", "happy", "satisfied", "긍정적", "만족", "좋음"),
    },
}


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
        f"Only 부정 counts as negative; {_proposed([word for word, _, _ in found])}"
    )


def _proposed(words: Sequence[str]) -> str:
    """Options to copy, of the words that are known from elsewhere. A comma separates words in the option."""
    likely = {
        emotion: [word.strip() for word in words if folded(word) in known]
        for emotion, known in _LIKELY.items()
    }
    if not any(likely.values()):
        return "--map-emotion 부정=… names other words for it"
    options = (
        f"--map-emotion {emotion}={shell_quoted(','.join(named))}"
        for emotion, named in likely.items()
        if named
    )
    return f"add {' '.join(options)}, if that is what they mean"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

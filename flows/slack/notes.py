"""Notes to the people who keep the product running: the data is late, a run failed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from catalogue import Texts
from catalogue.ending import Failed
from catalogue.slack import escaped
from flows.report.message import Kind, Message, MessageId
from flows.report.values import Week, printable
from flows.report.writing import cut, week_text
from flows.runtime.errors import SlackError
from flows.slack.blocks import channel_link, section

MAX_REASON_CHARACTERS = 1_500


def late_data_note(
    texts: Texts,
    week: Week,
    last_day: date | None,
    run_url: str | None,
    missing_days: Sequence[date] = (),
) -> Message:
    """Nothing was posted: the source lacks days of the report week; without `last_day` it has none of them."""
    if last_day is None:
        reach = texts("note.no_reach")
    elif missing_days:
        reach = texts("note.lacks", days=", ".join(map(str, missing_days)))
    else:
        reach = texts("note.reach", day=last_day)
    text = texts("note.late", week=week_text(week, texts), reach=reach)
    return _note(texts, "late", text, run_url)


def failure_note(texts: Texts, failed: Failed | None, run_url: str | None) -> Message:
    """A run failed: what that means, and the line of its log. None where the run left no such line."""
    why = texts(f"failure.{failed.kind if failed else 'unexpected'}")
    if failed and failed.kind != "unexpected":
        why += " " + _log_line(texts, failed.reason)
    return _note(texts, "failed", texts("note.failed", why=why), run_url)


def crash_note(texts: Texts, run_url: str | None) -> Message:
    """An earlier run ended without a message, with its process or machine."""
    return _note(texts, "failed", texts("note.crashed"), run_url)


def unposted_note(
    texts: Texts, week: str, channel: str, error: SlackError, run_url: str | None
) -> Message:
    """The report is posted, but a category's own channel did not take its alerts."""
    text = texts(
        "note.unposted", week=week, channel=channel_link(channel), reason=_log_line(texts, error)
    )
    return _note(texts, "unposted", text, run_url)


def _log_line(texts: Texts, reason: object) -> str:
    return texts(
        "note.log_line", reason=cut(escaped(printable(str(reason))), MAX_REASON_CHARACTERS)
    )


def _note(texts: Texts, kind: Kind, text: str, run_url: str | None) -> Message:
    if run_url:
        text += f" <{run_url}|{texts('note.link')}>"
    return Message(MessageId(kind), text, (section(text),))

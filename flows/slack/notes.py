"""Notes to whoever keeps the product running: the data is late, a run failed. Pure; Korean."""

from __future__ import annotations

from datetime import date

from flows.report import Week, printable
from flows.slack.blocks import cut, escaped, section
from flows.slack.messages import Kind, Message, MessageId

MAX_REASON_CHARACTERS = 1_500


def late_data_note(week: Week, last_day: date | None, run_url: str | None) -> Message:
    """Nothing was posted: the source does not reach the end of the report week."""
    reach = f"{last_day}까지만 들어와" if last_day else "들어오지 않아"
    return _note(
        "late",
        f"⏰ {week.label}({week.start} – {week.end}) 리포트를 올리지 못했습니다. 원천 데이터가 {reach} 있습니다. "
        f"적재를 확인한 뒤 다시 실행해 주세요.{_link(run_url)}",
    )


def failure_note(reason: str | None, run_url: str | None) -> Message:
    """A run failed; `reason` is one line for users, None where only the run's log can tell."""
    why = (
        cut(escaped(printable(reason)), MAX_REASON_CHARACTERS)
        if reason
        else "예상하지 못한 오류입니다."
    )
    return _note(
        "failed",
        f"❌ VOC 리포트 실행이 실패했습니다. {why} "
        f"원인을 고친 뒤 다시 실행하면 빠진 것만 이어서 올립니다.{_link(run_url)}",
    )


def crash_note(run_url: str | None) -> Message:
    """An earlier run ended without a word, with its process or machine."""
    return _note(
        "failed",
        "⚠️ 지난 VOC 리포트 실행이 중간에 멈췄습니다(프로세스나 장비 중단). "
        f"같은 주를 다시 실행하면 빠진 것만 이어서 올립니다.{_link(run_url)}",
    )


def _note(kind: Kind, text: str) -> Message:
    return Message(MessageId(kind), text, (section(text),))


def _link(url: str | None) -> str:
    return f" <{url}|실행 보기>" if url else ""

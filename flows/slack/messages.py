"""The messages of a report, from values. Pure; Korean; inside Slack's limits whatever the categories are.

All blocks of a message together fail near 13,200 characters, which Slack does not document. A summary and an
overflow message have at most three full sections, an analysis four bounded ones: all stay below that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from flows.report import (
    STATUSES,
    Analysis,
    Category,
    Change,
    Correction,
    Example,
    Receipt,
    Status,
    Threshold,
    Week,
    WeeklyReport,
    printable,
)
from flows.slack.blocks import (
    MAX_SECTION_CHARACTERS,
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    header,
    link_button,
    literal,
    section,
)

Kind = Literal["summary", "overflow", "analysis", "receipt", "correction", "late", "failed"]

MAX_CATEGORY_CHARACTERS = 120
MAX_TICKET_ID_CHARACTERS = 40
MAX_NOTIFICATION_CHARACTERS = 500
SECTIONS_PER_OVERFLOW_MESSAGE = 3
NO_NEGATIVE_TICKETS = (
    "⚠️ 두 주에 부정으로 분류된 문의가 없습니다. 원천의 overall_emotion을 확인해 주세요."
)
NO_BASE_TICKETS = (
    "⚠️ 기준주에 문의가 없어 모두 신규로 보입니다. 원천에 그 주가 있는지 확인해 주세요."
)

_ICONS: dict[Status, str] = {"CRITICAL": "🔴", "MONITOR": "🟠", "IMPROVED": "🟢", "STABLE": "⚪"}
_LABELS: dict[Status, str] = {
    "CRITICAL": "심각",
    "MONITOR": "주의",
    "IMPROVED": "개선",
    "STABLE": "안정",
}
_REASONS = {
    "volume_increase": "건수 증가",
    "negative_ratio": "부정 비율 상승",
    "volume_decrease": "건수 감소",
}
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class MessageId:
    """What tells the messages of one report apart."""

    kind: Kind
    category: Category | None = None
    part: int = 0


SUMMARY = MessageId("summary")


@dataclass(frozen=True)
class Message:
    """One Slack message; `text` is what notifications and screen readers read."""

    id: MessageId
    text: str
    blocks: tuple[Block, ...]


def summary_messages(
    report: WeeklyReport,
    dashboard_url: str | None,
    version: str = "",
    *,
    replaces_earlier: bool = False,
) -> tuple[Message, ...]:
    """The summary, then the thread messages that list the changes it had no room for.

    `version` is the label of what wrote it, for the footer; so is whether it replaces a report that stands there.
    """
    footer = [
        *_doubts(report),
        *(["🔁 앞서 올린 이 주의 리포트를 대신합니다."] if replaces_earlier else []),
        *([f"voc-analyst {escaped(version)}"] if version else []),
    ]
    buttons = _buttons(report.weeks.comparison, dashboard_url)
    if not report.changes:
        return (_quiet_message(report, footer, buttons),)
    blocks = [
        header(f"📊 VOC 주간 리포트 · {report.weeks.comparison.label}"),
        section(_dates(report)),
        section(_counts(report)),
    ]
    left_out: list[Change] = []
    for status in STATUSES[:-1]:
        of_status = [change for change in report.changes if change.status == status]
        if not of_status:
            continue
        lines, rest = _fitting(
            [_change_line(change) for change in of_status], MAX_SECTION_CHARACTERS - 200
        )
        left_out += of_status[len(of_status) - len(rest) :]
        title = f"*{_ICONS[status]} {status} · {_LABELS[status]} {len(of_status)}개*"
        more = [f"_외 {len(rest)}개는 스레드에 있습니다._"] if rest else []
        blocks.append(section("\n".join([title, *lines, *more])))
    blocks += [context("\n".join([_criteria(report.thresholds), *footer])), buttons]
    return (Message(SUMMARY, _notification(report), tuple(blocks)), *_overflow_messages(left_out))


def analysis_message(change: Change, analysis: Analysis) -> Message:
    """The reply that says why one category got worse."""
    summary = literal(analysis.summary.lstrip("> "))  # at the start of a line it would quote
    examples = "\n".join(_example_line(example) for example in analysis.examples)
    body = [
        section(f"{_ICONS[change.status]} *{change.status}* {_change_line(change)}"),
        _titled_section("요약", summary),
        _titled_section("대표 예시", examples),
        _titled_section("원인 가설", _bullets(analysis.hypotheses)),
        _titled_section("후속 조치", _bullets(analysis.actions)),
    ]
    origin = (
        "LaaS 분석 · 예시는 마스킹된 실제 문의입니다."
        if analysis.source == "laas"
        else "규칙 기반 분석 · 모델 없이 집계와 표본으로 작성했습니다."
    )
    return Message(
        MessageId("analysis", change.category),
        text=cut(
            f"{change.status} {_name(change.category)}: {summary}",
            MAX_NOTIFICATION_CHARACTERS,
        ),
        blocks=(*body, context(origin)),
    )


def _example_line(example: Example) -> str:
    id_ = literal(cut(example.ticket_id, MAX_TICKET_ID_CHARACTERS)).strip()
    return f"> `{id_ or '–'}` {literal(example.quote) or '(내용 없음)'}"


def receipt_message(receipt: Receipt) -> Message:
    """The last line of the thread: what the report is made of and what it cost."""
    parts = [
        f"데이터 {receipt.last_day}까지" if receipt.last_day else "",
        f"티켓 {receipt.tickets:,}건",
        "" if receipt.bytes_billed is None else f"BigQuery {receipt.bytes_billed / 1e6:,.1f} MB",
        f"LaaS {receipt.laas_calls}회 {receipt.laas_tokens:,}토큰" if receipt.laas_calls else "",
        f"{receipt.seconds:.0f}초",
        f"voc-analyst {escaped(receipt.version)}",
    ]
    text = "🧾 " + " · ".join(filter(None, parts))
    return Message(MessageId("receipt"), text, (context(text),))


def correction_message(week: Week, corrections: Sequence[Correction]) -> Message:
    """The reply to a posted week whose statuses late tickets have changed. The same changes are the same message."""
    title = (
        f"🕓 늦게 들어온 문의로 {week.label}의 상태가 바뀌었습니다. 올린 때의 상태 → 지금의 상태:"
    )
    lines, rest = _fitting([_correction_line(c) for c in corrections], MAX_SECTION_CHARACTERS - 200)
    more = [f"_외 {len(rest)}개_"] if rest else []
    known = repr(sorted((c.category, c.posted_status, c.status) for c in corrections))
    digest = int(hashlib.sha256(known.encode()).hexdigest()[:12], 16)
    return Message(
        MessageId("correction", part=digest), title, (section("\n".join([title, *lines, *more])),)
    )


def _correction_line(correction: Correction) -> str:
    posted, today = (
        f"{_ICONS[status]} {status}" if status else "–"
        for status in (correction.posted_status, correction.status)
    )
    return (
        f"• *{_name(correction.category)}* {posted} → {today} "
        f"({correction.base_total:,} → {correction.comparison_total:,}건)"
    )


def sparkline(totals: Sequence[int]) -> str:
    """One bar a week, from 0 to the largest of them."""
    top = max(totals, default=0)
    if top == 0:
        return _BARS[0] * len(totals)
    return "".join(_BARS[round(total / top * (len(_BARS) - 1))] for total in totals)


def _quiet_message(report: WeeklyReport, footer: list[str], buttons: Block) -> Message:
    week = report.weeks.comparison
    text = (
        f"✅ VOC {week.label} ({_days(week)}): 기준을 넘은 변화가 없습니다. "
        f"{len(report.rows)}개 카테고리 모두 안정입니다."
    )
    return Message(
        SUMMARY, text, (section(text), *([context("\n".join(footer))] if footer else []), buttons)
    )


def _doubts(report: WeeklyReport) -> list[str]:
    """What is possible, but more often a source that has lost or renamed something."""
    has_base_tickets = any(row.base_total for row in report.rows)
    return [
        *([] if report.has_negative_tickets else [NO_NEGATIVE_TICKETS]),
        *([] if has_base_tickets else [NO_BASE_TICKETS]),
    ]


def _dates(report: WeeklyReport) -> str:
    comparison, base = report.weeks.comparison, report.weeks.base
    return f"*비교주* {_days(comparison)}  ·  *기준주* {_days(base)}"


def _counts(report: WeeklyReport) -> str:
    counts = report.status_counts
    return "   ".join(
        f"{_ICONS[status]} {_LABELS[status]} *{counts[status]}*" for status in STATUSES
    )


def _change_line(change: Change) -> str:
    reasons = "·".join(
        _REASONS[reason] for reason in (change.status_reason or "").split("+") if reason
    )
    return (
        f"*{_name(change.category)}*\n"
        f"{change.base_total:,} → {change.comparison_total:,}건 ({_growth(change)})  ·  부정 {_negative(change)}"
        f"  ·  `{sparkline(change.total_last_8_weeks)}`" + (f"  ·  {reasons}" if reasons else "")
    )


def _growth(change: Change) -> str:
    return "신규" if change.total_change_pct is None else f"{_signed(change.total_change_pct)}%"


def _negative(change: Change) -> str:
    base, comparison = (
        _percent(change.base_negative_ratio),
        _percent(change.comparison_negative_ratio),
    )
    points = change.negative_ratio_change_pp
    return f"{base} → {comparison}" + ("" if points is None else f" ({_signed(points)}%p)")


def _signed(value: float) -> str:
    """One decimal with its sign, a real minus, and no -0.0."""
    return f"{round(value, 1) + 0.0:+,.1f}".replace("-", "−")


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{100 * ratio:.1f}%"


def _criteria(thresholds: Iterable[Threshold]) -> str:
    return "기준: " + " / ".join(
        f"{_ICONS[t.status]} 한 주 {t.min_total}건 이상, {' 또는 '.join(rules)}"
        for t in thresholds
        if (rules := list(_rules(t)))
    )


def _rules(threshold: Threshold) -> Iterable[str]:
    if threshold.min_increase_pct is not None:
        yield f"건수 +{threshold.min_increase_pct}% 이상(신규 포함)"
    if threshold.min_negative_ratio_increase_pp is not None:
        yield f"부정 비율 +{threshold.min_negative_ratio_increase_pp}%p 이상"
    if threshold.min_decrease_pct is not None:
        yield f"건수 −{threshold.min_decrease_pct}% 이하"


def _notification(report: WeeklyReport) -> str:
    counts = report.status_counts
    worst = report.changes[0]
    return (
        f"VOC {report.weeks.comparison.label}: 심각 {counts['CRITICAL']}, 주의 {counts['MONITOR']}, "
        f"개선 {counts['IMPROVED']}. 가장 큰 변화: {_name(worst.category)} "
        f"{worst.base_total:,} → {worst.comparison_total:,}건 ({_growth(worst)})"
    )


def _overflow_messages(changes: Sequence[Change]) -> Iterable[Message]:
    rest = [f"{_ICONS[change.status]} {_change_line(change)}" for change in changes]
    part = 0
    while rest:
        part += 1
        blocks: list[Block] = []
        while rest and len(blocks) < SECTIONS_PER_OVERFLOW_MESSAGE:
            fitting, rest = _fitting(rest, MAX_SECTION_CHARACTERS)
            blocks.append(section("\n".join(fitting)))
        title = f"요약에 싣지 못한 변화 ({part})"
        yield Message(MessageId("overflow", part=part), title, (*blocks, context(title)))


def _fitting(lines: Sequence[str], limit: int) -> tuple[list[str], list[str]]:
    """The first lines that fit into `limit` characters (at least one), and the others."""
    used = 0
    for index, line in enumerate(lines):
        used += len(line) + 1
        if used > limit and index:
            return list(lines[:index]), list(lines[index:])
    return list(lines), []


def _buttons(week: Week, dashboard_url: str | None) -> Block:
    """The bot hears of the first; its value is what somebody would write to it."""
    buttons = [button("다시 실행", "rerun", week.label)]
    if dashboard_url:
        buttons.append(link_button("대시보드 열기", dashboard_url, "open_dashboard"))
    return actions(*buttons)


def _titled_section(title: str, body: str) -> Block:
    return section(f"*{title}*\n{body or '–'}")


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"• {literal(item)}" for item in items)


def category_name(category: Category) -> str:
    """A category for people: levels joined, and of trailing unclassified ones only the first."""
    levels = list(category)
    while len(levels) > 1 and levels[-1] == levels[-2] == "(미분류)":
        levels.pop()
    names = [" ".join(printable(level).split()) or "–" for level in levels]
    return cut(" / ".join(names), MAX_CATEGORY_CHARACTERS)


def _name(category: Category) -> str:
    return literal(category_name(category))


def _days(week: Week) -> str:
    return f"{_day(week.start)}(월) – {_day(week.end)}(일)"


def _day(day: date) -> str:
    return f"{day.year}.{day.month}.{day.day}"

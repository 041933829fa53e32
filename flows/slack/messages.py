"""The messages of a report, from values. Pure; inside Slack's limits for any categories.

All blocks of a message together fail near 13,200 characters, which Slack does not document. A summary and an
overflow message have at most three full sections, an analysis four bounded ones: all stay below that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalogue import Texts
from catalogue.slack import escaped
from flows.report.analyses import left_out_lines, support_text, supported
from flows.report.doubts import doubt_text, rename_text, renames_of
from flows.report.emphasis import plain
from flows.report.evidence import MARKS, alarms_text, company_texts, evidence_text, mark_text
from flows.report.evidence import footnote as evidence_footnote
from flows.report.history import (
    first_names,
    history_text,
    past_alerts_text,
    resolution_text,
)
from flows.report.message import SUMMARY, Block, Message, MessageId
from flows.report.values import (
    STATUSES,
    UNOPENED,
    Analysis,
    Category,
    Change,
    Correction,
    Doubt,
    Example,
    Opening,
    Receipt,
    Status,
    Threshold,
    Week,
    WeeklyReport,
    WeekPair,
    printable,
    to_look_at_first,
)
from flows.report.words import words_text
from flows.report.writing import (
    ICONS,
    UNCLASSIFIED,
    all_tickets_text,
    announced_name,
    category_name,
    cut,
    days_text,
    decided,
    growth,
    negative_shares,
    reasons,
    signed,
    ticket_address,
    trend,
    unanswered,
    week_before_text,
    week_number,
    week_text,
)
from flows.slack.blocks import (
    MAX_CHART_LABEL_CHARACTERS,
    MAX_SECTION_CHARACTERS,
    actions,
    bar_chart,
    button,
    channel_link,
    context,
    formatted,
    header,
    link_button,
    literal,
    mention,
    section,
)

MAX_TICKET_ID_CHARACTERS = 40
MAX_NOTIFICATION_CHARACTERS = 500
SECTIONS_PER_OVERFLOW_MESSAGE = 3
CATEGORIES_IN_CHARTS = 6
MAX_WORDS_CHARACTERS = 1_000
RESOLUTION = "voc_resolution"
"""The id of the block that a summary gets when the next report resolves its alarms."""


@dataclass(frozen=True)
class Composer:
    """Writes the messages of one installation: its language, its links, the version that signs.

    `ticket_url` holds `{id}` where a ticket's id goes.
    """

    texts: Texts
    version: str = ""
    dashboard_url: str | None = None
    report_url: str | None = None
    ticket_url: str | None = None

    def summary(
        self,
        report: WeeklyReport,
        *,
        opening: Opening = UNOPENED,
        replaces_earlier: bool = False,
    ) -> tuple[Message, ...]:
        """The summary, then the thread messages that list the changes for which the summary had no room."""
        texts, week = self.texts, report.weeks.comparison
        footer = [
            *([texts("summary.replaces", week=week_text(week, texts))] if replaces_earlier else []),
            *([f"voc-analyst {escaped(self.version)}"] if self.version else []),
        ]
        buttons = self._buttons(week)
        if not report.has_news:
            return (self._quiet(report, footer, buttons),)
        announced = report.announced
        blocks = [
            header(texts("summary.title", week=week_text(week, texts))),
            *self._doubts(report),
            section("\n".join(filter(None, self._headlines(report, opening)))),
            *([section(formatted(opening.paragraph))] if opening.paragraph else []),
            context(self._dates(report)),
        ]
        left_out: list[Change] = []
        for status in STATUSES[:-1]:
            of_status = [change for change in announced if change.status == status]
            if not of_status:
                continue
            lines, rest = fitting_lines(
                self._lines(of_status, report.weeks, report.doubts), MAX_SECTION_CHARACTERS - 200
            )
            left_out += of_status[len(of_status) - len(rest) :]
            title = texts(
                "summary.section",
                icon=ICONS[status],
                status=status,
                label=self._label(status),
                count=len(of_status),
            )
            more = [texts("summary.more", count=len(rest))] if rest else []
            blocks.append(section("\n".join([title, *lines, *more])))
        blocks += self._charts(announced, report.weeks)
        if any(mark_text(change, self.texts) for change in announced):
            footer = [evidence_footnote(self.texts), *footer]
        blocks += [context("\n".join([self._criteria(report.thresholds), *footer])), buttons]
        return (
            Message(SUMMARY, self._notification(report), tuple(blocks)),
            *self._overflow(left_out, report),
        )

    def analysis(
        self,
        change: Change,
        analysis: Analysis,
        weeks: WeekPair,
        doubts: Sequence[Doubt] = (),
        owner: str | None = None,
    ) -> Message:
        """The reply that says why one category got worse: its status and numbers, then the four sections.

        It mentions the owner: Slack's id of a user or a user group.
        """
        texts = self.texts
        summary = analysis.summary.lstrip("> ")  # at the start of a line > would quote
        examples = "\n".join(self._example_line(example) for example in analysis.examples)
        written = formatted if analysis.is_markdown else literal
        hypotheses = [
            written(text)
            + (f" ({literal(support_text(support, weeks.base, texts))})" if support else "")
            for text, support in supported(analysis)
        ]
        (line,) = self._lines([change], weeks, doubts)
        return Message(
            MessageId("analysis", change.category),
            text=cut(
                f"{change.status} {self._announced(change)}: "
                + literal(plain(summary) if analysis.is_markdown else summary),
                MAX_NOTIFICATION_CHARACTERS,
            ),
            blocks=(
                section(
                    f"{ICONS[change.status]} *{change.status}* · {self._label(change.status)}\n{line}"
                ),
                *([section(texts("analysis.owner", mention=mention(owner)))] if owner else []),
                _titled_section(texts("analysis.summary"), written(summary)),
                _titled_section(texts("analysis.examples"), examples),
                _titled_section(
                    texts("analysis.hypotheses"), "\n".join(f"• {line}" for line in hypotheses)
                ),
                _titled_section(
                    texts("analysis.actions"),
                    "\n".join(f"• {written(action)}" for action in analysis.actions),
                ),
                context(
                    " · ".join(
                        [
                            texts(f"analysis.from_{analysis.source}"),
                            *left_out_lines(analysis, texts),
                        ]
                    )
                ),
            ),
        )

    def alert(
        self, change: Change, analysis: Analysis, report: WeeklyReport, report_channel: str
    ) -> Message:
        """The same for the category's own channel: one message, which says of which week, and where the report is."""
        reply = self.analysis(change, analysis, report.weeks, report.doubts)
        of_report = self.texts(
            "alert.of_report",
            week=week_text(report.weeks.comparison, self.texts),
            channel=channel_link(report_channel),
        )
        buttons = self._report_buttons()
        blocks = (*reply.blocks, context(of_report), *([actions(*buttons)] if buttons else []))
        return Message(MessageId("alert", change.category), reply.text, blocks)

    def receipt(
        self, receipt: Receipt, weeks: WeekPair, analyses: Sequence[Analysis] = ()
    ) -> Message:
        """The last line of the thread: what the report is made of and what it cost.

        What holds for all replies is said here once.
        """
        texts = self.texts
        by_rule = sum(analysis.source == "rule_based" for analysis in analyses)
        has_examples = any(analysis.examples for analysis in analyses)
        parts = [
            texts(
                "receipt.tickets",
                both=receipt.tickets,
                week=week_number(weeks.comparison),
                comparison=receipt.comparison_tickets,
                before=week_before_text(weeks.base, texts),
                base=receipt.tickets - receipt.comparison_tickets,
            ),
            texts("receipt.data", day=receipt.last_day) if receipt.last_day else "",
            texts("receipt.zone", zone=receipt.timezone) if receipt.timezone else "",
            texts("receipt.by_rule", count=by_rule) if by_rule else "",
            texts("receipt.examples") if has_examples else "",
            ""
            if receipt.bytes_billed is None
            else f"BigQuery {receipt.bytes_billed / 1e6:,.1f} MB",
            texts(
                "receipt.model",
                model=escaped(receipt.model),
                calls=receipt.laas_calls,
                tokens=receipt.laas_tokens,
            )
            if receipt.laas_calls
            else "",
            *unanswered(receipt, texts),
            texts("receipt.seconds", seconds=receipt.seconds),
            f"voc-analyst {escaped(receipt.version)}",
        ]
        text = "🧾 " + " · ".join(filter(None, parts))
        return Message(MessageId("receipt"), text, (context(text),))

    def correction(self, week: Week, corrections: Sequence[Correction]) -> Message:
        """The reply to a posted week whose statuses have changed, with the causes.

        The same changes make the same message.
        """
        causes = dict.fromkeys(self.texts(f"correction.{c.cause}") for c in corrections)
        title = self.texts(
            "correction.title", week=week_text(week, self.texts), causes=", ".join(causes)
        )
        lines, rest = fitting_lines(
            [self._correction_line(c) for c in corrections], MAX_SECTION_CHARACTERS - 200
        )
        more = [self.texts("correction.more", count=len(rest))] if rest else []
        known = repr(sorted(map(_identity, corrections)))
        digest = int(hashlib.sha256(known.encode()).hexdigest()[:12], 16)
        return Message(
            MessageId("correction", part=digest),
            title,
            (section("\n".join([title, *lines, *more])),),
        )

    def resolution(self, report: WeeklyReport) -> Block | None:
        """The line below the base week's summary on what this report resolves; None where it resolves nothing."""
        text = resolution_text(report, self.texts, _name)
        return context(text) | {"block_id": RESOLUTION} if text else None

    def _label(self, status: Status) -> str:
        return self.texts(f"status.{status}")

    def _quiet(self, report: WeeklyReport, footer: list[str], buttons: Block) -> Message:
        week = week_text(report.weeks.comparison, self.texts)
        text = self.texts("summary.quiet", week=week, count=len(report.rows))
        footer_block = [context("\n".join(footer))] if footer else []
        lines = [
            text,
            all_tickets_text(report, self.texts),
            *company_texts(report.alarms, self.texts),
            past_alerts_text(report, self.texts, _name),
            self._rising_words(report),
        ]
        told = section("\n".join(filter(None, lines)))
        blocks = (*self._doubts(report), told, *footer_block, buttons)
        return Message(SUMMARY, self._with_doubt(text, report), blocks)

    def _doubts(self, report: WeeklyReport) -> list[Block]:
        """What is wrong with the source, and what is therefore not announced as improved."""
        if not report.doubts:
            return []
        lines = [f"• {literal(doubt_text(doubt, self.texts))}" for doubt in report.doubts]
        if report.held_back:
            names = [_name(change.category) for change in report.held_back]
            lines.append(
                self.texts("doubt.held_back", count=len(names), names=cut(", ".join(names), 600))
            )
        fitting, _ = fitting_lines(lines, MAX_SECTION_CHARACTERS - 200)
        return [section("\n".join([self.texts("doubt.title"), *fitting]))]

    def _with_doubt(self, text: str, report: WeeklyReport) -> str:
        """The notification, which begins with what is missing where tickets are."""
        if not report.is_incomplete:
            return text
        why = literal(doubt_text(report.missing_tickets[0], self.texts))
        return cut(f"⚠️ {why} {text}", MAX_NOTIFICATION_CHARACTERS)

    def _dates(self, report: WeeklyReport) -> str:
        base = report.weeks.base
        return self.texts(
            "summary.dates",
            base=week_before_text(base, self.texts),
            days=days_text(base, self.texts),
        )

    def _headlines(self, report: WeeklyReport, opening: Opening) -> Iterable[str]:
        """All tickets, the counts, what the alarms are worth, where to look first and why, and what has ended."""
        texts = self.texts
        yield all_tickets_text(report, texts)
        yield self._counts(report)
        yield alarms_text(report.alarms, texts, report.clear_count)
        yield from company_texts(report.alarms, texts)
        if first := to_look_at_first(report.announced):
            icon, name = ICONS[first.status], self._announced(first)
            yield texts("summary.worst", icon=icon, name=name, decided=decided(first, texts))
            if opening.cause:
                cause, support = opening.cause
                counted = support_text(support, report.weeks.base, texts)
                yield texts("summary.cause", cause=f"{formatted(cause)} ({literal(counted)})")
        yield past_alerts_text(report, texts, _name)
        yield self._rising_words(report)

    def _rising_words(self, report: WeeklyReport) -> str:
        return cut(literal(words_text(report, self.texts)), MAX_WORDS_CHARACTERS)

    def _counts(self, report: WeeklyReport) -> str:
        counts = report.announced_counts
        return "   ".join(
            f"{ICONS[status]} {self._label(status)} *{counts[status]}*"
            for status in STATUSES
            if not (status == "IMPROVED" and report.is_incomplete)
        ) + (
            self.texts("summary.held_back", count=len(report.held_back)) if report.held_back else ""
        )

    def _lines(
        self, changes: Sequence[Change], weeks: WeekPair, doubts: Sequence[Doubt] = ()
    ) -> list[str]:
        """Name, counts with their 8 weeks, negative share with the reason, evidence, history; whether it was renamed.

        The counts of all changes are aligned below each other.
        """
        widths = [
            max(len(f"{total:,}") for total in totals)
            for totals in (
                [change.base_total for change in changes],
                [change.comparison_total for change in changes],
            )
        ]
        growth_width = max(len(growth(change, self.texts)) for change in changes)
        return [
            self.texts(
                "change.line",
                name=self._announced(change),
                base=f"{change.base_total:,}".rjust(widths[0]),
                comparison=f"{change.comparison_total:,}".rjust(widths[1]),
                growth=growth(change, self.texts).rjust(growth_width),
                negative=negative_shares(change),
                trend=f"  `{bars}`" if (bars := trend(change)) else "",
                reason=reasons(change, self.texts),
            )
            + "".join(
                f"\n{line}"
                for line in [self._evidence(change, weeks.base), *self._explained(change)]
                if line
            )
            + "".join(
                f"\n⚠️ {literal(rename_text(doubt, self.texts))}"
                for doubt in renames_of(change.category, doubts)
                if doubt.week.start == change.week_start
            )
            for change in changes
        ]

    def _evidence(self, change: Change, base: Week) -> str:
        """How clear the change is, and since when there are such alarms."""
        texts = self.texts
        return " · ".join(
            filter(None, (evidence_text(change, texts), history_text(change, base, texts)))
        )

    def _announced(self, change: Change) -> str:
        return literal(announced_name(change.category, self.texts))

    def _explained(self, change: Change) -> Iterable[str]:
        """Of a level above: what explains its change, and the alarms that it stands for."""
        level = len(change.category)
        if risen := list(_risen(change)):
            yield self.texts(
                "change.drivers",
                names=first_names(
                    (f"{_name(below[level:])} {risen_by}" for below, risen_by in risen), self.texts
                ),
            )
        if change.folded:
            yield self.texts(
                "change.folded",
                count=len(change.folded),
                names=first_names((_name(c[level:]) for c in change.folded), self.texts),
            )

    def _example_line(self, example: Example) -> str:
        label = literal(cut(example.ticket_id, MAX_TICKET_ID_CHARACTERS)).strip() or "–"
        id_ = f"`{label}`"
        if self.ticket_url and example.ticket_id:
            id_ = f"<{ticket_address(self.ticket_url, example.ticket_id)}|{label}>"
        return f"> {id_} {literal(example.quote) or self.texts('analysis.no_words')}"

    def _correction_line(self, correction: Correction) -> str:
        posted, today = (
            f"{ICONS[status]} {status}{f' {MARKS[mark]}' if mark else ''}" if status else "–"
            for status, mark in (
                (correction.posted_status, correction.posted_evidence),
                (correction.status, correction.evidence),
            )
        )
        return self.texts(
            "correction.line",
            name=_name(correction.category),
            posted=posted,
            today=today,
            base=correction.base_total,
            comparison=correction.comparison_total,
            cause=self.texts(f"correction.{correction.cause}"),
        )

    def _charts(self, changes: Sequence[Change], weeks: WeekPair) -> Iterable[Block]:
        """Both weeks of the changes at the top, side by side: their tickets, or the shares where those decided."""
        top = changes[:CATEGORIES_IN_CHARTS]
        labels = dict(zip(top, _chart_labels(top), strict=True))
        names = week_before_text(weeks.base, self.texts), week_number(weeks.comparison)
        by_tickets = [change for change in top if not change.is_share_alone]
        by_share = [change for change in top if change.is_share_alone]
        for title, charted, values in (
            (self.texts("chart.title"), by_tickets, _tickets),
            (self.texts("chart.title_share"), by_share, _shares),
        ):
            if charted:
                base, comparison = zip(*map(values, charted), strict=True)
                yield bar_chart(
                    title,
                    [labels[change] for change in charted],
                    {names[0]: base, names[1]: comparison},
                )

    def _criteria(self, thresholds: Iterable[Threshold]) -> str:
        return self.texts(
            "criteria.all",
            each=" / ".join(
                self.texts(
                    "criteria.status",
                    icon=ICONS[threshold.status],
                    count=threshold.min_total,
                    rules=self.texts("criteria.or").join(rules),
                )
                for threshold in thresholds
                if (rules := list(self._rules(threshold)))
            ),
        )

    def _rules(self, threshold: Threshold) -> Iterable[str]:
        if threshold.min_increase_pct is not None:
            yield self.texts("criteria.increase", percent=threshold.min_increase_pct)
        if threshold.min_negative_ratio_increase_pp is not None:
            yield self.texts("criteria.negative", points=threshold.min_negative_ratio_increase_pp)
        if threshold.min_decrease_pct is not None:
            yield self.texts("criteria.decrease", percent=threshold.min_decrease_pct)

    def _notification(self, report: WeeklyReport) -> str:
        counts = report.announced_counts
        clear = report.clear_count
        text = self.texts(
            "summary.notification",
            week=week_text(report.weeks.comparison, self.texts),
            clear=self.texts("summary.notification_clear", count=clear) if clear else "",
            critical=counts["CRITICAL"],
            monitor=counts["MONITOR"],
            improved=0 if report.is_incomplete else counts["IMPROVED"],
        )
        if worst := to_look_at_first(report.announced):
            text += self.texts(
                "summary.notification_worst",
                name=self._announced(worst),
                decided=decided(worst, self.texts),
            )
        return self._with_doubt(text, report)

    def _overflow(self, changes: Sequence[Change], report: WeeklyReport) -> Iterable[Message]:
        lines = self._lines(changes, report.weeks, report.doubts) if changes else []
        rest = [
            f"{ICONS[change.status]} {line}" for change, line in zip(changes, lines, strict=True)
        ]
        part = 0
        while rest:
            part += 1
            blocks: list[Block] = []
            while rest and len(blocks) < SECTIONS_PER_OVERFLOW_MESSAGE:
                fitting, rest = fitting_lines(rest, MAX_SECTION_CHARACTERS)
                blocks.append(section("\n".join(fitting)))
            title = self.texts("overflow.title", part=part)
            yield Message(MessageId("overflow", part=part), title, (*blocks, context(title)))

    def _buttons(self, week: Week) -> Block:
        """The first button reports to the bot; its value is what a user would write to the bot."""
        buttons = [button(self.texts("button.rerun"), "rerun", week.label)]
        buttons += self._report_buttons()
        if self.dashboard_url:
            buttons.append(
                link_button(self.texts("button.dashboard"), self.dashboard_url, "open_dashboard")
            )
        return actions(*buttons)

    def _report_buttons(self) -> list[Block]:
        """The button that opens the report as a page; none where the page has no address."""
        url = self.report_url
        return [link_button(self.texts("button.report"), url, "open_report")] if url else []


def _identity(correction: Correction) -> tuple[object, ...]:
    """What distinguishes a correction; marks where they alone have changed."""
    statuses = (correction.category, correction.posted_status, correction.status)
    if correction.posted_status != correction.status:
        return statuses
    return (*statuses, correction.posted_evidence, correction.evidence)


def _risen(change: Change) -> Iterable[tuple[Category, str]]:
    """What is right below a level and rose most: by how many tickets, or by points of the level's negative ratio."""
    if "volume_increase" in change.reasons:
        for driver in sorted(change.drivers, key=lambda driver: -driver.change):
            if driver.change > 0:
                yield driver.category, f"+{driver.change:,}"
        return
    points = {
        d.category: 100 * ((d.rate_effect or 0) + (d.mix_effect or 0)) for d in change.drivers
    }
    for category, risen_by in sorted(points.items(), key=lambda item: -item[1]):
        if risen_by >= 0.05:
            yield category, f"{signed(risen_by)}%p"


def _tickets(change: Change) -> tuple[float, float]:
    return change.base_total, change.comparison_total


def _shares(change: Change) -> tuple[float, float]:
    base, comparison = change.base_negative_ratio, change.comparison_negative_ratio
    return round(100 * (base or 0), 1), round(100 * (comparison or 0), 1)


def fitting_lines(lines: Sequence[str], limit: int) -> tuple[list[str], list[str]]:
    """The first lines that fit into `limit` characters (at least one), and the others."""
    used = 0
    for index, line in enumerate(lines):
        used += len(line) + 1
        if used > limit and index:
            return list(lines[:index]), list(lines[index:])
    return list(lines), []


def _titled_section(title: str, body: str) -> Block:
    return section(f"*{title}*\n{body or '–'}")


def _name(category: Category) -> str:
    return literal(category_name(category))


def _chart_labels(changes: Sequence[Change]) -> list[str]:
    """The most telling level of each, after the one above where others have the same; numbered as in the message."""
    leaves = [_levels_named(change.category)[-1:] for change in changes]
    labels = []
    for number, (change, leaf) in enumerate(zip(changes, leaves, strict=True), 1):
        named = _levels_named(change.category)[-2:] if leaves.count(leaf) > 1 else leaf
        # From the end: a long level above must not push the leaf out.
        *above, last = [" ".join(printable(level).split()) or "–" for level in named]
        room = MAX_CHART_LABEL_CHARACTERS - len(f"{number}.  / {last}")
        before = f"{cut(above[0], room)} / " if above and room > 1 else ""
        labels.append(f"{number}. {before}{last}")
    return labels


def _levels_named(category: Category) -> list[str]:
    """Its levels without those that are not classified; all of them where none is."""
    return [level for level in category if level != UNCLASSIFIED] or list(category)

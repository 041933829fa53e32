"""The messages that answer questions, from values. Pure; inside Slack's limits for any categories and tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.report.analyses import left_out_lines
from flows.report.answers import (
    Answer,
    CategoryAnswer,
    ComparedCategory,
    ComparisonAnswer,
    ExamplesAnswer,
    StatusAnswer,
    Suggestions,
    TrendAnswer,
    Unavailable,
)
from flows.report.categories import Levels
from flows.report.evidence import MARKS
from flows.report.message import Block, Message, MessageId
from flows.report.values import ANALYSED, Analysis, CategoryWeek, Change, Week, WeekPair, printable
from flows.report.writing import (
    ICONS,
    category_name,
    cut,
    growth,
    percent,
    signed,
    sparkline,
    week_before_text,
    week_text,
)
from flows.slack.blocks import (
    MAX_SECTION_CHARACTERS,
    actions,
    button,
    context,
    formatted,
    literal,
    section,
)
from flows.slack.messages import MAX_NOTIFICATION_CHARACTERS, Composer, fitting_lines
from flows.slack.preview import preview

ANSWER = MessageId("answer")
ASK = "voc_ask"
"""What a button reports to the bot, which asks the button's value."""
MAX_MESSAGE_CHARACTERS = 12_500
"""Of all blocks, which Slack refuses near 13,200."""
MAX_PART_CHARACTERS = 1_500
MAX_ASKED_CHARACTERS = 150
MAX_LABEL_CHARACTERS = 75
MOST_BUTTONS = 5
MOST_BELOW = 8
MOST_COMPARED = 12


class AnswerComposer(Composer):
    """Writes the answers of one installation."""

    def answer(self, answer: Answer) -> Message:
        """One message, whatever was asked."""
        match answer:
            case CategoryAnswer():
                blocks = self._explanation(answer) if answer.wants_why else self._category(answer)
            case StatusAnswer():
                blocks = self._statuses(answer)
            case TrendAnswer():
                blocks = self._trend(answer)
            case ComparisonAnswer():
                blocks = self._comparison(answer)
            case ExamplesAnswer():
                blocks = self._examples(answer)
            case Suggestions():
                blocks = self._suggestions(answer)
            case Unavailable(is_busy):
                blocks = [section(self.texts("answer.busy" if is_busy else "answer.no_tables"))]
        first = " · ".join(preview(blocks[:1]).split("\n"))
        return Message(ANSWER, literal(cut(first, MAX_NOTIFICATION_CHARACTERS)), _bounded(blocks))

    def _category(self, answer: CategoryAnswer) -> list[Block]:
        below = [c for c in answer.changes if c.category != answer.levels]
        keywords = ", ".join(
            f"{literal(k.label)} {k.base_count:,} → {k.comparison_count:,}" for k in answer.keywords
        )
        examples = list(map(self._example_line, answer.examples))
        summary = self._summary(answer.analysis) if answer.analysis else []
        is_worse = any(c.status in ANALYSED for c in answer.changes)
        return [
            section(self._head(answer)),
            context(self._week_pair(answer.weeks)),
            self._part("answer.weeks", self._week_lines(answer.history), len(answer.history)),
            *self._worst_of(answer.levels),
            *self._optional("answer.below", self._below(below), len(below)),
            *self._optional("analysis.summary", summary),
            *self._optional("html.keywords", [keywords] if keywords else []),
            *self._optional("analysis.examples", examples),
            *(self._ask("answer.why", answer.levels) if is_worse else []),
        ]

    def _explanation(self, answer: CategoryAnswer) -> list[Block]:
        change, analysis = answer.explained, answer.analysis
        if change is None or analysis is None:
            return [
                section(self._head(answer)),
                context(self._week_pair(answer.weeks)),
                section(self.texts("answer.nothing_to_explain")),
            ]
        others = [c for c in answer.changes if c.status in ANALYSED and c is not change]
        return [
            *([] if answer.change else [section(self._sums(answer))]),
            *self.analysis(change, analysis, answer.weeks).blocks,
            context(self._week_pair(answer.weeks)),
            *(self._ask("answer.examples", change.category) if analysis.examples else []),
            *(
                block
                for other in others[: MOST_BUTTONS - 1]
                for block in self._ask("answer.why", other.category)
            ),
        ]

    def _statuses(self, answer: StatusAnswer) -> list[Block]:
        labels = " · ".join(f"{ICONS[status]} {self._label(status)}" for status in answer.statuses)
        title = self.texts(
            "answer.statuses",
            labels=labels,
            name=self._name(answer.levels),
            count=len(answer.changes),
        )
        rest = self._lines(answer.changes, answer.weeks) if answer.changes else []
        rest = [f"{ICONS[c.status]} {line}" for c, line in zip(answer.changes, rest, strict=True)]
        blocks = [section(title), context(self._week_pair(answer.weeks))]
        while rest and len(blocks) < 5:
            shown, rest = fitting_lines(rest, MAX_SECTION_CHARACTERS)
            blocks.append(section("\n".join(shown)))
        return blocks + self._more(len(rest))

    def _trend(self, answer: TrendAnswer) -> list[Block]:
        trend = sparkline([week.total_count for week in answer.history])
        title = self.texts("answer.weeks", count=len(answer.history))
        return [
            section(f"*{self._name(answer.levels)}* · {title}  `{trend}`"),
            section("\n".join(self._week_lines(answer.history))),
            *self._worst_of(answer.levels),
        ]

    def _comparison(self, answer: ComparisonAnswer) -> list[Block]:
        first, second = answer.first, answer.second
        rows = [row for row in answer.rows if row.growth] if len(answer.levels) < 3 else []
        title = self.texts(
            "answer.comparison",
            name=self._name(answer.levels),
            first=self._week(first.week),
            second=self._week(second.week),
            base=first.total_count,
            comparison=second.total_count,
            growth=self._growth(first.total_count, second.total_count),
        )
        is_one = len(answer.levels) == 3 and len(answer.rows) == 1
        both = (answer.rows[0].first, answer.rows[0].second) if is_one else (first, second)
        return [
            section(title),
            section("\n".join(self._week_lines(both))),
            *self._optional("answer.moved", list(map(self._compared_line, rows[:MOST_COMPARED]))),
            *self._more(len(rows) - MOST_COMPARED),
        ]

    def _examples(self, answer: ExamplesAnswer) -> list[Block]:
        title = section(f"*{self.texts('analysis.examples')}* · {self._name(answer.levels)}")
        week = context(self._week_pair(answer.weeks))
        if not answer.examples:
            key = "answer.texts_gone" if answer.has_alarms else "answer.no_examples"
            return [title, week, section(self.texts(key))]
        return [
            title,
            week,
            *(
                _section_of([f"*{self._name(category)}*", *map(self._example_line, examples)])
                for category, examples in answer.examples.items()
            ),
            context(self.texts("answer.masked")),
        ]

    def _suggestions(self, answer: Suggestions) -> list[Block]:
        asked = literal(cut(printable(answer.asked), MAX_ASKED_CHARACTERS)) or "–"
        return [
            section(self.texts(f"answer.{answer.reason}", asked=asked)),
            # Slack refuses two buttons of one name in a block.
            *(
                actions(button(cut(question, MAX_LABEL_CHARACTERS), ASK, question))
                for question in answer.questions[:MOST_BUTTONS]
            ),
        ]

    def _head(self, answer: CategoryAnswer) -> str:
        """Status, name and numbers of both weeks; of an upper level the sum, and the worst status below it."""
        change = answer.change
        status = change.status if change else answer.history[-1].status
        icon = f"{ICONS[status]} *{status}* · {self._label(status)}\n" if status else ""
        return icon + (self._lines([change], answer.weeks)[0] if change else self._sums(answer))

    def _sums(self, answer: CategoryAnswer) -> str:
        week = answer.history[-1]
        base = answer.history[-2] if len(answer.history) > 1 else week
        return self.texts(
            "answer.counts",
            name=self._name(answer.levels),
            base=base.total_count,
            comparison=week.total_count,
            growth=self._growth(base.total_count, week.total_count),
            trend=sparkline([each.total_count for each in answer.history]),
            negative=f"{percent(base.negative_ratio)} → {percent(week.negative_ratio)}",
        )

    def _summary(self, analysis: Analysis) -> list[str]:
        written = formatted if analysis.is_markdown else literal
        # At the start of a line > would quote.
        return [written(analysis.summary.lstrip("> ")), *left_out_lines(analysis, self.texts)]

    def _below(self, changes: Sequence[Change]) -> list[str]:
        """The categories below a level that are not stable."""
        notable = [c for c in changes if c.status != "STABLE"]
        lines = [
            self.texts(
                "answer.row",
                icon=ICONS[c.status],
                name=self._name(c.category),
                base=c.base_total,
                comparison=c.comparison_total,
                growth=growth(c, self.texts),
                mark=f" {MARKS[c.evidence]}" if c.evidence else "",
            )
            for c in notable[:MOST_BELOW]
        ]
        more = len(notable) - MOST_BELOW
        stable = len(changes) - len(notable)
        return [
            *lines,
            *([self.texts("correction.more", count=more)] if more > 0 else []),
            *([self.texts("answer.stable", icon=ICONS["STABLE"], count=stable)] if stable else []),
        ]

    def _compared_line(self, row: ComparedCategory) -> str:
        first, second = row.first, row.second
        return self.texts(
            "answer.row",
            icon=" → ".join(ICONS[w.status] if w.status else "–" for w in (first, second)),
            name=self._name(row.category),
            base=first.total_count,
            comparison=second.total_count,
            growth=self._growth(first.total_count, second.total_count),
            mark=f" {MARKS[second.evidence]}" if second.evidence else "",
        )

    def _week_lines(self, weeks: Iterable[CategoryWeek]) -> list[str]:
        """A week a line: its dates, tickets, negative share, what is usual, status and mark."""
        lines = []
        for each in weeks:
            low, high = each.usual or (0, 0)
            parts = [
                self.texts("answer.tickets", count=each.total_count),
                self.texts("answer.negative", share=percent(each.negative_ratio)),
                self.texts("evidence.usual", low=low, high=high) if each.usual else "",
                f"{ICONS[each.status]} {self._label(each.status)}" if each.status else "",
            ]
            mark = f" {MARKS[each.evidence]}" if each.evidence else ""
            lines.append(f"`{self._week(each.week)}`  {' · '.join(filter(None, parts))}{mark}")
        return lines

    def _week(self, week: Week) -> str:
        return week_text(week, self.texts)

    def _week_pair(self, weeks: WeekPair) -> str:
        return self.texts(
            "answer.week_pair",
            comparison=self._week(weeks.comparison),
            base=week_before_text(weeks.base, self.texts),
        )

    def _growth(self, base: int, comparison: int) -> str:
        if not base:
            return "–"  # new, or only not there in that week
        return f"{signed(100 * (comparison - base) / base)}%"

    def _name(self, levels: Levels) -> str:
        return literal(category_name(levels)) if levels else self.texts("answer.all")

    def _ask(self, key: str, levels: Levels) -> list[Block]:
        """A button with a question about a category, or about all."""
        question = self.texts(key, name=category_name(levels) if levels else "").strip()
        return [actions(button(cut(question, MAX_LABEL_CHARACTERS), ASK, question))]

    def _worst_of(self, levels: Levels) -> list[Block]:
        return [context(self.texts("answer.worst_of"))] if len(levels) < 3 else []

    def _more(self, count: int) -> list[Block]:
        return [context(self.texts("correction.more", count=count))] if count > 0 else []

    def _part(self, key: str, lines: Sequence[str], count: int = 0) -> Block:
        shown, _ = fitting_lines(lines, MAX_PART_CHARACTERS)
        title = self.texts(key, count=count)
        return section(cut("\n".join([f"*{title}*", *shown]), MAX_PART_CHARACTERS + 100))

    def _optional(self, key: str, lines: Sequence[str], count: int = 0) -> list[Block]:
        return [self._part(key, lines, count)] if lines else []


def _section_of(lines: Sequence[str]) -> Block:
    """As many whole lines as a section takes: half of a link is none."""
    shown, _ = fitting_lines(lines, MAX_SECTION_CHARACTERS)
    return section("\n".join(shown))


def _bounded(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The first blocks, as many as Slack takes in one message: tickets may hold signs that escaping makes five."""
    kept: list[Block] = []
    used = 0
    for block in blocks:
        used += len(str(block))
        if used > MAX_MESSAGE_CHARACTERS:
            break
        kept.append(block)
    return tuple(kept)

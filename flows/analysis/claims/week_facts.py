"""What may be named in a sentence about a whole week, and the numbers of each. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from flows.analysis.claims.facts import Facts, compact
from flows.analysis.claims.vocabulary import SAID_OF_A_WEEK
from flows.analysis.claims.words import lemmas_of
from flows.report.values import Category, Change, Material, WeeklyReport

ALERTS_SHOWN = 15
IMPROVED_SHOWN = 5
DRIVERS_SHOWN = 3
"""How much of a report goes to the model: of a crisis the beginning."""

ALL: Category = ()
"""The levels of all tickets."""

_FIRST_MARK = 0xE100
MARK = "[\ue100-\uf8ff]"
"""What stands for a name in a sentence: nobody writes these letters."""
_SEPARATOR = r"\s?(?:[/>›»→·–-]|의)?\s?"
_QUOTE = "[\"'“”‘’「」『』]?"
_AFTER = r"(?=$|[^가-힣A-Za-z0-9]|[은는이가을를의에와과도로만]|으로|보다|입니다|였|처럼|까지|부터|뿐|인\s|란\s|건\s)"


@dataclass(frozen=True)
class WeekFacts:
    """The announced changes of a report, what is right below them, the levels above them, and all tickets."""

    report: WeeklyReport

    @cached_property
    def announced(self) -> Mapping[Category, Change]:
        return {change.category: change for change in self.report.announced}

    @property
    def alerts(self) -> tuple[Change, ...]:
        """The alerts that the model sees, in their order."""
        return self.report.to_analyse[:ALERTS_SHOWN]

    @property
    def improved(self) -> tuple[Change, ...]:
        """The improvements that the model sees."""
        improved = [c for c in self.announced.values() if c.status == "IMPROVED"]
        return tuple(improved[:IMPROVED_SHOWN])

    def below(self, levels: Category) -> tuple[Category, ...]:
        """What is right below an announced level; below all, what is announced."""
        if levels == ALL:
            return tuple(self.announced)
        change = self.announced.get(levels)
        drivers = (driver.category for driver in change.drivers) if change else ()
        return tuple(levels for levels in drivers if levels in self._counted)

    def of(self, levels: Category) -> Change:
        """A change as it is announced; of other levels, and of all tickets, the sum of the rows below."""
        if change := self.announced.get(levels):
            return change
        return _sum(levels, self._rows_below(levels))

    @cached_property
    def _facts(self) -> dict[Category, Facts]:
        return {}

    def facts(self, levels: Category) -> Facts:
        """The numbers that the prompt gives of some levels: counts and shares of both weeks."""
        if levels not in self._facts:
            bare = replace(
                self.of(levels),
                total_last_8_weeks=(),
                expected_total=None,
                usual_low=None,
                usual_high=None,
                usual_negative_ratio=None,
                drivers=(),
                folded=(),
            )
            self._facts[levels] = Facts(Material(bare, self.report.weeks, (), ()))
        return self._facts[levels]

    @cached_property
    def known(self) -> tuple[Category, ...]:
        """All that a sentence may name: what the model saw, and the levels above it."""
        shown = (*self.alerts, *self.improved)
        found = {ALL: None} | {change.category: None for change in shown}
        for change in shown:
            found |= {driver.category: None for driver in change.drivers[:DRIVERS_SHOWN]}
            found |= {change.category[:depth]: None for depth in range(1, len(change.category))}
        return tuple(levels for levels in found if levels in self._counted)

    @cached_property
    def _counted(self) -> frozenset[Category]:
        """The levels of all rows, announced levels, and all tickets."""
        rows = {row.category[:depth] for row in self.report.rows for depth in range(4)}
        return frozenset(rows | self.announced.keys())

    @cached_property
    def _by_form(self) -> dict[str, Category | None]:
        """What each way of writing a name means; None where it may mean several."""
        meant: dict[str, set[Category]] = defaultdict(set)
        for levels in self.known:
            for form in _forms(levels):
                meant[form].add(self._announced_as(levels))
        return {form: self._one_of(levels) for form, levels in meant.items()}

    def _announced_as(self, levels: Category) -> Category:
        """A level above that has a single category below it, which is announced, means that."""
        below = [row.category for row in self._rows_below(levels)] if levels != ALL else []
        return below[0] if len(below) == 1 and below[0] in self.announced else levels

    def _rows_below(self, levels: Category) -> list[Change]:
        return [row for row in self.report.rows if row.category[: len(levels)] == levels]

    def _one_of(self, meant: set[Category]) -> Category | None:
        if len(meant) == 1:
            return next(iter(meant))
        announced = [levels for levels in meant if levels in self.announced]
        deepest = max(meant, key=len)
        is_chain = all(deepest[: len(levels)] == levels for levels in meant)
        return announced[0] if is_chain and len(announced) == 1 else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = sorted(self._by_form, key=len, reverse=True)
        names = "|".join(f"(?:{_written(form)})" for form in forms) or "(?!)"
        return re.compile(
            rf"(?<![가-힣A-Za-z0-9])(?<!개의 ){_QUOTE}(?P<name>{names}){_QUOTE}{_AFTER}", re.I
        )

    def marked(self, text: str) -> str | None:
        """The text with a mark for each name; None where a name may mean several."""
        parts, end = [], 0
        for match in self._pattern.finditer(text):
            levels = self._spelled(match["name"])
            if levels is None:
                return None
            parts += [text[end : match.start()], chr(_FIRST_MARK + self.known.index(levels))]
            end = match.end()
        return "".join([*parts, text[end:]])

    def _spelled(self, name: str) -> Category | None:
        """What a name means that one of the forms spells."""
        forms = sorted(self._by_form, key=len, reverse=True)
        spelled = (form for form in forms if re.fullmatch(_written(form), name, re.I))
        return self._by_form[next(spelled)]

    def named_in(self, marked: str) -> list[Category]:
        """What is named in a marked text, in its order."""
        return [self.known[ord(mark) - _FIRST_MARK] for mark in re.findall(MARK, marked)]


def _forms(levels: Category) -> Iterator[str]:
    """The ways to write a name: all levels, the last two, the last; a line for each level."""
    names = [" ".join(unicodedata.normalize("NFKC", level).split()) for level in levels]
    for start in range(len(names)):
        form = names[start:]
        if all(form) and (len(form) > 1 or not _is_ordinary(form[0])):
            yield "\n".join(form)


def _is_ordinary(name: str) -> bool:
    """Whether a name alone would be read as a word of the sentence: 문의, 전체, 기타 문의."""
    words = {*lemmas_of(name), *re.findall("[a-z]+", name.casefold())}
    has_number = re.search("[0-9]", name) is not None
    return len(compact(name)) < 2 or (words <= SAID_OF_A_WEEK and not has_number)


def _written(form: str) -> str:
    levels = (r"\s?".join(map(re.escape, level.split())) for level in form.split("\n"))
    return _SEPARATOR.join(levels) + r"(?:\s전체|,?\sall)?"


def _sum(levels: Category, rows: Iterable[Change]) -> Change:
    rows = tuple(rows)
    if len(rows) == 1 and rows[0].category == levels:
        return rows[0]
    base, comparison = (sum(getattr(row, f"{week}_total") for row in rows) for week in _WEEKS)
    bad_base, bad = (sum(getattr(row, f"{week}_negative") for row in rows) for week in _WEEKS)
    ratios = bad_base / base if base else None, bad / comparison if comparison else None
    names = (*levels, "", "", "")
    return replace(
        rows[0],
        category1=names[0],
        category2=names[1],
        category3=names[2],
        status="STABLE",
        status_reason=None,
        base_total=base,
        comparison_total=comparison,
        base_negative=bad_base,
        comparison_negative=bad,
        total_change_pct=100 * (comparison - base) / base if base else None,
        base_negative_ratio=ratios[0],
        comparison_negative_ratio=ratios[1],
        negative_ratio_change_pp=(
            None if ratios[0] is None or ratios[1] is None else 100 * (ratios[1] - ratios[0])
        ),
        is_new=base == 0,
        evidence=None,
    )


_WEEKS = ("base", "comparison")

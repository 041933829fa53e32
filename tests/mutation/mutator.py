"""One place of a query changed at a time: what its tests have to notice.

Works on compiled SQL and on the files of models and macros. What Jinja puts together is SQL too, so its tags, and the
strings in them, are changed like the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

Swaps = Mapping[str, tuple[str, ...]]

OPERATORS: Swaps = {
    r">=": (">",),
    r"<=": ("<",),
    r">(?!=)": (">=",),
    r"<(?!=)": ("<=",),
    r"!=": ("=",),
    r"(?<![<>!])=": ("!=",),
    r"\*": ("+",),
    r"\+": ("-",),
    r"-": ("+",),
    r"/": ("*",),
    r"\band\b": ("or",),
    r"\bor\b": ("and",),
    r"\bdesc\b": ("asc",),
    r"\bgreatest\b": ("least",),
    r"\bis null\b": ("is not null",),
    r"\bis not null\b": ("is null",),
}

NEGATIONS: Swaps = {
    r">=": ("<",),
    r"<=": (">",),
    r">(?!=)": ("<=",),
    r"<(?!=)": (">=",),
    r"\bcase when(?= [\w.]*\bis_\w+ then)": ("case when not",),
    r"\b(?:el)?if\b": (r"\g<0> not",),
    r"(?<!is )\bnot (?!null)": ("",),
    r"\bis not none\b": ("is none",),
}

# `if(true, x, y)` is x: the function's other argument dropped.
FUNCTIONS: Swaps = {
    r"\bleast\(": ("greatest(",),
    r"\bmin\(": ("max(",),
    r"\bmax\(": ("min(",),
    r"\bcount\(": ("sum(",),
    r"\bcoalesce\(": ("if(true, ",),
    r"\bnullif\(": ("if(true, ",),
    r"\b(?:trim|monday_of|local_date|local_midnight|newest_complete_week)\(": ("(",),
    # Not where it only says which day today is.
    r"(?<!\()\breporting_timezone\(\)": ("'UTC'",),
    r"\border by (?![\w.]+ desc)": ("order by -",),
    r"\binner join\b": ("left join",),
    r"\bleft join\b": ("inner join",),
    r"\bfull outer join\b": ("left join", "right join"),
    # One column less in a partition, a grouping or a join.
    r"\b(?:pairs\.)?week_start, ": ("",),
}

# What could be mistaken for one another: each is swapped for the next of its row that the text has too.
COLUMNS = (
    ("base_total", "comparison_total"),
    ("base_negative", "comparison_negative"),
    ("base_total", "base_negative"),
    ("comparison_total", "comparison_negative"),
    ("total_count", "negative_count"),
    ("category1", "category2", "category3"),
    ("status", "status_reason"),
    ("status_rank", "specificity", "threshold_rank", "met_rank"),
    ("min_total", "min_increase_pct", "min_negative_ratio_increase_pp", "min_decrease_pct"),
    ("is_floor_met", "is_increase_met", "is_negative_ratio_met", "is_decrease_met"),
    ("week_start", "first_week_start", "last_week_start"),
    ("week_start", "base_week_start"),
    ("first_week", "last_week"),
    ("first", "last"),
    ("oldest", "newest"),
)
TABLES = (
    ("pairs", "thresholds"),
    ("pairs", "worst_status_met"),
    ("base_weeks", "comparison_weeks"),
    ("judged", "counts"),
    ("judged", "totals_of_recent_weeks"),
)
CONSTANTS = (
    ("'CRITICAL'", "'MONITOR'", "'IMPROVED'", "'STABLE'"),
    ("'+volume_increase'", "'+negative_ratio'", "'+volume_decrease'"),
    ("'week'", "'month'"),
    ("'%G-W%V'", "'%Y-W%W'"),
)
_NUMBER = re.compile(r"(?<![\w.])\d+\b")

# What stays: texts and comments, BigQuery's macros and the names of the others' arguments, aliases, stars.
_FIXED = re.compile(
    r"(?P<constant>'[^'{}\n]*')"
    r"|\{% macro bigquery__.*?endmacro %\}|\{% macro .*?%\}|\{#.*?#\}|--[^\n]*"
    r"|(?P<tag>\{\{.*?\}\}|\{%.*?%\})"
    r"|`[^`]*`|\bas \w+|\w+\.\*|(?<=\()\*(?=\))|(?<=\s)\*(?=\n|\s+from|,)",
    re.DOTALL,
)
_FIXED_IN_TAG = re.compile(r"^\{[{%]-?|-?[%}]\}$|\bset \w+ =|\bas \w+")


@dataclass(frozen=True)
class Mutant:
    """A text with one place changed; `place` shows the line, with the change marked."""

    place: str
    sql: str


def operator_mutants(sql: str) -> Iterator[Mutant]:
    """The query with each operator swapped for another."""
    return _swapped(sql, OPERATORS)


def mutants(sql: str) -> list[Mutant]:
    """The text with each operator, function, join, number, status name and column swapped for another.

    No two have the same place: of several that read the same, all but the first end in (2), (3) and so on.
    """
    seen: Counter[str] = Counter()
    numbered = []
    for mutant in (
        *_swapped(sql, OPERATORS),
        *_swapped(sql, NEGATIONS),
        *_swapped(sql, FUNCTIONS),
        *_numbers_raised(sql),
        *_columns_swapped(sql),
        *_tables_swapped(sql),
        *_constants_swapped(sql),
    ):
        seen[mutant.place] += 1
        nth = seen[mutant.place]
        numbered.append(replace(mutant, place=f"{mutant.place} ({nth})") if nth > 1 else mutant)
    return numbered


def _swapped(sql: str, swaps: Swaps) -> Iterator[Mutant]:
    visible = _visible(sql)
    for pattern, replacements in swaps.items():
        for match in re.finditer(pattern, visible):
            for replacement in replacements:
                yield _changed(sql, match, match.expand(replacement))


def _numbers_raised(sql: str) -> Iterator[Mutant]:
    for match in _NUMBER.finditer(_visible(sql)):
        yield _changed(sql, match, str(int(match[0]) + 1))


def _columns_swapped(sql: str) -> Iterator[Mutant]:
    visible = _visible(sql)
    for row in COLUMNS:
        there = [name for name in row if re.search(rf"\b{name}\b", visible)]
        for name, other in _in_turn(there):
            for match in re.finditer(rf"\b{name}\b", visible):
                # An item of a select keeps its name, so that the swap is what is noticed, not the missing column.
                line = visible[slice(*_line(sql, match))]
                is_select_item = re.fullmatch(rf"\s*(\w+\.)?{name},?", line)
                yield _changed(sql, match, f"{other} as {name}" if is_select_item else other)


def _tables_swapped(sql: str) -> Iterator[Mutant]:
    visible = _visible(sql)
    for row in TABLES:
        for name, other in _in_turn(row):
            for match in re.finditer(rf"\b{name}\.(\w+)", visible):
                if re.search(rf"\b{other}\.{match[1]}\b", visible):
                    yield _changed(sql, match, f"{other}.{match[1]}")


def _constants_swapped(sql: str) -> Iterator[Mutant]:
    visible = _visible(sql, constants=True)
    for row in CONSTANTS:
        for constant, other in _in_turn(row):
            for match in re.finditer(re.escape(constant), visible):
                yield _changed(sql, match, other)


def _in_turn(row: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each of a row with the one after it; nothing of a row of one."""
    return zip(row, [*row[1:], row[0]], strict=True) if len(row) > 1 else iter(())


def _changed(sql: str, match: re.Match[str], swapped: str) -> Mutant:
    start, end = match.span()
    line_start, line_end = _line(sql, match)
    change = f"[{match[0].strip()} → {swapped.strip()}]"
    place = f"{sql[line_start:start]}{change}{sql[end:line_end]}".strip()
    return Mutant(place, sql[:start] + swapped + sql[end:])


def _line(sql: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the match's line starts and ends."""
    start, end = match.span()
    return sql.rfind("\n", 0, start) + 1, sql.find("\n", end) % (len(sql) + 1)


def _visible(sql: str, *, constants: bool = False) -> str:
    """The text with everything blank that is not to be changed."""

    def blanked(match: re.Match[str]) -> str:
        if match["constant"] and constants:
            return match[0]
        if match["tag"]:
            return _FIXED_IN_TAG.sub(lambda fixed: " " * len(fixed[0]), match[0])
        return " " * len(match[0])

    return _FIXED.sub(blanked, sql)

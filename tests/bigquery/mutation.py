"""One operator changed at a time: what an equality test has to notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPS = {
    ">=": ">",
    "<=": "<",
    ">": ">=",
    "<": "<=",
    "!=": "=",
    "=": "!=",
    "*": "+",
    "+": "-",
    "-": "+",
    "/": "*",
    "and": "or",
    "or": "and",
    "desc": "asc",
    "greatest": "least",
    "is null": "is not null",
    "is not null": "is null",
}
_OPERATOR = re.compile(
    r"'[^']*'|--[^\n]*|`[^`]*`|\.\*|(?<=\s)\*(?=\n|\s+from|,)"  # texts, comments, names and stars stay
    r"|(?P<operator>>=|<=|!=|[<>=*+/-]|\b(?:and|or|desc|greatest|is null|is not null)\b)"
)


@dataclass(frozen=True)
class Mutant:
    """A query with one operator changed; `place` shows the line, with the change marked."""

    place: str
    sql: str


def mutants(sql: str) -> Iterator[Mutant]:
    for match in _OPERATOR.finditer(sql):
        operator = match["operator"]
        if operator is None:
            continue
        swapped = _SWAPS[operator]
        start, end = match.span()
        line_start = sql.rfind("\n", 0, start) + 1
        line_end = sql.find("\n", end) % (len(sql) + 1)
        place = f"{sql[line_start:start]}[{operator} → {swapped}]{sql[end:line_end]}".strip()
        yield Mutant(place, sql[:start] + swapped + sql[end:])

"""docs/analysts.md in parts: its questions, their SQL, and the answers that it promises."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from flows import PROJECT_ROOT

GUIDE = (PROJECT_ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
_QUESTION = re.compile(
    r"^### \d+\. (.+?)\n(?:.*?)^```sql\n(.+?)^```\n\n((?:\|[^\n]+\n)*)", re.M | re.S
)


@dataclass(frozen=True)
class Question:
    """A heading, the SQL below it, and the answer on the sample as a Markdown table."""

    title: str
    sql: str
    answer: str

    def __str__(self) -> str:
        return self.title

    @property
    def tables(self) -> set[str]:
        """The tables that the SQL reads, without those that it defines itself."""
        tree = sqlglot.parse_one(self.sql, dialect="bigquery")
        read = {table.name for table in tree.find_all(exp.Table)}
        return read - {step.alias for step in tree.find_all(exp.CTE)}


def questions(page: str = GUIDE) -> list[Question]:
    return [Question(*parts) for parts in _QUESTION.findall(page)]


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as the page prints them."""
    assert rows, "an answer without rows shows nobody anything"
    names = list(rows[0])
    cells = ([_cell(row[name]) for name in names] for row in rows)
    lines = [_line(names), "|---" * len(names) + "|", *map(_line, cells)]
    return "".join(f"{line}\n" for line in lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case _:
            return str(value)

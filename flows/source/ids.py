"""Ticket ids: each is read as it was written, or the file is refused. No two tickets share one by a number's form."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from flows.runtime.errors import SourceError

# From here on a double does not hold every whole number: two ids may have become one.
_FIRST_DOUBTFUL = 2**53
_SCIENTIFIC = r"[+-]?\d+([.,]\d*)?[eE][+-]\d+|[+-]?\d+[.,]\d*[eE]\d+"
_NUMBER = r"\s*\d+(\.0+)?\s*"
_BLANK = r"[\s\p{Z}\p{C}]*"
_WHOLE_TYPES = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DECIMAL\(\d+,0\)$")
_TEXT_TYPES = re.compile(r"VARCHAR$|UUID$|ENUM")
_LOST = "Write the ids as text or as whole numbers."


def id_expression(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str, type_: str, file: str
) -> str:
    """SQL for the id as text. Raises SourceError for ids that are blank, or are not what was written once."""
    if _TEXT_TYPES.match(type_):
        return _text(connection, relation, column, file)
    _check_none_is_blank(connection, relation, column, file)
    if _WHOLE_TYPES.match(type_):
        return f"cast({column} as varchar)"
    if type_ == "DOUBLE" or type_.startswith("DECIMAL"):
        limit = f" or abs({column}) >= {_FIRST_DOUBTFUL}" if type_ == "DOUBLE" else ""
        # infinity and NaN equal their own whole part: the limit catches them.
        wrong = _one(
            connection,
            f"select count(*), min({column}) from {relation} "
            f"where {column} <> trunc({column}){limit}",
        )
        if wrong[0]:
            raise SourceError(
                f"{file}: id is {type_} and holds {wrong[0]} number(s) that no such id can be, such as {wrong[1]}: "
                f"not whole, or too large to be exact. {_LOST}"
            )
        return f"cast(cast({column} as hugeint) as varchar)"
    raise SourceError(f"{file}: id is {type_}, which does not hold every id exactly. {_LOST}")


def _text(connection: duckdb.DuckDBPyConnection, relation: str, column: str, file: str) -> str:
    """Text as it is; of a column that a program wrote as numbers with `.0`, the whole numbers."""
    text = f"cast({column} as varchar)"
    _check_none_is_blank(connection, relation, text, file)
    scientific, are_numbers, decimal, largest = _one(
        connection,
        f"""
        select
            count(*) filter (regexp_full_match(trim({text}), '{_SCIENTIFIC}')),
            bool_and(regexp_full_match({text}, '{_NUMBER}')),
            count(*) filter (contains({text}, '.')),
            max(try_cast({text} as double)) filter (contains({text}, '.'))
        from {relation}
        """,
    )
    if scientific:
        example, shared = _one(
            connection,
            f"select trim({text}) as example, count(*) from {relation} "
            f"where regexp_full_match(trim({text}), '{_SCIENTIFIC}') "
            "group by example order by 2 desc, 1 limit 1",
        )
        raise SourceError(
            f"{file}: id is in scientific notation in {scientific} row(s), such as {example}, which {shared} "
            f"ticket(s) share. {_LOST}"
        )
    if not (are_numbers and decimal):
        return text
    if largest >= _FIRST_DOUBTFUL:
        raise SourceError(
            f"{file}: id holds numbers with decimals that are too large to be exact, such as {largest:.0f}. {_LOST}"
        )
    return rf"regexp_replace({text}, '\.0+\s*$', '')"


def _check_none_is_blank(
    connection: duckdb.DuckDBPyConnection, relation: str, value: str, file: str
) -> None:
    (blank,) = _one(
        connection,
        f"select count(*) from {relation} "
        f"where {value} is null or regexp_full_match(cast({value} as varchar), '{_BLANK}')",
    )
    if blank:
        raise SourceError(f"{file}: id is blank in {blank} row(s). Each ticket needs one.")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    (row,) = connection.execute(sql).fetchall()
    return tuple(row)

"""Finds the one kind of time that a column holds, or refuses the file with the place of the first that is another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from flows.runtime.errors import SourceError
from flows.source.options import DateOrder
from flows.source.reading import quoted
from flows.source.times import ISO, ORDERED_KINDS, SURE_KINDS, TimeKind, is_without_zone

_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DOUBLE$|DECIMAL")
_TEXT = re.compile(r"VARCHAR$|ENUM")
_BLANKS = "' ' || chr(9) || chr(160) || chr(12288) || chr(65279)"
_REMEDY = "Write it as 2026-11-15T15:30:00Z"


@dataclass(frozen=True)
class Moments:
    """How a column is read.

    Args:
        expression: SQL for the moments.
        kind: what the times are called, None for a column that is typed as times.
        has_no_zone: whether some times name no zone, so that they were read in the one that the reader says.
    """

    expression: str
    kind: TimeKind | None
    has_no_zone: bool


@dataclass(frozen=True)
class _Fit:
    kind: TimeKind
    wrong: int
    first_wrong: int | None


def moments_of(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    column: str,
    type_: str,
    zone: str,
    order: DateOrder | None,
    file: str,
) -> Moments:
    """How the times of a column are read. Raises SourceError for a column that is not of one known kind.

    Args:
        column: an expression for the column, of DuckDB's type `type_`.
        zone: the zone of times that name none.
        order: which number comes first in 11/2/2026, if the reader says it.
        file: the file's name, for error messages.
    """
    if type_ == _WITH_ZONE:
        return Moments(
            column, None, False
        )  # unchanged: Parquet row groups are skipped by this column
    if type_.startswith("TIMESTAMP") or type_ == "DATE":
        return Moments(f"timezone({quoted(zone)}, cast({column} as timestamp))", None, True)
    if not (_TEXT.match(type_) or _NUMBER.match(type_)):
        raise SourceError(_not_a_time(file, type_))
    text = f"nullif(trim(cast({column} as varchar), {_BLANKS}), '')"
    (iso,), written, without_zone = _fits(connection, relation, text, zone, [ISO])
    if not iso.wrong:
        return Moments(ISO.sql(text, quoted(zone)), ISO, without_zone > 0)
    kinds = (*SURE_KINDS, *ORDERED_KINDS.values())
    fits, _, _ = _fits(connection, relation, text, zone, kinds)
    sure = [fit for fit in fits if fit.kind in (*SURE_KINDS, order and ORDERED_KINDS[order])]
    best = min(sure, key=lambda fit: fit.wrong)
    ordered = [fit for fit in fits if fit.kind in ORDERED_KINDS.values()]
    if order is None and min(fit.wrong for fit in ordered) < best.wrong:
        raise SourceError(_without_order(file, ordered))
    if best.wrong == written and _NUMBER.match(type_):
        raise SourceError(_not_a_time(file, type_))
    if best.wrong:
        others = f"; the others are {best.kind.name}" if best.wrong < written else ""
        raise SourceError(
            f"{file}: event_create_time is not a time in {best.wrong} row(s), first in data row "
            f"{best.first_wrong}{others}. {_REMEDY}{', all of them' if others else ''}."
        )
    has_no_zone = without_zone > 0 if best.kind.has_zone is None else not best.kind.has_zone
    return Moments(best.kind.sql(text, quoted(zone)), best.kind, has_no_zone)


def _fits(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    text: str,
    zone: str,
    kinds: Sequence[TimeKind],
) -> tuple[list[_Fit], int, int]:
    """How many times are not of each kind, and where the first is; how many there are, how many without a zone."""
    moments = ", ".join(
        f"{kind.sql('written', quoted(zone))} is null as wrong{n}" for n, kind in enumerate(kinds)
    )
    counts = ", ".join(
        f"count(*) filter (wrong{n}), min(row_number) filter (wrong{n})" for n in range(len(kinds))
    )
    (found,) = connection.execute(
        f"""
        with rows_numbered as (
            select row_number() over () as row_number, {text} as written from {relation}
        ),

        rows_tried as (
            select row_number, written, {moments} from rows_numbered where written is not null
        )

        select count(*), count(*) filter ({is_without_zone("written")}), {counts} from rows_tried
        """
    ).fetchall()
    written, without_zone, *pairs = found
    fits = [_Fit(kind, *pairs[2 * n : 2 * n + 2]) for n, kind in enumerate(kinds)]
    return fits, written, without_zone


def _not_a_time(file: str, type_: str) -> str:
    return f"{file}: event_create_time is {type_}, not a time. {_REMEDY} or as a timestamp."


def _without_order(file: str, ordered: Sequence[_Fit]) -> str:
    fewest = min(fit.wrong for fit in ordered)
    orders = [
        f"{order} ({fit.kind.name.removeprefix('dates with ')})"
        for order, fit in zip(ORDERED_KINDS, ordered, strict=True)
        if fit.wrong == fewest
    ]
    return (
        f"{file}: event_create_time does not say whether the day or the month comes first, as in 11/2/2026. "
        f"Say it with --date-order: {' or '.join(orders)} fits."
    )

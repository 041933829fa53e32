"""Removes customers' words from the tables that keep them by week. Counts and statuses stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flows.warehouse.connection import Warehouse

_SAMPLES = "fct_voc_weekly_samples"
_KEYWORDS = "fct_voc_weekly_keywords"
_RISING_WORDS = "fct_voc_rising_words"
_MASKED = "int_flagged_tickets_masked"

# A report's base week is the one before the week that its rows are named after.
_TEXTS_BEFORE = "(week_start <= @before - 7 or (week_role = 'base' and week_start <= @before))"
_KEYWORDS_BEFORE = "week_start <= @before - 7"
_TEXTS_OF_TICKET = "ticket_id = @ticket"
# A keyword that one ticket alone has may be that ticket's.
_KEYWORDS_OF_TICKET = (
    "base_count + comparison_count = 1 "
    "and week_start in (select week_start from {texts} where ticket_id = @ticket)"
)


def weeks_with(warehouse: Warehouse, ticket: str) -> frozenset[date]:
    """The Mondays of the weeks whose samples or masked tickets hold the ticket's texts: a page shows no others."""
    return frozenset(
        row["week_start"]
        for table in (_SAMPLES, warehouse.internal(_MASKED))
        if warehouse.has(table)
        for row in warehouse.rows(
            f"select distinct week_start from {table} where ticket_id = @ticket "
            "and (title is not null or detail is not null)",
            ticket=ticket,
        )
    )


def forget_before(warehouse: Warehouse, before: date, *, dry_run: bool) -> dict[str, int]:
    """Remove the words of weeks that end before a date; how many rows of each table that were, or would be."""
    found = {}
    for name, table in _tables(warehouse):
        where = _KEYWORDS_BEFORE if name in (_KEYWORDS, _RISING_WORDS) else _TEXTS_BEFORE
        found[name] = _forget(warehouse, table, where, dry_run=dry_run, before=before)
    return found


def forget_ticket(warehouse: Warehouse, ticket: str, *, dry_run: bool) -> dict[str, int]:
    """The same for one ticket's words."""
    found = {}
    for name, table in _tables(warehouse):
        where = _TEXTS_OF_TICKET
        if name in (_KEYWORDS, _RISING_WORDS):
            where = _KEYWORDS_OF_TICKET.format(texts=_SAMPLES)
        found[name] = _forget(warehouse, table, where, dry_run=dry_run, ticket=ticket)
    return found


def _tables(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """The keywords first: which of them go is seen in the samples."""
    for name, table in (
        (_KEYWORDS, _KEYWORDS),
        (_RISING_WORDS, _RISING_WORDS),
        (_SAMPLES, _SAMPLES),
        (_MASKED, warehouse.internal(_MASKED)),
    ):
        if warehouse.has(table):
            yield name, table


def _forget(
    warehouse: Warehouse, table: str, where: str, *, dry_run: bool, **parameters: date | str
) -> int:
    (row,) = warehouse.rows(f"select count(*) as found from {table} where {where}", **parameters)
    found = int(row["found"])
    if found and not dry_run:
        warehouse.delete(table, where, **parameters)
    return found

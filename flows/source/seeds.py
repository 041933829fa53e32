"""Reads the project's seeds before dbt does: a row that dbt could not use is named by its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from pathlib import Path

from flows.runtime.errors import UsageError

LEVELS = ("category1", "category2", "category3")
Row = dict[str, str]


def read_seed(
    seed: Path,
    columns: Collection[str],
    problem: Callable[[Row], str | None],
    identity: Callable[[Row], str],
) -> list[Row]:
    """The rows of a seed that are for categories. Raises UsageError for the first that dbt could not use.

    Args:
        problem: what is wrong with the values of a row; None if nothing is.
        identity: what, beside the categories that a row is for, no other row may have.
    """
    try:
        text = seed.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{seed} cannot be read. Restore it, as UTF-8.") from None
    with io.StringIO(text) as file:
        reader = csv.DictReader(file, restkey="too many", restval=None)
        if missing := set(columns) - set(reader.fieldnames or ()):
            raise UsageError(f"{seed.name} has no column {', '.join(sorted(missing))}. Add it.")
        rows: list[Row] = []
        seen = set[tuple[str, ...]]()
        for row in reader:
            what = _wrong_width(row) or problem(row)
            key = (identity(row), *(row[level].strip() for level in LEVELS)) if not what else ()
            if key in seen:
                what = (
                    f"a second row for {' and '.join(filter(None, (key[0], 'the same category')))}"
                )
            if what:
                raise UsageError(f"{seed.name} line {reader.line_num}: {what}. Fix the file.")
            seen.add(key)
            rows.append(row)
    return rows


def _wrong_width(row: Row) -> str | None:
    if "too many" in row:
        return "has more columns than the header"
    if None in row.values():
        return "has fewer columns than the header"
    return None

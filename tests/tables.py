"""Reading a DuckDB warehouse that a test has built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def rows_in(warehouse: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a query, by the names of its columns."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

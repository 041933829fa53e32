"""The DuckDB file of a source: opened for writing, with a name that dbt can use, or refused in one line."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from flows.runtime.errors import SourceError, UsageError

# A database named like a schema makes every `schema.table` in it ambiguous; dbt splits a table's name at dots.
RESERVED_STEMS = ("main", "source", "system", "temp", "information_schema", "pg_catalog")

PATIENCE_SECONDS = 3.0
POLL_SECONDS = 0.05


@contextmanager
def connected(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for writing, in UTC. Raises SourceError."""
    if path.stem.lower() in RESERVED_STEMS or not re.fullmatch(r"[\w-]+", path.stem):
        raise SourceError(
            f"a DuckDB file cannot be called {path.name}. Choose another VOC_DUCKDB_PATH, such as voc.duckdb."
        )
    with _opened(path) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            "set python_enable_replacements = false"
        )  # a name means a table, never a Python variable
        yield connection


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    """The file, opened for writing; answers to questions lock it for moments."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.Error as error:
            if "lock" not in str(error):
                raise SourceError(
                    f"{path} cannot be opened for writing. Check its permissions, or set VOC_DUCKDB_PATH."
                ) from None
            if time.monotonic() > deadline:
                raise SourceError(
                    f"{path} is in use by another process. Wait for it to end, or set VOC_DUCKDB_PATH."
                ) from None
        time.sleep(POLL_SECONDS)


def check_zones(connection: duckdb.DuckDBPyConnection, *zones: str) -> None:
    """Raise UsageError for a zone that Python knows, but DuckDB does not."""
    for zone in zones:
        try:
            connection.execute("select timezone(?, timestamp '2026-01-01')", [zone])
        except duckdb.Error:
            raise UsageError(
                f"{zone} is not a time zone here. Use a name such as Asia/Seoul."
            ) from None

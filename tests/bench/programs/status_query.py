"""Runs status_query.sql on a Parquet file and keeps its rows as the table `status` of a DuckDB file."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def main(source: Path, out: Path) -> None:
    query = Path(__file__).with_suffix(".sql").read_text()
    with duckdb.connect(str(out)) as connection:
        # As in profiles.yml.
        connection.execute("set memory_limit = '3GB'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create or replace table status as {query}", {"source": str(source)})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

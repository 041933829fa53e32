"""A connection to the marts, on DuckDB or BigQuery."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Protocol

from flows.runtime.errors import NoTables, SourceError, TablesInUse

Row = dict[str, Any]


def dates_in(listed: str | None) -> tuple[date, ...]:
    """The dates of a comma separated column; none for NULL. Neither engine's arrays are the other's."""
    return tuple(map(date.fromisoformat, listed.split(","))) if listed else ()


class Warehouse(Protocol):
    def rows(self, sql: str, **parameters: date | str) -> list[Row]:
        """Rows of a select over the marts. Parameters are written @name; tables need no prefix.

        Raises SourceError, on DuckDB NoTables or TablesInUse among them.
        """

    def internal(self, table: str) -> str:
        """The name of a table that is no mart, as a select writes it."""

    def has(self, table: str) -> bool:
        """Whether a table exists, named as a select writes it."""

    def delete(self, table: str, where: str, **parameters: date | str) -> None:
        """Remove the rows of a table for which a condition holds."""


class DuckDBWarehouse:
    """The marts in a DuckDB file, opened for each read so that no lock is held in between."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def internal(self, table: str) -> str:
        return table

    def has(self, table: str) -> bool:
        return bool(
            self.rows("from information_schema.tables where table_name = @table", table=table)
        )

    def delete(self, table: str, where: str, **parameters: date | str) -> None:
        self._run(f"delete from {table} where {where}", parameters, read_only=False)

    def rows(self, sql: str, **parameters: date | str) -> list[Row]:
        return self._run(sql, parameters, read_only=True)

    def _run(self, sql: str, parameters: dict[str, date | str], *, read_only: bool) -> list[Row]:
        import duckdb

        try:
            with duckdb.connect(str(self._path), read_only=read_only) as connection:
                result = connection.execute(
                    sql.replace("@", "$") if parameters else sql, parameters
                )
                names = [column[0] for column in result.description or ()]
                return [dict(zip(names, values, strict=True)) for values in result.fetchall()]
        except duckdb.CatalogException:
            raise self._no_tables() from None
        except duckdb.IOException as error:
            if not self._path.exists():
                raise self._no_tables() from None
            is_locked = "lock" in str(error)
            reason = "is in use by another process" if is_locked else "cannot be read"
            kind = TablesInUse if is_locked else SourceError
            raise kind(
                f"{self._path} {reason}. Try again, or name a --source.", is_passing=True
            ) from None

    def _no_tables(self) -> NoTables:
        return NoTables(f"{self._path} holds no report yet. Run voc run --source FILE.")

"""Removes customers' words from the copy of a file that a DuckDB database holds. The tickets stay, to be counted."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb

from flows.runtime.errors import SourceError
from flows.source.database import connected
from flows.source.registering import COPY

_WORDS = ("title", "detail", "main_topic", "keywords")
# A ticket without a time is in no week, so nobody can say that it is younger.
_BEFORE = """
    (event_create_time is null
     or cast(date_trunc('week', timezone($timezone, event_create_time)) as date) + 7 <= $before)
"""


def source_path(database: Path) -> Path | None:
    """The file that a database was made from."""
    with connected(database) as connection:
        try:
            found = connection.execute("select path from source.version").fetchone()
        except duckdb.CatalogException:
            return None
        return Path(found[0]) if found else None


def forget_words(
    database: Path, timezone: str, *, before: date | None, ticket: str | None, dry_run: bool
) -> int:
    """Blank the words of tickets of weeks that end before a date, or of one ticket; how many there were.

    A Parquet file is read in place: there is no copy of it. Raises SourceError.
    """
    parameters: dict[str, object]
    if ticket is None:
        where, parameters = _BEFORE, {"timezone": timezone, "before": before}
    else:
        where, parameters = "trim(id) = $ticket", {"ticket": ticket}
    where += f" and coalesce({', '.join(_WORDS)}) is not null"
    with connected(database) as connection:
        is_copy = connection.execute(
            "from duckdb_tables() where schema_name = 'source' and table_name = 'tickets'"
        ).fetchone()
        if not is_copy:
            return 0
        ((found,),) = connection.execute(
            f"select count(*) from source.tickets where {where}", parameters
        ).fetchall()
        if found and not dry_run:
            blank = ", ".join(f"{column} = null" for column in _WORDS)
            connection.execute(f"update source.tickets set {blank} where {where}", parameters)
        return int(found)


def remove_copies(folder: Path, *, dry_run: bool) -> int:
    """Remove the copies of files that were being read when a process was killed; how many there were."""
    found = list(folder.glob(COPY.format(pid="*")))
    for path in () if dry_run else found:
        path.unlink(missing_ok=True)
    return len(found)


def rewrite(database: Path) -> None:
    """Write the database anew: what was deleted stays in a DuckDB file's free blocks, also of tables built again.

    Raises SourceError; the database is then as it was.
    """
    fresh = database.with_name(f".{database.stem}-rewritten.duckdb")
    fresh.unlink(missing_ok=True)  # of a rewriting that was killed
    with connected(database):
        pass  # what another process has not finished writing is in the file after this
    try:
        with duckdb.connect() as connection:
            # Views name the database that they are in.
            connection.execute(f"attach '{_quoted(database)}' as \"{database.stem}\" (read_only)")
            connection.execute(f"attach '{_quoted(fresh)}' as fresh_copy")
            connection.execute(f'copy from database "{database.stem}" to fresh_copy')
        shutil.copymode(database, fresh)
        fresh.replace(database)
    except (duckdb.Error, OSError):
        raise SourceError(
            f"{database} cannot be written anew: deleted words may still be in its free blocks. "
            "Make room on the disk and try again, or remove the file: voc run makes it again."
        ) from None
    finally:
        fresh.unlink(missing_ok=True)
        fresh.with_name(f"{fresh.name}.wal").unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

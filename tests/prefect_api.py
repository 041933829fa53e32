"""Prefect's API for the tests. Its tables take five seconds to make: once a test run, then they are copied."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from flows.runtime.prefect_server import temporary_server
from tests.nursery.client import ADDRESS

DATABASE = "prefect.db"


def copy_tables(folder: Path) -> dict[str, str]:
    """Put the tables into the folder of a server, and return the variable by which it need not make them.

    Outside of pytest the server makes them itself.
    """
    if ADDRESS not in os.environ:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_tables(Path(os.environ[ADDRESS]).parent), folder / DATABASE)
    return {"PREFECT_API_DATABASE_MIGRATE_ON_START": "0"}


@contextmanager
def prefect_api(folder: Path) -> Iterator[str]:
    """A server that all flows of this process use, in any thread. Yields its API URL."""
    import prefect.context
    from prefect.settings import PREFECT_API_URL, temporary_settings

    if copy_tables(folder / "prefect"):
        (folder / "prefect" / f"{version('prefect')}.migrated").touch()
    with temporary_server(folder) as server:
        server.wait_until_healthy()
        with (
            temporary_settings({PREFECT_API_URL: server.api_url}),
            prefect.context._temporary_global_settings_context(
                prefect.context.get_settings_context()
            ),
        ):
            yield server.api_url
            for handler in logging.getLogger("prefect.flow_runs").handlers:
                handler.flush()  # Prefect sends logs in the background


def _tables(folder: Path) -> Path:
    database = folder / DATABASE
    with database.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            unfinished = database.with_suffix(".new")
            subprocess.run(
                [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"],
                env=os.environ
                | {
                    "PREFECT_HOME": str(folder / "prefect"),
                    "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{unfinished}",
                },
                stdout=subprocess.DEVNULL,
                check=True,
            )
            unfinished.rename(database)
    return database

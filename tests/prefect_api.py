"""Prefect's API for the tests. Its tables take five seconds to make: once a test run, then they are copied."""

from __future__ import annotations

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
from tests.once import once

DATABASE = "prefect.db"


def copy_tables(folder: Path, of_server: Path | None = None) -> dict[str, str]:
    """Put the tables into the folder of a server, and return the variable by which it need not make them.

    Empty tables, or those of another server that has ended, by its folder. Outside of pytest the server makes them
    itself.
    """
    if ADDRESS not in os.environ:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    # The newest rows of a server that has ended are in a second file, its write-ahead log.
    for file in (of_server or once("prefect-tables", _make_tables)).glob(f"{DATABASE}*"):
        shutil.copy(file, folder)
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


def _make_tables(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"],
        env=os.environ
        | {
            "PREFECT_HOME": str(folder),
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / DATABASE}",
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )

"""`voc docs`: dbt's documentation site as one page."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.runtime.assembly import Assembly
from flows.runtime.workspace import private_folder
from flows.warehouse import dbt


def build_docs(parts: Assembly) -> Path:
    """Generate the site from the tables of the last run (duckdb) or of the dataset (bigquery)."""
    folder = private_folder(parts.home / "docs")
    today = datetime.now(parts.settings.zone).date()
    build = parts.build(parts.workspaces.of(None), today)
    with progress_on_stderr():
        logging.getLogger("voc").info("dbt: describing the tables")
        return dbt.generate_docs(build, folder)

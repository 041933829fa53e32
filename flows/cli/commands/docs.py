"""`voc docs`: dbt's documentation site as one page."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.runtime.assembly import Assembly
from flows.runtime.workspace import private_folder
from flows.warehouse import dbt
from flows.warehouse.marts import read_week_labels


def build_docs(parts: Assembly) -> Path:
    """Generate the site from the tables of the last run (duckdb) or of the dataset (bigquery).

    Raises VocError, NoTables where no run has made them.
    """
    folder = private_folder(parts.home / "docs")
    today = datetime.now(parts.settings.zone).date()
    workspace = parts.workspaces.of(None)
    read_week_labels(parts.warehouse(workspace))  # raises where there are no tables to describe
    build = parts.build(workspace, today)
    with progress_on_stderr():
        logging.getLogger("voc").info("dbt: describing the tables")
        return dbt.generate_docs(build, folder)

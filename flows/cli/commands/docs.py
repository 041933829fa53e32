"""`voc docs`: dbt's documentation site as one page."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.runtime.settings import load_settings
from flows.runtime.workspace import private_folder, workspace_for
from flows.warehouse import dbt


def build_docs(*, target: str | None) -> Path:
    """Generate the site from the tables of the last run (duckdb) or of the dataset (bigquery)."""
    settings = load_settings(target=target)
    folder = private_folder(settings.home.resolve() / "docs")
    build = dbt.Build(settings, workspace_for(settings, None), datetime.now(settings.zone).date())
    with progress_on_stderr():
        logging.getLogger("voc").info("dbt: describing the tables")
        return dbt.generate_docs(build, folder)

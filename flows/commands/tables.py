"""The tables that a command reads: those of the last run or of a file, built first when they are not there."""

from __future__ import annotations

import logging
from datetime import date, datetime
from pathlib import Path

from flows.as_of import checked_as_of
from flows.commands.progress import progress_on_stderr
from flows.errors import SourceError
from flows.report import WeekPair
from flows.settings import Settings, load_settings
from flows.source_file import open_source
from flows.thresholds import check_thresholds
from flows.warehouse import Warehouse, open_warehouse, read_latest_week_pair, read_week_pair
from flows.workspace import remember, workspace_for


def open_tables(
    *, as_of: date | None, source: Path | None, target: str | None
) -> tuple[Warehouse, WeekPair]:
    """The marts, and the week that was newest at `as_of` (default: the latest run's). Raises VocError."""
    settings = load_settings(target=target)
    if as_of is not None:
        as_of = checked_as_of(as_of, datetime.now(settings.zone))
    if source is not None and settings.target == "duckdb":
        warehouse = _warehouse_of_file(settings, source, as_of)
    else:
        warehouse = open_warehouse(settings, workspace_for(settings, None))
    weeks = _weeks(warehouse, as_of)
    if weeks is None:
        raise SourceError("that week was not computed yet. Run voc run --week for it first.")
    return warehouse, weeks


def _weeks(warehouse: Warehouse, as_of: date | None) -> WeekPair | None:
    return read_latest_week_pair(warehouse) if as_of is None else read_week_pair(warehouse, as_of)


def _warehouse_of_file(settings: Settings, source: Path, as_of: date | None) -> Warehouse:
    """The warehouse of a file; dbt runs only if the file or the week is new to it."""
    check_thresholds()
    asked = as_of or datetime.now(settings.zone).date()
    file = open_source(settings, source, asked)
    warehouse = open_warehouse(settings, file.workspace)
    if file.needs_full_refresh or _weeks(warehouse, as_of) is None:
        if file.ends_before_report_week:
            raise SourceError(
                f"{source.name} has no tickets in {file.weeks.comparison.label}: they are from {file.first_date} "
                f"to {file.last_date}. Choose a --week."
            )
        from flows import transform

        with progress_on_stderr():
            logging.getLogger("voc").info("dbt: building the tables")
            transform.build_models(
                transform.Build(
                    settings, file.workspace, asked, full_refresh=file.needs_full_refresh
                )
            )
        file.mark_built()
    remember(settings, file.workspace)
    return warehouse

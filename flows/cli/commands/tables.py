"""The tables of a week, for the commands that show them: built first when they are not there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.report.as_of import checked_as_of
from flows.report.values import WeekPair
from flows.runtime.errors import SourceError
from flows.runtime.settings import Settings
from flows.runtime.workspace import Workspace, remember, workspace_for
from flows.source.file import SourceFile, open_source
from flows.source.thresholds import check_thresholds
from flows.warehouse.marts import Warehouse, open_warehouse, read_latest_week_pair, read_week_pair


@dataclass(frozen=True)
class Computed:
    """A week whose tables are there, and the last day of a file."""

    warehouse: Warehouse
    workspace: Workspace
    weeks: WeekPair
    last_day: date | None = None


def computed_week(
    settings: Settings, as_of: date | None, source: Path | None, *, with_texts: bool = False
) -> Computed:
    """The week that was newest at `as_of` (default: the latest run's). Raises VocError if it cannot be computed.

    There are samples of the latest run's week only: `with_texts` makes those of the week asked for, from `source`.
    """
    if as_of is not None:
        as_of = checked_as_of(as_of, datetime.now(settings.zone))
    file = None
    if source is not None and settings.target == "duckdb":
        file = _built(settings, source, as_of, with_texts=with_texts)
    workspace = file.workspace if file else workspace_for(settings, None)
    warehouse = open_warehouse(settings, workspace)
    weeks = _weeks(warehouse, as_of)
    if weeks is None:
        raise SourceError("that week was not computed yet. Run voc run --week for it first.")
    return Computed(warehouse, workspace, weeks, file.last_date if file else None)


def _weeks(warehouse: Warehouse, as_of: date | None) -> WeekPair | None:
    return read_latest_week_pair(warehouse) if as_of is None else read_week_pair(warehouse, as_of)


def _built(settings: Settings, source: Path, as_of: date | None, *, with_texts: bool) -> SourceFile:
    """A file whose tables are there; dbt runs only if the file or the week is new to it."""
    check_thresholds()
    asked = as_of or datetime.now(settings.zone).date()
    file = open_source(settings, source, asked)
    if file.needs_full_refresh or not _has(file, settings, as_of, with_texts=with_texts):
        if file.ends_before_report_week:
            raise SourceError(
                f"{source.name} has no tickets in {file.weeks.comparison.label}: they are from {file.first_date} "
                f"to {file.last_date}. Choose a --week."
            )
        from flows.warehouse import dbt

        with progress_on_stderr():
            logging.getLogger("voc").info("dbt: building the tables")
            dbt.build_models(
                dbt.Build(settings, file.workspace, asked, full_refresh=file.needs_full_refresh)
            )
        file.mark_built()
    remember(settings, file.workspace)
    return file


def _has(file: SourceFile, settings: Settings, as_of: date | None, *, with_texts: bool) -> bool:
    warehouse = open_warehouse(settings, file.workspace)
    weeks = _weeks(warehouse, as_of)
    return weeks is not None and (not with_texts or weeks == read_latest_week_pair(warehouse))

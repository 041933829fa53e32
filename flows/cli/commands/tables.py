"""The tables of a week, for the commands that show them: built first when they do not exist."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from catalogue import weeks
from flows.cli.commands.progress import progress_on_stderr
from flows.report.as_of import checked_as_of
from flows.report.values import WeekPair
from flows.runtime.assembly import Assembly
from flows.runtime.errors import SourceError
from flows.runtime.workspace import Workspace
from flows.source.file import SourceFile, open_source
from flows.source.options import SourceOptions
from flows.source.thresholds import check_rules
from flows.warehouse import dbt
from flows.warehouse.connection import Warehouse
from flows.warehouse.marts import (
    read_latest_week_pair,
    read_week_labels,
    read_week_pair,
)


@dataclass(frozen=True)
class Computed:
    """A week whose tables exist, and the last day of a file."""

    warehouse: Warehouse
    workspace: Workspace
    weeks: WeekPair
    last_day: date | None = None


def computed_week(
    parts: Assembly, as_of: date | None, source: Path | None, *, with_texts: bool = False
) -> Computed:
    """The week that was newest at `as_of` (default: the latest run's). Raises VocError if it cannot be computed.

    Samples exist for weeks that were reported: `with_texts` makes those of the requested week, from `source`.
    """
    if as_of is not None:
        as_of = checked_as_of(as_of, datetime.now(parts.settings.zone))
    options = parts.source_options(source)
    file = None
    if source is not None and parts.bigquery is None:
        file = _built(parts, source, as_of, options, with_texts=with_texts)
    workspace = file.workspace if file else parts.workspaces.of(None)
    warehouse = parts.warehouse(workspace)
    pair = _weeks(warehouse, as_of)
    if pair is None:
        raise SourceError(_not_computed(as_of, read_week_labels(warehouse)))
    return Computed(warehouse, workspace, pair, file.last_date if file else None)


def _weeks(warehouse: Warehouse, as_of: date | None) -> WeekPair | None:
    return read_latest_week_pair(warehouse) if as_of is None else read_week_pair(warehouse, as_of)


def _not_computed(as_of: date | None, computed: Sequence[str]) -> str:
    """What is wrong with the week that was newest at `as_of`, and which weeks (newest first) would work."""
    if as_of is None or not computed:
        return "no week was computed yet. Run voc run first."
    week = weeks.label_of(weeks.newest_week(as_of))
    newest, first = computed[0], computed[-1]
    if week < first:
        return f"{week} is before the data. The first week that has one before it is {first}: add --week {first}."
    others = f"{newest} was" if newest == first else f"{first} to {newest} were"
    return (
        f"{week} was not computed; {others}: add --week {newest}, or run voc run --week {week} first, "
        "if the source reaches that far."
    )


def _built(
    parts: Assembly,
    source: Path,
    as_of: date | None,
    options: SourceOptions | None,
    *,
    with_texts: bool,
) -> SourceFile:
    """A file whose tables exist; dbt runs only if the file or the week is new to it."""
    check_rules()
    asked = as_of or datetime.now(parts.settings.zone).date()
    file = open_source(parts.workspaces, parts.settings.timezone, source, asked, options)
    if file.needs_full_refresh or not _has(file, parts, as_of, with_texts=with_texts):
        if file.ends_before_report_week:
            raise SourceError(file.without_report_week)
        with progress_on_stderr():
            logging.getLogger("voc").info("dbt: building the tables")
            dbt.build_models(
                parts.build(file.workspace, asked, full_refresh=file.needs_full_refresh)
            )
        file.mark_built()
    parts.workspaces.remember(file.workspace)
    return file


def _has(file: SourceFile, parts: Assembly, as_of: date | None, *, with_texts: bool) -> bool:
    warehouse = parts.warehouse(file.workspace)
    pair = _weeks(warehouse, as_of)
    return pair is not None and (not with_texts or pair == read_latest_week_pair(warehouse))

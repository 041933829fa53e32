"""`voc backfill`: counts past weeks again, as after a change upstream, in one dbt run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.report.as_of import checked_as_of
from flows.runtime.errors import UsageError
from flows.runtime.lock import one_run_at_a_time
from flows.runtime.settings import load_settings
from flows.runtime.workspace import remember, workspace_for
from flows.source.file import source_of
from flows.source.thresholds import check_thresholds
from flows.warehouse.bigquery.connection import BigQuery


def count_again(*, first: date, last: date, source: Path | None, target: str | None) -> None:
    """Count the weeks that were newest at `first` to `last`; weeks that would be left out between are counted too.

    Raises VocError; what was counted before then stays.
    """
    if first > last:
        raise UsageError("--from is after --to. Swap them.")
    settings = load_settings(target=target)
    check_thresholds()
    checked_as_of(last, datetime.now(settings.zone))
    from flows.warehouse import dbt

    with progress_on_stderr(shows_details=True), one_run_at_a_time(settings):
        file = source_of(settings, source, last)
        if file is None:
            BigQuery(settings).check()
        dbt.backfill_models(
            dbt.Build(
                settings,
                file.workspace if file else workspace_for(settings, None),
                last,
                full_refresh=bool(file and file.needs_full_refresh),
                backfill_from=first,
            )
        )
        if file:
            file.mark_built()
            remember(settings, file.workspace)

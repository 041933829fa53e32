"""`voc backfill`: counts past weeks again, as after a change upstream, in one dbt run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from flows.as_of import checked_as_of
from flows.bigquery.connection import BigQuery
from flows.commands.progress import progress_on_stderr
from flows.errors import SourceError, UsageError
from flows.settings import load_settings
from flows.source_file import open_source
from flows.thresholds import check_thresholds
from flows.workspace import NO_SOURCE, SOURCE_AND_BIGQUERY, remember, workspace_for


def count_again(*, first: date, last: date, source: Path | None, target: str | None) -> None:
    """Count the weeks that were newest at `first` to `last`; weeks that would be left out between are counted too.

    Raises VocError; what was counted before then stays.
    """
    if first > last:
        raise UsageError("--from is after --to. Swap them.")
    settings = load_settings(target=target)
    check_thresholds()
    checked_as_of(last, datetime.now(settings.zone))
    from flows import transform

    with progress_on_stderr():
        if settings.target == "bigquery":
            if source is not None:
                raise UsageError(SOURCE_AND_BIGQUERY)
            BigQuery(settings).check()
            workspace = workspace_for(settings, None)
            transform.backfill_models(
                transform.Build(settings, workspace, last, backfill_from=first)
            )
            return
        if source is None:
            raise SourceError(NO_SOURCE)
        file = open_source(settings, source, last)
        # A file that is new or has changed is counted whole.
        backfill_from = None if file.needs_full_refresh else first
        transform.backfill_models(
            transform.Build(
                settings,
                file.workspace,
                last,
                full_refresh=file.needs_full_refresh,
                backfill_from=backfill_from,
            )
        )
        file.mark_built()
        remember(settings, file.workspace)

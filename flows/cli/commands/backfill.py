"""`voc backfill`: counts past weeks again, as after a change upstream, in one dbt run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.report.as_of import checked_as_of
from flows.runtime.assembly import Assembly
from flows.runtime.errors import UsageError
from flows.runtime.lock import one_run_at_a_time
from flows.source.file import source_of
from flows.source.thresholds import check_rules
from flows.warehouse import dbt


def count_again(parts: Assembly, *, first: date, last: date, source: Path | None) -> None:
    """Count the weeks that were newest at `first` to `last`; weeks that would be left out in between are counted too.

    Raises VocError; what was counted before the error stays.
    """
    if first > last:
        raise UsageError("--from is after --to. Swap them.")
    settings = parts.settings
    check_rules()
    checked_as_of(last, datetime.now(settings.zone))
    dbt.warm_up()
    with progress_on_stderr(shows_details=True), one_run_at_a_time(parts.home):
        options = parts.source_options(source)
        file = source_of(parts.workspaces, settings.timezone, source, last, options)
        if parts.bigquery:
            parts.bigquery.check()
        build = parts.build(
            file.workspace if file else parts.workspaces.of(None),
            last,
            full_refresh=bool(file and file.needs_full_refresh),
            backfill_from=first,
        )
        dbt.backfill_models(build)
        if file:
            file.mark_built()
            parts.workspaces.remember(file.workspace)

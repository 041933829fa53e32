"""`voc run`: checks the input, sees to a Prefect API, runs the flow in this process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from flows.cli.commands.progress import progress_on_stderr
from flows.report.as_of import checked_as_of
from flows.report.outcome import RunResult
from flows.runtime.lock import one_run_at_a_time
from flows.runtime.settings import Settings, load_settings
from flows.runtime.workspace import Workspace, private_folder, workspace_for
from flows.slack.transports import target_for
from flows.source.file import source_of
from flows.source.thresholds import check_thresholds


def run_report(
    *,
    as_of: date | None,
    source: Path | None,
    channel: str | None,
    thread_ts: str | None,
    target: str | None,
    dry_run: bool,
    force: bool,
) -> RunResult:
    """Run `weekly_voc` once. Raises VocError; wrong input is found before Prefect or dbt is imported."""
    settings = load_settings(target=target)
    check_thresholds()
    as_of = checked_as_of(as_of, datetime.now(settings.zone))
    target_for(settings, channel, thread_ts)
    with progress_on_stderr():
        with one_run_at_a_time(settings):  # not to register a file while a run reads it
            file = source_of(settings, source, as_of)
        if file and file.ends_before_report_week:
            return RunResult("no_data", file.weeks, last_date=file.last_date)
        workspace = file.workspace if file else workspace_for(settings, None)

        # The flow reads its settings itself, wherever it runs.
        os.environ["VOC_TARGET"] = settings.target
        with _prefect_api(settings, workspace, as_of):
            from flows.weekly_voc import weekly_voc

            return asyncio.run(
                weekly_voc(
                    as_of=as_of,
                    source=source,
                    channel=channel,
                    thread_ts=thread_ts,
                    dry_run=dry_run,
                    force=force,
                )
            )


@contextlib.contextmanager
def _prefect_api(settings: Settings, workspace: Workspace, as_of: date) -> Iterator[None]:
    """The configured Prefect API, or a temporary server that starts while dbt is loading."""
    log = logging.getLogger("voc")
    log.info("loading Prefect")
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.runtime.prefect_server import check_api, temporary_server

    if PREFECT_API_URL.value():
        check_api(PREFECT_API_URL.value())
        yield
        return
    from flows.warehouse import dbt

    log.info("starting a temporary Prefect server and loading dbt (half a minute)")
    with temporary_server(
        private_folder(settings.home.resolve() / "logs") / "prefect.log"
    ) as server:
        dbt.parse(dbt.Build(settings, workspace, as_of))
        server.wait_until_healthy()
        with temporary_settings({PREFECT_API_URL: server.api_url}):
            try:
                yield
            finally:
                _send_logs()


def _send_logs() -> None:
    """Prefect sends logs in the background: let it finish before the server goes."""
    for handler in logging.getLogger("prefect.flow_runs").handlers:
        handler.flush()

"""`voc run`: checks the input, provides a Prefect API, runs the flow in this process."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flows.cli.commands.progress import progress_on_stderr
from flows.report.as_of import checked_as_of
from flows.report.outcome import RunResult
from flows.runtime.assembly import Assembly
from flows.runtime.lock import one_run_at_a_time
from flows.runtime.prefect_server import check_api, temporary_server
from flows.runtime.settings import settings_in_use
from flows.source.file import source_of
from flows.source.thresholds import check_rules
from flows.warehouse import dbt

log = logging.getLogger("voc")

INTERRUPT_SECONDS = 5.0
"""How long an interrupted run may take to say so to Prefect, and dbt to cancel its queries."""


def run_report(
    parts: Assembly,
    *,
    as_of: date | None,
    source: Path | None,
    channel: str | None,
    thread_ts: str | None,
    dry_run: bool,
    force: bool,
) -> RunResult:
    """Run `weekly_voc` once. Raises VocError; wrong input is found before Prefect or dbt is imported."""
    settings = parts.settings
    check_rules()
    as_of = checked_as_of(as_of, datetime.now(settings.zone))
    parts.destination(channel, thread_ts)
    with progress_on_stderr():
        with one_run_at_a_time(parts.home):  # so that no file is registered while a run reads it
            options = parts.source_options(source)
            file = source_of(parts.workspaces, settings.timezone, source, as_of, options)
        if file and file.ends_before_report_week:
            log.warning("%s", file.without_report_week)
            return RunResult("no_data", file.weeks, last_date=file.last_date)
        build = parts.build(file.workspace if file else parts.workspaces.of(None), as_of)
        with prefect_api(parts.home, build), settings_in_use(settings):
            from flows.weekly_voc import weekly_voc

            async def run() -> Any:
                return await weekly_voc(
                    as_of=as_of,
                    source=source,
                    channel=channel,
                    thread_ts=thread_ts,
                    dry_run=dry_run,
                    force=force,
                    return_state=True,
                )

            result: RunResult = _run_beside(run).result()
            return result


def _run_beside(flow: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run the flow in a thread of its own, and cancel it when this thread, the main one, is interrupted.

    In the main thread Prefect handles SIGTERM, by an exception that a task of asyncio may swallow.
    """

    cancel: Callable[[], object] | None = None

    async def run() -> Any:
        nonlocal cancel
        task = asyncio.current_task()
        assert task is not None
        cancel = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
        return await flow()

    running = ThreadPoolExecutor(1).submit(copy_context().run, asyncio.run, run())
    try:
        return running.result()
    except KeyboardInterrupt:
        if cancel:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                cancel()
        wait([running], INTERRUPT_SECONDS)
        raise


@contextlib.contextmanager
def prefect_api(home: Path, build: dbt.Build | None = None) -> Iterator[None]:
    """The configured Prefect API, or a temporary server, which starts while Prefect and dbt are being imported.

    Without a build dbt is left out.
    """
    loads = "Prefect and dbt" if build else "Prefect"
    with contextlib.ExitStack() as stack:
        server = None
        if os.environ.get("PREFECT_API_URL"):
            log.info("loading %s", loads)
            _prepare(build)
        else:
            # A profile may name an API too, but asking Prefect for that takes as many seconds as starting a server.
            log.info("starting a temporary Prefect server, loading %s (some seconds)", loads)
            server = stack.enter_context(temporary_server(home))
        from prefect.settings import PREFECT_API_URL, temporary_settings

        if url := PREFECT_API_URL.value():
            if server:
                server.stop()
            check_api(url)
            yield
            return
        assert server is not None  # neither a variable nor a profile names an API
        _import_while_waiting()
        _prepare(build)  # not sooner: on two cores it would take the server's time
        server.wait_until_healthy()
        stack.enter_context(temporary_settings({PREFECT_API_URL: server.api_url}))
        stack.callback(_send_logs)
        yield


def _prepare(build: dbt.Build | None) -> None:
    if build is not None:
        dbt.prepare(build)


def _import_while_waiting() -> None:
    """Import what the run needs, including what Prefect would import later, while the server starts."""
    for module in ("flows.weekly_voc", "prefect.flow_engine", "prefect.task_engine", "fastapi"):
        importlib.import_module(module)


def _send_logs() -> None:
    """Prefect sends logs in the background: let it finish before the server stops."""
    for handler in logging.getLogger("prefect.flow_runs").handlers:
        handler.flush()

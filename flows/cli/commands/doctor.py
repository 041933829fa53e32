"""`voc doctor`: one screen that says what is configured, reachable and missing. Every tick is a call made now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.analysis.client import LaasClient, LaasError
from flows.page.store import open_page_store
from flows.privacy.masker import Masker
from flows.runtime.errors import SlackError, VocError
from flows.runtime.prefect_server import check_api
from flows.runtime.settings import Settings, load_settings
from flows.runtime.workspace import NO_SOURCE, Workspace, workspace_for
from flows.slack.transports import target_for
from flows.source.file import open_source
from flows.source.thresholds import check_thresholds
from flows.warehouse import dbt
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.marts import read_newest_ticket

State = Literal["ok", "missing", "failed"]
_MARKS = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "failed": ("✗", "red")}


@dataclass(frozen=True)
class Finding:
    """What one check found; `exit_code` counts only for a failed one."""

    name: str
    state: State
    text: str
    exit_code: int = 1


def examine(*, source: Path | None, target: str | None) -> int:
    """Print the findings and return the exit code of the first failed check, 0 if none failed."""
    console = Console()
    settings = load_settings(target=target)
    with console.status("checking"):
        findings = [
            _checked("thresholds", _thresholds),
            *(_bigquery(settings) if settings.target == "bigquery" else ()),
            _checked("dbt", lambda: _dbt(settings, source)),
            _checked("source", lambda: _source(settings, source)),
            _checked("Slack", lambda: _slack(settings)),
            _checked("report", lambda: _report(settings)),
            _checked("LaaS", lambda: _laas(settings)),
            _checked("Prefect", _prefect),
        ]
    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_column()
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = _MARKS[finding.state]
        table.add_row(Text(mark, style=style), finding.name, Text(finding.text))
    console.print(table)
    return next((finding.exit_code for finding in findings if finding.state == "failed"), 0)


def _checked(name: str, check: Callable[[], tuple[State, str]]) -> Finding:
    try:
        return Finding(name, *check())
    except VocError as error:
        return Finding(name, "failed", str(error), error.exit_code)


def _thresholds() -> tuple[State, str]:
    check_thresholds()
    return "ok", "the seed status_thresholds can be used"


def _bigquery(settings: Settings) -> Iterator[Finding]:
    """One finding for each role that a run needs."""
    bigquery = BigQuery(settings)
    project, dataset = settings.jobs_project, settings.bigquery_dataset

    def jobs() -> tuple[State, str]:
        bigquery.check_jobs()
        return "ok", f"jobs run in {project} ({settings.bigquery_location})"

    def writing() -> tuple[State, str]:
        if bigquery.check_writing():
            return "ok", f"{project}.{dataset} can be written to"
        return "missing", f"{project}.{dataset} does not exist yet; the first run creates it"

    yield _checked("BigQuery jobs", jobs)
    yield _checked("dataset", writing)


def _dbt(settings: Settings, source: Path | None) -> tuple[State, str]:
    workspace = workspace_for(settings, source or Path("doctor"))
    dbt.check_connection(dbt.Build(settings, workspace, datetime.now(settings.zone).date()))
    return "ok", f"target {settings.target}: the project parses and the connection works"


def _source(settings: Settings, source: Path | None) -> tuple[State, str]:
    if settings.target == "bigquery":
        BigQuery(settings).check()
        newest = read_newest_ticket(settings)
        return "ok", f"{settings.source_table}: newest ticket {newest:%Y-%m-%d %H:%M} UTC"
    if source is None:
        return "missing", NO_SOURCE
    file = open_source(settings, source, datetime.now(settings.zone).date())
    return "ok", f"{source.name}: tickets from {file.first_date} to {file.last_date}"


def _slack(settings: Settings) -> tuple[State, str]:
    if settings.slack_bot_token is None:
        return "missing", f"no SLACK_BOT_TOKEN: messages go to {settings.home / 'outbox'}"
    from flows.slack.transport import UnreadableHistory
    from flows.slack.web_api import WebApiTransport, read_identity

    team, scopes = read_identity(settings)
    if "chat:write" not in scopes:
        raise SlackError("the app lacks the scope chat:write. Add it and install the app again.")
    target = target_for(settings, None, None)
    try:
        WebApiTransport(settings).posted(target, since=time.time())
    except UnreadableHistory as lack:
        return "missing", f"{lack} Until then Prefect remembers what was posted."
    if "files:write" not in scopes:
        return "missing", (
            f"{team}, channel {target.channel}: the app lacks the scope files:write, "
            "for the chart where the workspace takes none"
        )
    return "ok", f"{team}, channel {target.channel}: the app may post and read"


def _report(settings: Settings) -> tuple[State, str]:
    place = open_page_store(settings, Workspace(settings.home))
    place.names()
    if place.url("") is None:
        return (
            "missing",
            f"pages go to {place.where('')}; without VOC_REPORT_URL nothing links there",
        )
    return "ok", f"pages go to {place.where('')}, seen under {place.url('')}"


def _laas(settings: Settings) -> tuple[State, str]:
    if settings.laas_api_key is None:
        return "missing", "no LAAS_API_KEY: analyses are rule-based"

    async def ask() -> None:
        async with LaasClient(settings, Masker.of_project()) as laas:
            await laas.complete("연결 확인입니다. '확인'이라고만 답하세요.")

    try:
        asyncio.run(ask())
    except LaasError as error:
        return "failed", f"{settings.laas_base_url}: {error}. Check the settings LAAS_…"
    return "ok", f"{settings.laas_base_url} answered"


def _prefect() -> tuple[State, str]:
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()
    if not url:
        return "missing", "no PREFECT_API_URL: each run starts a temporary server"
    check_api(url)
    return "ok", f"{url} answers"

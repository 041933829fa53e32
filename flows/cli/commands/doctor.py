"""`voc doctor`: one screen that says what is configured, reachable and missing. Every tick is a call made now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.analysis.client import ModelError
from flows.analysis.prompt import Prompt
from flows.runtime.assembly import Assembly
from flows.runtime.errors import SlackError, SourceError, VocError
from flows.runtime.prefect_server import check_api
from flows.runtime.workspace import NO_SOURCE, Workspace
from flows.source.file import open_source
from flows.source.owners import check_owners
from flows.source.thresholds import check_rules
from flows.warehouse import dbt
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.marts import read_unused_overrides, unused_override
from flows.warehouse.readiness import read_newest_ticket

State = Literal["ok", "missing", "failed"]
# By API: what the check is called, and the settings to look at.
_MODELS = {"laas": ("LaaS", "LAAS_…"), "openai": ("model", "VOC_MODEL_…")}
_PING = Prompt("연결 확인입니다.", 'JSON으로 {"summary": "확인"}이라고만 답하세요.')
_MARKS = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "failed": ("✗", "red")}


@dataclass(frozen=True)
class Finding:
    """What one check found; `exit_code` counts only for a failed check."""

    name: str
    state: State
    text: str
    exit_code: int = 1


def examine(parts: Assembly, *, source: Path | None) -> int:
    """Print the findings and return the exit code of the first failed check, 0 if none failed."""
    console = Console()
    with console.status("checking"):
        findings = [
            _checked("thresholds", lambda: _thresholds(parts, source)),
            *(_bigquery(parts.bigquery) if parts.bigquery else ()),
            _checked("dbt", lambda: _dbt(parts, source)),
            _checked("source", lambda: _source(parts, source)),
            _checked("Slack", lambda: _slack(parts)),
            _checked("owners", lambda: _owners(parts)),
            _checked("report", lambda: _report(parts)),
            _checked(_MODELS[parts.settings.model_api][0], lambda: _model(parts)),
            _checked("Prefect", lambda: _prefect(parts)),
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


def _thresholds(parts: Assembly, source: Path | None) -> tuple[State, str]:
    check_rules()
    try:
        warehouse = parts.warehouse(parts.workspaces.of(source))
        unused = read_unused_overrides(warehouse)
    except SourceError:
        return "ok", "the seed status_thresholds can be used; no report has used it yet"
    if unused:
        return "missing", " ".join(unused_override(*override) for override in unused)
    return "ok", (
        "the seed status_thresholds can be used, and every row of it applies; "
        "voc backtest shows what other thresholds would change"
    )


def _bigquery(bigquery: BigQuery) -> Iterator[Finding]:
    """One finding for each role that a run needs."""
    config = bigquery.config

    def jobs() -> tuple[State, str]:
        bigquery.check_jobs()
        return "ok", f"jobs run in {config.project} ({config.location})"

    def partitions() -> tuple[State, str]:
        bigquery.check_partitions()
        return "ok", "the source's partitions can be listed"

    def writing(dataset: str) -> tuple[State, str]:
        if bigquery.check_writing(dataset):
            return "ok", f"{config.project}.{dataset} can be written to"
        return "missing", f"{config.project}.{dataset} does not exist yet; the first run creates it"

    yield _checked("BigQuery jobs", jobs)
    yield _checked("partitions", partitions)
    for dataset in config.datasets:
        yield _checked("dataset", partial(writing, dataset))


def _dbt(parts: Assembly, source: Path | None) -> tuple[State, str]:
    workspace = parts.workspaces.of(source or Path("doctor"))
    today = datetime.now(parts.settings.zone).date()
    dbt.check_connection(parts.build(workspace, today))
    return "ok", f"target {parts.settings.target}: the project parses and the connection works"


def _source(parts: Assembly, source: Path | None) -> tuple[State, str]:
    settings = parts.settings
    if parts.bigquery:
        parts.bigquery.check()
        newest = read_newest_ticket(parts.bigquery)
        return "ok", f"{settings.source_table}: newest ticket {newest:%Y-%m-%d %H:%M} UTC"
    if source is None:
        return "missing", NO_SOURCE
    today = datetime.now(settings.zone).date()
    options = parts.source_options(source)
    file = open_source(parts.workspaces, settings.timezone, source, today, options)
    return "ok", f"{source.name}: tickets from {file.first_date} to {file.last_date}"


def _slack(parts: Assembly) -> tuple[State, str]:
    from flows.slack.transport import UnreadableHistory

    if parts.slack is None:
        return "missing", f"no SLACK_BOT_TOKEN: messages go to {parts.settings.home / 'outbox'}"

    team, scopes = parts.slack.identity()
    if "chat:write" not in scopes:
        raise SlackError("the app lacks the scope chat:write. Add it and install the app again.")
    channel = parts.destination(None, None)
    try:
        parts.slack.posted(channel, since=time.time())
    except UnreadableHistory as lack:
        return "missing", f"{lack} Until then Prefect remembers what was posted."
    if "files:write" not in scopes:
        return "missing", (
            f"{team}, channel {channel.channel}: the app lacks the scope files:write, "
            "for the chart where the workspace takes none"
        )
    return "ok", f"{team}, channel {channel.channel}: the app may post and read"


def _owners(parts: Assembly) -> tuple[State, str]:
    """Whether the seed's owners and channels can be used. No run ends because one cannot."""
    from flows.slack.directory import unusable

    rows = check_owners()
    owners, channels = ({row[name] for row in rows if row[name]} for name in ("owner", "channel"))
    if not rows:
        return "missing", "the seed category_owners is empty: analyses mention nobody"
    if parts.slack is None:
        return "missing", "no SLACK_BOT_TOKEN: the seed category_owners is not compared with Slack"
    if faults := unusable(parts.slack, owners, channels):
        return "missing", " ".join(faults)
    return "ok", f"{len(owners)} owners and {len(channels)} channels are all in Slack"


def _report(parts: Assembly) -> tuple[State, str]:
    store = parts.page_store(Workspace(parts.home))
    store.names()
    if store.url("") is None:
        return (
            "missing",
            f"pages go to {store.where('')}; without VOC_REPORT_URL nothing links there",
        )
    return "ok", f"pages go to {store.where('')}, seen under {store.url('')}"


def _model(parts: Assembly) -> tuple[State, str]:
    client = parts.model
    if client is None:
        return "missing", "no LAAS_API_KEY: analyses are rule-based"

    async def ask() -> None:
        async with client as model:
            await model.ask_once(_PING)

    try:
        asyncio.run(ask())
    except ModelError as error:
        _, variables = _MODELS[parts.settings.model_api]
        return "failed", f"{client.api.base_url}: {error}. Check the settings {variables}"
    return "ok", f"{client.api.base_url}: {client.api.name} answered"


def _prefect(parts: Assembly) -> tuple[State, str]:
    from prefect.settings import PREFECT_API_URL

    from flows.runtime.schedule import other_zones

    url = PREFECT_API_URL.value()
    if not url:
        return "missing", "no PREFECT_API_URL: each run starts a temporary server"
    check_api(url)
    try:
        if line := asyncio.run(other_zones(parts.settings.timezone)):
            return "failed", f"{url} answers; {line}"
    except (httpx.HTTPError, ValueError) as error:  # ValueError: an answer that is not Prefect's
        status = getattr(getattr(error, "response", None), "status_code", type(error).__name__)
        return "failed", (
            f"{url} gives no usable answer ({status}). Check that it ends in /api, and the password."
        )
    return "ok", f"{url} answers"

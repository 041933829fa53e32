"""The product's parts as `voc` builds them from settings, for tests that use one part alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from flows.analysis.client import ModelClient
from flows.runtime.assembly import Assembly
from flows.runtime.settings import Settings, load_settings
from flows.runtime.workspace import Workspace
from flows.slack.web_api import WebApiTransport
from flows.source import file
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.dbt import Build


def parts_of(settings: Settings | None = None, **options: Any) -> Assembly:
    """The parts for these settings, or for those of the test's environment."""
    return Assembly(settings or load_settings(), **options)


def open_source(settings: Settings, source: Path, as_of: date) -> file.SourceFile:
    """Make a file the source table."""
    parts = parts_of(settings)
    options = parts.source_options(source)
    return file.open_source(parts.workspaces, settings.timezone, source, as_of, options)


def workspace_of(settings: Settings, source: Path | None) -> Workspace:
    """The workspace of a source."""
    return parts_of(settings).workspaces.of(source)


def build_of(settings: Settings, workspace: Workspace, as_of: date, **options: Any) -> Build:
    """What dbt needs to know to build the tables of a workspace."""
    return parts_of(settings).build(workspace, as_of, **options)


def slack_of(settings: Settings) -> WebApiTransport:
    """The transport to Slack; the settings have a token."""
    slack = parts_of(settings).slack
    assert slack is not None
    return slack


def model_of(settings: Settings) -> ModelClient:
    """The client of the model; the settings have one."""
    model = parts_of(settings).model
    assert model is not None
    return model


def bigquery_of(settings: Settings | None = None) -> BigQuery:
    """The tables on BigQuery; the settings lead there."""
    bigquery = parts_of(settings).bigquery
    assert bigquery is not None
    return bigquery

"""Typed settings: the one place that reads the environment, and `.env` or the file that VOC_ENV_FILE names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    model_validator,
)

from catalogue.settings import InvalidSettings, Secret, SharedSettings, TimeZone, Url, time_zone
from flows.runtime.asked import AskedSource
from flows.runtime.errors import UsageError

DbtTarget = Literal["duckdb", "bigquery"]
ModelApiName = Literal["laas", "openai"]


def _bigquery_table(value: str) -> str:
    if not re.match(r"^[\w.:-]+\.\w+\.[\w$-]+$", value) or value.count(".") != 2:
        raise ValueError("must be project.dataset.table")
    return value


def _readers(value: str | None) -> str | None:
    for reader in (value or "").split():
        if not re.match(r"^(user|group|serviceAccount|domain):\S+$", reader):
            raise ValueError(
                "must be user:…, group:…, serviceAccount:… or domain:…, separated by spaces"
            )
    return value


def _folder_or_bucket(value: str | None) -> str | None:
    if value and "://" in value and not re.match(r"^gs://[a-z0-9]", value):
        raise ValueError("must be a folder or gs://bucket/folder")
    return value


class Settings(SharedSettings):
    """What a run needs to know about its surroundings. Secrets are `SecretStr`: they print as `**********`."""

    slack_bot_token: Secret | None = Field(
        None, description="Bot token (xoxb-…). Without it messages go to the outbox folder."
    )
    readiness_wait_minutes: float = Field(
        180,
        ge=0,
        validation_alias="VOC_READINESS_WAIT_MINUTES",
        description="Minutes that the Monday run waits for BigQuery's data to reach the end of the week.",
    )
    laas_api_key: Secret | None = Field(
        None, description="LaaS key. Without it a rule-based analysis is written."
    )
    laas_project: str = Field("WANTED_DATA", description="LaaS project code.")
    laas_base_url: Url = Field("https://api-laas.wanted.co.kr", description="LaaS to talk to.")
    laas_preset_hash: str = Field(
        "90571f07e6b60e047620162ecc29b423dba8280aba60dba503aac082082ad0c4",
        description="Preset that holds the system prompt.",
    )
    laas_concurrency: int = Field(
        4,
        ge=1,
        le=32,
        validation_alias="VOC_LAAS_CONCURRENCY",
        description="Analyses asked for at the same time.",
    )
    model_api: ModelApiName = Field(
        "laas",
        validation_alias="VOC_MODEL_API",
        description="What analyses: laas, or openai for any model with OpenAI's chat completions.",
    )
    model_base_url: Url | None = Field(
        None,
        validation_alias="VOC_MODEL_BASE_URL",
        description="That model's address, as OpenAI's libraries take it: https://api.openai.com/v1 and the like.",
    )
    model_name: str | None = Field(
        None, validation_alias="VOC_MODEL_NAME", description="That model's name."
    )
    model_api_key: Secret | None = Field(
        None,
        validation_alias="VOC_MODEL_API_KEY",
        description="That model's key, if its server wants one.",
    )
    model_timeout_seconds: float = Field(
        120,
        gt=0,
        le=3600,
        validation_alias="VOC_MODEL_TIMEOUT_SECONDS",
        description="Seconds for one attempt to get an answer, from LaaS or another model.",
    )
    model_budget_seconds: float = Field(
        900,
        gt=0,
        le=86_400,
        validation_alias="VOC_MODEL_BUDGET_SECONDS",
        description="Seconds for all answers of a run; what has none by then is analysed by rule.",
    )
    target: DbtTarget = Field(
        "duckdb", validation_alias="VOC_TARGET", description="dbt target: duckdb or bigquery."
    )
    state_uri: str | None = Field(
        None,
        validation_alias="VOC_STATE_URI",
        description="Folder or gs:// path for LaaS answers kept between runs (default: VOC_HOME/state).",
    )
    duckdb_path: Path | None = Field(
        None,
        validation_alias="VOC_DUCKDB_PATH",
        description="DuckDB file to use instead of one per source under VOC_HOME.",
    )
    source_table: Annotated[str, AfterValidator(_bigquery_table)] = Field(
        "wanted-data.wanted_ml.zendesk_voc_classified",
        validation_alias="VOC_SOURCE_TABLE",
        description="BigQuery table with the classified tickets, project.dataset.table.",
    )
    bigquery_project: str | None = Field(
        None,
        pattern=r"^[\w.:-]+$",
        validation_alias="VOC_BIGQUERY_PROJECT",
        description="Project that runs the jobs and holds the models (default: the source's).",
    )
    bigquery_dataset: str = Field(
        "voc",
        pattern=r"^\w+$",
        validation_alias="VOC_BIGQUERY_DATASET",
        description="Dataset that the models are written to.",
    )
    bigquery_internal_dataset: Annotated[str | None, BeforeValidator(lambda v: v or None)] = Field(
        None,
        pattern=r"^\w+$",
        validation_alias="VOC_BIGQUERY_INTERNAL_DATASET",
        description="Dataset for what is no mart, so that analysts see the marts alone (default: the same).",
    )
    bigquery_readers: Annotated[str | None, AfterValidator(_readers)] = Field(
        None,
        validation_alias="VOC_BIGQUERY_READERS",
        description="Who may read the marts: group:analysts@example.com and the like, separated by spaces.",
    )
    bigquery_location: str = Field(
        "asia-northeast3",
        pattern=r"^[\w-]+$",
        validation_alias="VOC_BIGQUERY_LOCATION",
        description="Location of the source and of the models.",
    )
    bigquery_max_bytes_billed: int = Field(
        20_000_000_000,
        ge=1,
        validation_alias="VOC_BIGQUERY_MAX_BYTES_BILLED",
        description="Bytes that one job may bill; one that would bill more does not run.",
    )
    gcp_credentials_block: str | None = Field(
        None,
        validation_alias="VOC_GCP_CREDENTIALS_BLOCK",
        description="Name of the Prefect block (GCP Credentials) to use on BigQuery.",
    )
    google_application_credentials: Path | None = Field(
        None,
        description="Key file to use on BigQuery (default: the machine's own credentials).",
    )
    source_timezone: TimeZone = Field(
        "UTC",
        validation_alias="VOC_SOURCE_TIMEZONE",
        description="Time zone of a source file's times that name none.",
    )
    source_map: Path | None = Field(
        None,
        validation_alias="VOC_SOURCE_MAP",
        description="TOML file that says which columns a source file has (default: voc-source.toml beside it).",
    )
    dashboard_url: Annotated[str | None, BeforeValidator(lambda v: v or None)] = Field(
        None,
        pattern=r"^https?://\S+$",
        validation_alias="VOC_DASHBOARD_URL",
        description="Dashboard that the summary's button opens.",
    )
    ticket_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s<>|]*\{id\}[^\s<>|]*$",
        validation_alias="VOC_TICKET_URL",
        description="Address of a ticket, with {id} in it. Examples in the analyses then link there.",
    )
    report_bucket: Annotated[str | None, AfterValidator(_folder_or_bucket)] = Field(
        None,
        validation_alias="VOC_REPORT_BUCKET",
        description="Folder or gs:// path for the report as a page (default: VOC_HOME/reports).",
    )
    report_url: Annotated[str | None, BeforeValidator(lambda v: v or None)] = Field(
        None,
        pattern=r"^https?://\S+$",
        validation_alias="VOC_REPORT_URL",
        description="Address under which people see that folder (default: a bucket's own).",
    )
    page_retention_weeks: int | None = Field(
        None,
        ge=1,
        validation_alias="VOC_PAGE_RETENTION_WEEKS",
        description="Weeks that pages, their records and the model's answers are kept (default: for ever).",
    )

    # What the options of `voc` say about the source: of this process, and nothing that the environment sets.
    _asked_source: AskedSource = PrivateAttr(default_factory=AskedSource)

    @model_validator(mode="after")
    def _names_its_model(self) -> Self:
        if self.model_api == "openai" and not (self.model_base_url and self.model_name):
            raise ValueError("VOC_MODEL_API=openai needs VOC_MODEL_BASE_URL and VOC_MODEL_NAME")
        return self

    @property
    def asked_source(self) -> AskedSource:
        return self._asked_source

    @property
    def readiness_wait(self) -> timedelta:
        return timedelta(minutes=self.readiness_wait_minutes)

    @property
    def jobs_project(self) -> str:
        return self.bigquery_project or self.source_table.split(".")[0]


def load_settings(
    target: str | None = None,
    source_timezone: str | None = None,
    asked_source: AskedSource | None = None,
) -> Settings:
    """Read the settings. Raises UsageError.

    Args:
        target: overrides VOC_TARGET.
        source_timezone: overrides VOC_SOURCE_TIMEZONE.
        asked_source: what else the command says about its source.
    """
    overrides = {"VOC_TARGET": target, "VOC_SOURCE_TIMEZONE": source_timezone}
    try:
        time_zone(source_timezone or "UTC")
    except ValueError as error:
        raise UsageError(f"--source-timezone {error}.") from None
    try:
        settings = Settings.load(**{name: value for name, value in overrides.items() if value})
    except InvalidSettings as error:
        raise UsageError(f"{error}. Fix it in the environment or in .env.") from None
    if asked_source is not None:
        settings._asked_source = asked_source
    return settings


_in_use: ContextVar[Settings] = ContextVar("settings")


@contextmanager
def settings_in_use(settings: Settings) -> Iterator[None]:
    """Let the flow, when this process calls it, run with these settings instead of reading its own."""
    token = _in_use.set(settings)
    try:
        yield
    finally:
        _in_use.reset(token)


def settings_of_process() -> Settings:
    """The settings that the entry of this process has loaded; in a worker's process the flow is the entry."""
    settings = _in_use.get(None)
    if settings is None:
        settings = load_settings()
        _in_use.set(settings)
    return settings

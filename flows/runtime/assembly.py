"""Builds the parts of a process from its settings: the one place, besides the process entries, that knows them.

Each part is built when it is first asked for, and its slow imports are made then: `voc status` imports no Prefect.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue import Locale, Texts
from flows.runtime.asked import AskedSource
from flows.runtime.errors import UsageError, VocError
from flows.runtime.settings import Settings
from flows.runtime.usage import Usage
from flows.runtime.workspace import Workspace, Workspaces
from flows.source.owners import check_owners
from flows.warehouse.bigquery.config import BigQueryConfig, CredentialsConfig
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.connection import DuckDBWarehouse, Warehouse
from flows.warehouse.dbt import Build

if TYPE_CHECKING:
    from flows.analysis.analyst import Analyst
    from flows.analysis.apis import ModelApi
    from flows.analysis.client import ModelClient
    from flows.page.publishing import Publisher
    from flows.page.store import PageStore
    from flows.privacy.masker import Masker
    from flows.questions.answers import Sources
    from flows.report.values import Analysis, Week, WeeklyReport
    from flows.runtime.operators import Operators
    from flows.runtime.results import ResultsStorage
    from flows.slack.answers import AnswerComposer
    from flows.slack.messages import Composer
    from flows.slack.outbox import OutboxTransport
    from flows.slack.transport import Destination, Transport
    from flows.slack.web_api import WebApiTransport
    from flows.source.options import SourceOptions

log = logging.getLogger("voc")


class Assembly:
    """The parts of one process.

    Args:
        flow_run_id: labels BigQuery's jobs.
        dry_run: post nothing, and write pages where nobody else sees them.
    """

    def __init__(self, settings: Settings, *, flow_run_id: str = "", dry_run: bool = False) -> None:
        self.settings = settings
        self.usage = Usage()
        self.texts = Texts(settings.locale)
        self.home = settings.home.resolve()
        self._flow_run_id = flow_run_id
        self.dry_run = dry_run

    @cached_property
    def masker(self) -> Masker:
        from flows.privacy.masker import Masker

        return Masker.of_project()

    @cached_property
    def workspaces(self) -> Workspaces:
        path = self.settings.duckdb_path
        return Workspaces(self.home, path and path.resolve(), self.settings.target == "bigquery")

    def source_options(self, source: Path | None) -> SourceOptions | None:
        """How a source file is to be read; None without a file. Raises UsageError."""
        from flows.source.options import source_options

        s = self.settings
        if source is None:
            if s.asked_source != AskedSource():
                raise UsageError("--map and other options on a file need the file. Add --source.")
            return None
        timezone = s.source_timezone if "source_timezone" in s.model_fields_set else None
        return source_options(s.asked_source, timezone, source, s.source_map)

    @cached_property
    def bigquery(self) -> BigQuery | None:
        """The tables on BigQuery; None on DuckDB."""
        if self.settings.target != "bigquery":
            return None
        s = self.settings
        config = BigQueryConfig(
            s.source_table,
            s.jobs_project,
            s.bigquery_dataset,
            s.bigquery_location,
            s.bigquery_max_bytes_billed,
            s.bigquery_internal_dataset,
            tuple((s.bigquery_readers or "").split()),
        )
        return BigQuery(config, self._credentials, self._flow_run_id, self.usage)

    def warehouse(self, workspace: Workspace) -> Warehouse:
        """The marts of a workspace."""
        if workspace.duckdb_path is not None:
            return DuckDBWarehouse(workspace.duckdb_path)
        assert self.bigquery is not None
        return self.bigquery

    def build(
        self,
        workspace: Workspace,
        as_of: date,
        *,
        full_refresh: bool = False,
        backfill_from: date | None = None,
    ) -> Build:
        """What dbt needs to know to build the tables of a workspace."""
        s = self.settings
        return Build(
            workspace,
            as_of,
            s.timezone,
            self.bigquery,
            self._flow_run_id,
            s.ticket_url,
            full_refresh,
            backfill_from,
            bool(check_owners()),
        )

    @cached_property
    def model(self) -> ModelClient | None:
        """The model that writes analyses; None for LaaS without a key."""
        from flows.analysis.client import ModelClient

        api, s = self._model_api(), self.settings
        if api is None:
            return None
        return ModelClient(
            api,
            self.masker,
            self.usage,
            timeout_seconds=s.model_timeout_seconds,
            budget_seconds=s.model_budget_seconds,
        )

    def _model_api(self) -> ModelApi | None:
        from flows.analysis.apis import Laas, OpenAI

        s = self.settings
        if s.model_base_url and s.model_name and s.model_api == "openai":
            return OpenAI(s.model_base_url, s.model_name, s.model_api_key)
        if s.laas_api_key is None:
            return None
        return Laas(s.laas_base_url, s.laas_project, s.laas_preset_hash, s.laas_api_key)

    @cached_property
    def analyst(self) -> Analyst:
        from flows.analysis.analyst import Analyst

        return Analyst(
            self.model,
            lambda: self._results.of("laas"),
            self.masker,
            self.texts,
            self.settings.laas_concurrency,
        )

    @cached_property
    def slack(self) -> WebApiTransport | None:
        """Slack, where there is a token for it."""
        from flows.slack.web_api import WebApiTransport

        token = self.settings.slack_bot_token
        return WebApiTransport(token, self.settings.slack_api_url) if token else None

    @cached_property
    def transport(self) -> Transport:
        """Where messages go, behind the gate that keeps personal data back."""
        from flows.privacy.gate import Gate

        return Gate(self._ungated, self.masker, self.texts)

    def destination(self, channel: str | None, thread_ts: str | None) -> Destination:
        """The channel or thread that a report goes to. Raises UsageError."""
        from flows.slack.destination import destination_of

        s = self.settings
        return destination_of(
            channel or s.slack_channel, thread_ts, is_slack=s.slack_bot_token is not None
        )

    def operators(self, destination: Destination) -> Operators:
        """Notes of all runs go to one channel, not to a run's own: in a thread a note would be repeated elsewhere."""
        from flows.runtime.operators import Operators

        s = self.settings
        report_channel = s.slack_channel or destination.channel
        return Operators(self.transport, self.texts, s.ops_channel, report_channel)

    def composer(self, report_url: str | None = None, locale: Locale | None = None) -> Composer:
        """Writes messages in the language and with the links of the settings, or in another language."""
        from flows.slack.messages import Composer

        s = self.settings
        texts = Texts(locale or s.locale)
        return Composer(texts, s.version, s.dashboard_url, report_url, s.ticket_url)

    def is_for_everybody(self, destination: Destination) -> bool:
        """Whether a report goes to its own channel; one that is asked for elsewhere is for its readers there."""
        own = self.settings.slack_channel
        return destination.thread_ts is None and own in (None, destination.channel)

    @property
    def answers(self) -> AnswerComposer:
        """Writes answers to questions likewise."""
        from flows.slack.answers import AnswerComposer

        s = self.settings
        return AnswerComposer(self.texts, s.version, s.dashboard_url, None, s.ticket_url)

    def sources(
        self, workspace: Callable[[], Workspace] | None = None, as_of: date | None = None
    ) -> Sources:
        """Where answers to questions come from: the last run's tables, or those of another workspace."""
        from flows.questions.answers import Sources

        workspace = workspace or partial(self.workspaces.of, None)

        def published(week: Week) -> tuple[Analysis, ...]:
            from flows.page.publishing import read_record

            try:
                return read_record(self.page_store(workspace()), week).analyses
            except VocError as error:
                log.warning("the analyses that a run has published cannot be read: %s", error)
                return ()

        return Sources(
            lambda: self.warehouse(workspace()),
            published,
            self.masker,
            self.texts,
            datetime.now(self.settings.zone).date(),
            as_of,
        )

    def publisher(
        self, store: PageStore, warehouse: Warehouse, report: WeeklyReport, last_day: date | None
    ) -> Publisher:
        """Writes the pages of a report."""
        from flows.page.publishing import Publisher

        s = self.settings
        return Publisher(
            store, warehouse, report, last_day, self.masker, s.version, self.texts, s.ticket_url
        )

    def page_store(self, workspace: Workspace) -> PageStore:
        """Where the pages on a source are kept; a file has a folder of its own."""
        from flows.page.store import FolderStore, joined_url

        if self.dry_run:
            return self.dry_run_pages(workspace)
        s = self.settings
        source = "" if workspace.duckdb_path is None else workspace.folder.name
        uri = s.report_bucket or str(s.home / "reports")
        if not uri.startswith("gs://"):
            return FolderStore(Path(uri).resolve() / source, joined_url(s.report_url, source))
        from flows.page.bucket import BucketStore

        name, _, folder = uri.removeprefix("gs://").partition("/")
        folder = folder.strip("/")
        # Google's own address asks for an account that may read the bucket.
        url = s.report_url or joined_url(f"https://storage.cloud.google.com/{name}", folder)
        return BucketStore(
            self._credentials,
            s.jobs_project,
            name,
            "/".join(filter(None, (folder, source))),
            joined_url(url, source),
        )

    def dry_run_pages(self, workspace: Workspace) -> PageStore:
        """Where dry runs on a source write their pages."""
        from flows.page.store import FolderStore

        source = "" if workspace.duckdb_path is None else workspace.folder.name
        return FolderStore(self.home / "dry-run" / source)

    @property
    def kept_answers(self) -> PageStore:
        """The files in which Prefect keeps the model's answers, to be removed without Prefect."""
        from flows.page.store import FolderStore

        uri = self._state_uri
        if not uri.startswith("gs://"):
            return FolderStore(Path(uri).resolve() / "laas")
        from flows.page.bucket import BucketStore

        name, _, folder = uri.removeprefix("gs://").partition("/")
        folder = f"{folder}/laas".lstrip("/")
        project = self.settings.jobs_project
        return BucketStore(self._credentials, project, name, folder, None, "VOC_STATE_URI")

    @property
    def outbox(self) -> OutboxTransport:
        """The folder that stands in for Slack."""
        from flows.slack.outbox import OutboxTransport

        return OutboxTransport(self.home / "outbox")

    @cached_property
    def _ungated(self) -> Transport:
        if self.dry_run:
            from flows.slack.transport import DryRunTransport

            return DryRunTransport()
        if self.slack is None:
            return self.outbox
        from flows.slack.remembered import RememberingTransport

        return RememberingTransport(self.slack, lambda: self._results.of("posts"))

    @cached_property
    def _results(self) -> ResultsStorage:
        from flows.runtime.results import ResultsStorage
        from flows.warehouse.bigquery.credentials import credentials_block

        return ResultsStorage(self._state_uri, lambda: credentials_block(self._credentials))

    @property
    def _state_uri(self) -> str:
        return self.settings.state_uri or str(self.settings.home / "state")

    @property
    def _credentials(self) -> CredentialsConfig:
        s = self.settings
        return CredentialsConfig(s.gcp_credentials_block, s.google_application_credentials)

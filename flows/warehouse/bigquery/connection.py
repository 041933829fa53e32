"""The client of BigQuery: reads, the check ahead of a run, and what the run's jobs billed."""

from __future__ import annotations

import importlib
import logging
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from flows.runtime.errors import SourceError
from flows.runtime.usage import Usage
from flows.warehouse.bigquery.config import BigQueryConfig, CredentialsConfig
from flows.warehouse.bigquery.credentials import access_token, google_credentials
from flows.warehouse.bigquery.refusals import explain, explain_if_known

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, Dataset

# A child of the run's log: the terminal shows only the sum.
log = logging.getLogger("voc.jobs")

# What the models read of the source, and its types (dbt_project/models/staging/zendesk/_zendesk__sources.yml).
SOURCE_COLUMNS = {
    "id": "STRING",
    "event_create_time": "TIMESTAMP",
    "title": "STRING",
    "detail": "STRING",
    "category1": "STRING",
    "category2": "STRING",
    "category3": "STRING",
    "overall_emotion": "STRING",
    "inbound_outbound": "STRING",
    "keywords": "STRING",
}
REQUEST_TIMEOUT_SECONDS = 30
"""How long one request may take, and how long an unreachable endpoint or an internal error is tried again."""
READ_SECONDS = 90
"""How long a read of the marts may take."""


@dataclass(frozen=True)
class Job:
    """A finished job: the dbt node or the select it was for, and the bytes that it billed."""

    name: str
    bytes_billed: int


class BigQuery:
    """One installation's tables, read for one flow run. Every method raises SourceError.

    Jobs are labelled with the flow run; what they bill is added to `usage`.
    """

    def __init__(
        self,
        config: BigQueryConfig,
        credentials: CredentialsConfig,
        flow_run_id: str = "",
        usage: Usage | None = None,
    ) -> None:
        self.config = config
        self.flow_run_id = flow_run_id
        self.usage = usage or Usage()
        self._credentials = credentials

    @cached_property
    def client(self) -> Client:
        credentials = google_credentials(self._credentials)
        bigquery = _google_bigquery()
        shorten_google_retries()
        client: Client = bigquery.Client(
            project=self.config.project, credentials=credentials, location=self.config.location
        )
        return client

    def internal(self, table: str) -> str:
        return f"`{self.config.project}.{self.config.datasets[-1]}.{table}`"

    def has(self, table: str) -> bool:
        from google.api_core.exceptions import NotFound

        name = table.strip("`")
        if "." not in name:
            name = f"{self.config.project}.{self.config.dataset}.{name}"
        with self._explained():
            try:
                self.client.get_table(name, timeout=REQUEST_TIMEOUT_SECONDS)
            except NotFound:
                return False
            return True

    def delete(self, table: str, where: str, **parameters: date | str) -> None:
        self.rows(f"delete from {table} where {where}", **parameters)

    def rows(self, sql: str, **parameters: date | str) -> list[dict[str, Any]]:
        """Rows of a select over the marts. Parameters are written @name; tables need no prefix."""
        bigquery = _google_bigquery()
        config = bigquery.QueryJobConfig(
            default_dataset=f"{self.config.project}.{self.config.dataset}",
            labels={"app": "voc-analyst", "flow_run_id": self.flow_run_id},
            maximum_bytes_billed=self.config.max_bytes_billed,
            query_parameters=[
                bigquery.ScalarQueryParameter(
                    name, "DATE" if isinstance(value, date) else "STRING", value
                )
                for name, value in parameters.items()
            ],
        )
        with self._explained():
            job = self.client.query(
                sql, job_config=config, job_retry=None, timeout=REQUEST_TIMEOUT_SECONDS
            )
            rows = [dict(row) for row in job.result(job_retry=None, timeout=READ_SECONDS)]
            read = Job("read", job.total_bytes_billed or 0)
            self.usage.bytes_billed += read.bytes_billed
            log_job(read)
            return rows

    def check(self) -> None:
        """Look at the source and at the dataset's location, for free: before dbt, and before anything is built."""
        from google.api_core.exceptions import NotFound

        config = self.config
        with self._explained():
            try:
                table = self.client.get_table(config.source_table, timeout=REQUEST_TIMEOUT_SECONDS)
            except NotFound:
                raise SourceError(
                    f"the table {config.source_table} was not found. Set VOC_SOURCE_TABLE."
                ) from None
            self._check_columns({field.name: field.field_type for field in table.schema})
            self._check_location("the source", table.location)
            for name in config.datasets:
                if dataset := self._dataset(name):
                    self._check_location(f"the dataset {name}", dataset.location)

    def columns_of(self, name: str) -> frozenset[str]:
        """The columns of a mart, for free; none before the first run."""
        from google.api_core.exceptions import NotFound

        config = self.config
        with self._explained():
            try:
                table = self.client.get_table(
                    f"{config.project}.{config.dataset}.{name}", timeout=REQUEST_TIMEOUT_SECONDS
                )
            except NotFound:
                return frozenset()
            return frozenset(field.name for field in table.schema)

    def check_jobs(self) -> None:
        """Run a job that reads nothing."""
        self.rows("select 1 as answer")

    def check_partitions(self) -> None:
        """Look at the partitions of the source, as the models do to find the weeks that have changed."""
        project, dataset, table = self.config.source_table.split(".")
        self.rows(
            f"select count(*) as partition_count from `{project}.{dataset}.INFORMATION_SCHEMA.PARTITIONS` "
            f"where table_name = '{table}'"
        )

    def check_writing(self, name: str) -> bool:
        """Make a table in one of the models' datasets and remove it; False where the dataset does not exist yet."""
        from google.cloud.bigquery import SchemaField, Table

        with self._explained():
            dataset = self._dataset(name)
            if dataset is None:
                return False
            schema = [SchemaField("answer", "INT64")]
            table = Table(dataset.reference.table(f"voc_doctor_{uuid.uuid4().hex}"), schema=schema)
            self.client.create_table(table, timeout=REQUEST_TIMEOUT_SECONDS)
            self.client.delete_table(table, timeout=REQUEST_TIMEOUT_SECONDS)
            return True

    def dbt_environment(self) -> dict[str, str]:
        """The variables with which profiles.yml connects to the same tables with the same credentials."""
        config = self.config
        return {
            "VOC_SOURCE_TABLE": config.source_table,
            "VOC_BIGQUERY_PROJECT": config.project,
            "VOC_BIGQUERY_DATASET": config.dataset,
            "VOC_BIGQUERY_INTERNAL_DATASET": config.internal_dataset or "",
            "VOC_BIGQUERY_READERS": " ".join(config.readers),
            "VOC_BIGQUERY_LOCATION": config.location,
            "VOC_BIGQUERY_MAX_BYTES_BILLED": str(config.max_bytes_billed),
        }

    def dbt_credentials(self) -> dict[str, str]:
        """The variables with the credentials themselves; for a block, a token."""
        from google.auth.exceptions import GoogleAuthError

        key_file = self._credentials.key_file
        if not self._credentials.block:
            return {"GOOGLE_APPLICATION_CREDENTIALS": str(key_file)} if key_file else {}
        try:
            token = access_token(self._credentials)
        except GoogleAuthError as error:
            raise explain(error, self.config) from None
        return {
            "VOC_BIGQUERY_METHOD": "oauth-secrets",
            "DBT_ENV_SECRET_BIGQUERY_TOKEN": token,
        }

    def refusal(self, message: str) -> SourceError | None:
        """The error line for what dbt reports, where BigQuery itself is the reason."""
        return explain_if_known(message, self.config)

    def jobs(self, names_by_job_id: Mapping[str, str]) -> Iterator[Job]:
        """What jobs of this run billed, each with its name."""
        with self._explained():
            for job_id, name in names_by_job_id.items():
                job = self.client.get_job(job_id, timeout=REQUEST_TIMEOUT_SECONDS)
                yield Job(name, getattr(job, "total_bytes_billed", None) or 0)

    def _dataset(self, name: str) -> Dataset | None:
        """One of the models' datasets; None before the first run, in which dbt creates it."""
        from google.api_core.exceptions import NotFound

        path = f"{self.config.project}.{name}"
        try:
            return self.client.get_dataset(path, timeout=REQUEST_TIMEOUT_SECONDS)
        except NotFound as error:
            if "Not found: Project" in str(error):
                raise
            return None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException

        try:
            yield
        except (GoogleAPIError, GoogleAuthError, RequestException, TimeoutError) as error:
            raise explain(error, self.config) from None

    def _check_columns(self, found: Mapping[str, str]) -> None:
        kinds = {name.lower(): kind for name, kind in found.items()}
        problems = [
            f"{name} is missing" if name not in kinds else f"{name} is {kinds[name]}, not {kind}"
            for name, kind in SOURCE_COLUMNS.items()
            if kinds.get(name) != kind
        ]
        if problems:
            raise SourceError(
                f"{self.config.source_table} cannot be read: {', '.join(problems)}. "
                "Fix the upstream table, or set VOC_SOURCE_TABLE."
            )

    def _check_location(self, what: str, location: str) -> None:
        expected = self.config.location
        if location.lower() != expected.lower():
            raise SourceError(
                f"{what} is in {location}, but VOC_BIGQUERY_LOCATION is {expected}, and BigQuery does not join "
                "locations. Make them the same."
            )


def _google_bigquery() -> ModuleType:
    """Google's library, without pandas: it imports pandas where it can, for half a second, and no read needs that."""
    hides_pandas = "pandas" not in sys.modules
    if hides_pandas:
        # This is how Python is told that a module is missing.
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("google.cloud.bigquery")
    finally:
        if hides_pandas:
            del sys.modules["pandas"]


def log_job(job: Job) -> None:
    """Say what a job cost."""
    log.info("BigQuery: %s billed %.1f MB", job.name, job.bytes_billed / 1e6)


def shorten_google_retries() -> None:
    """Let requests fail after REQUEST_TIMEOUT_SECONDS instead of Google's ten minutes, here and in dbt.

    Both clients take this object as a default argument, so there is no other way to change it.
    """
    from google.cloud.bigquery import DEFAULT_RETRY

    DEFAULT_RETRY._timeout = REQUEST_TIMEOUT_SECONDS

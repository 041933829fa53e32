"""A local BigQuery: bqemulator behind a proxy that wants a token, records the jobs and fails on demand.

What it does not have: IAM, bytes billed (it says 10 MB for every job that reads, BigQuery's minimum), partition
pruning.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.fakes.google import refusal, token_for
from tests.fakes.http import FakeServer, Refused, Reply, Request

LOCATION = "asia-northeast3"
BYTES_BILLED = 10_485_760
SOURCE_SCHEMA = [
    bigquery.SchemaField(name, "TIMESTAMP" if name == "event_create_time" else "STRING")
    for name in (
        "id",
        "event_create_time",
        "title",
        "detail",
        "category1",
        "category2",
        "category3",
        "overall_emotion",
        "inbound_outbound",
        "main_topic",
        "keywords",
    )
]


@dataclass(frozen=True)
class QueryJob:
    """A query as a client sent it."""

    sql: str
    labels: Mapping[str, str]
    maximum_bytes_billed: int | None
    parameters: Mapping[str, str]
    project: str
    location: str | None


class FakeBigQuery(FakeServer):
    """The endpoint. `emulator` is the URL of a running bqemulator; several endpoints may share one."""

    def __init__(self, emulator: str) -> None:
        super().__init__()
        self._emulator = httpx.Client(base_url=emulator, timeout=120)

    def __exit__(self, *arguments: Any) -> None:
        super().__exit__(*arguments)
        self._emulator.close()

    def respond(self, request: Request) -> Reply:
        if token := token_for(request):
            return token
        self._create_schema_where_the_job_runs(request)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding", "content-length")
        }
        answer = self._emulator.request(
            request.verb,
            request.method,
            params=request.query,
            headers=headers,
            content=request.body,
        )
        return Reply(
            answer.status_code,
            self._with_location(request, _with_bytes_billed(answer.content)),
            headers={"Content-Type": answer.headers.get("Content-Type", "application/json")}
            | {name: answer.headers[name] for name in ("Location",) if name in answer.headers},
        )

    def _create_schema_where_the_job_runs(self, request: Request) -> None:
        """bqemulator's `create schema` puts every dataset into US."""
        if not request.method.endswith("/jobs") or not isinstance(request.payload, dict):
            return
        query = request.payload.get("configuration", {}).get("query", {}).get("query", "")
        if made := re.search(r"create schema if not exists `([^`]+)`\.`([^`]+)`", query):
            project, dataset = made.groups()
            self._emulator.post(
                f"/bigquery/v2/projects/{project}/datasets",
                json={
                    "datasetReference": {"projectId": project, "datasetId": dataset},
                    "location": request.payload["jobReference"]["location"],
                },
            )

    def _with_location(self, request: Request, body: bytes) -> bytes:
        """bqemulator's tables do not say where they are, BigQuery's do."""
        table = re.fullmatch(r"(.*/datasets/[^/]+)/tables/[^/]+", request.method)
        if request.verb != "GET" or not table:
            return body
        dataset = self._emulator.get(table[1]).json()
        return json.dumps(json.loads(body) | {"location": dataset.get("location")}).encode()

    def refuse(self, refused: Refused) -> Reply:
        return refusal(refused.status, refused.error, refused.details[0])

    @property
    def jobs(self) -> list[QueryJob]:
        """Every query that was asked for, in order."""
        found = []
        for request in self.requests:
            body = request.payload if request.verb == "POST" else None
            configuration = (body or {}).get("configuration", {})
            if "query" not in configuration:
                continue
            query = configuration["query"]
            limit = query.get("maximumBytesBilled")
            match = re.search(r"/projects/([^/]+)/jobs$", request.method)
            found.append(
                QueryJob(
                    query["query"],
                    configuration.get("labels", {}),
                    int(limit) if limit else None,
                    {
                        parameter["name"]: parameter["parameterValue"]["value"]
                        for parameter in query.get("queryParameters", [])
                    },
                    match[1] if match else "",
                    (body or {}).get("jobReference", {}).get("location"),
                )
            )
        return found

    @contextmanager
    def client(self, project: str) -> Iterator[bigquery.Client]:
        """Google's own client, for a test's own tables: straight to the emulator, not recorded."""
        client = bigquery.Client(
            project=project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": str(self._emulator.base_url).rstrip("/")},
            location=LOCATION,
        )
        try:
            yield client
        finally:
            client.close()  # type: ignore[no-untyped-call]

    def load(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows to `project.dataset.table`, which is made like the real source if it is not there."""
        project, dataset, _ = table.split(".")
        made = bigquery.Dataset(f"{project}.{dataset}")
        made.location = LOCATION
        source = bigquery.Table(table, schema=SOURCE_SCHEMA)
        source.time_partitioning = bigquery.TimePartitioning(field="event_create_time")
        source.require_partition_filter = True
        config = bigquery.LoadJobConfig(schema=SOURCE_SCHEMA, write_disposition="WRITE_APPEND")
        with self.client(project) as client:
            client.create_dataset(made, exists_ok=True)
            client.create_table(source, exists_ok=True)
            if given := [_as_json(row) for row in rows]:
                client.load_table_from_json(given, table, job_config=config).result()

    def rows(self, sql: str, project: str) -> list[dict[str, Any]]:
        """What a query answers, for a test to look at."""
        with self.client(project) as client:
            return [dict(row) for row in client.query_and_wait(sql)]


@contextmanager
def bqemulator() -> Iterator[str]:
    """A bqemulator in a process of its own, on a free port; yields its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.bqemulator"],
        stdin=subprocess.PIPE,  # closed when this process ends, however it ends
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        for line in process.stdout:
            if line.startswith("http"):
                yield line.strip()
                break
        else:
            raise RuntimeError(f"bqemulator ended with code {process.wait()}")
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _with_bytes_billed(body: bytes) -> bytes:
    """bqemulator bills nothing; BigQuery bills 10 MB at least for a query on a table."""
    try:
        job = json.loads(body)
        job["statistics"]["query"]["totalBytesBilled"] = str(BYTES_BILLED)
    except (ValueError, KeyError, TypeError):
        return body
    return json.dumps(job).encode()

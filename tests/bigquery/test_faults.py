"""Everything that BigQuery can have against a run: one line, nothing posted, and not after ten minutes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery

from flows.runtime.errors import SourceError, VocError
from flows.source.made_up.tickets import write_sample
from flows.warehouse.bigquery.refusals import explain
from tests.bigquery.conftest import SOURCE_PROJECT, SOURCE_TABLE, TARGET_PROJECT
from tests.bigquery.twin import read_parquet
from tests.conftest import AS_OF, run_voc
from tests.fakes.bigquery import SOURCE_SCHEMA, FakeBigQuery
from tests.fakes.google import refusal
from tests.fakes.http import Fault, Proceed, Reply, Request, hang
from tests.parts import bigquery_of

JOBS = f"/bigquery/v2/projects/{TARGET_PROJECT}/jobs"
SOURCE = f"/bigquery/v2/projects/{SOURCE_PROJECT}/datasets/wanted_ml/tables/zendesk_voc_classified"
DOWN = Reply(500, {"error": {"code": 500, "message": "Internal error", "errors": []}})


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("sample") / "tickets.parquet"
    write_sample(
        path, weeks=3, tickets_per_week=50, until=date(2026, 11, 15), seed=7, has_chance=False
    )
    return read_parquet(path)


@pytest.fixture
def source(bq: FakeBigQuery, tickets: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> str:
    """A small source of the test's own."""
    table = f"{SOURCE_PROJECT}.faults.tickets"
    with bq.client(SOURCE_PROJECT) as client:
        client.delete_table(table, not_found_ok=True)
    bq.load(table, tickets)
    monkeypatch.setenv("VOC_SOURCE_TABLE", table)
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "faults_voc")
    return table


def run_flow(tmp_path: Path) -> str:
    """Run the flow, which must fail; gives its one line, after a look that nothing was posted."""
    from flows.weekly_voc import weekly_voc

    with pytest.raises(VocError) as raised:
        asyncio.run(weekly_voc(as_of=AS_OF))
    assert raised.value.exit_code == 3
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "home" / "outbox").exists()
    return str(raised.value)


def on_job(node: str, reply: Reply | Callable[[Request, Proceed], Reply | None]) -> Fault:
    """A fault for the jobs of one model."""

    def fault(request: Request, proceed: Proceed) -> Reply | None:
        labels = (request.payload or {}).get("configuration", {}).get("labels", {})
        return reply(request, proceed) if labels.get("node") == node else proceed()

    return fault


@pytest.mark.usefixtures("prefect_api")
def test_no_credentials(bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    ran = run_voc("run", "--as-of", "2026-11-16")
    assert ran.code == 3
    *progress, line = ran.err.splitlines()
    assert line == (
        "voc: no Google credentials. Run gcloud auth application-default login, or set "
        "GOOGLE_APPLICATION_CREDENTIALS or VOC_GCP_CREDENTIALS_BLOCK."
    )
    assert all(said.startswith("· ") for said in progress)
    assert not (tmp_path / "home" / "outbox").exists()


def test_the_table_is_missing(bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch) -> None:
    bq.load(SOURCE_TABLE, [])
    monkeypatch.setenv("VOC_SOURCE_TABLE", f"{SOURCE_PROJECT}.wanted_ml.nowhere")
    assert check() == "the table lab-data.wanted_ml.nowhere was not found. Set VOC_SOURCE_TABLE."


@pytest.mark.parametrize("what", ["Project lab-data", "Dataset lab-data:wanted_ml"])
def test_the_project_or_dataset_of_the_source_is_missing(bq: FakeBigQuery, what: str) -> None:
    bq.on(do=refusal(404, "notFound", f"Not found: {what}"))
    bq.on(
        "/token", do=Reply(body={"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
    )
    assert check() == f"the table {SOURCE_TABLE} was not found. Set VOC_SOURCE_TABLE."


def test_columns_are_missing_or_of_another_type(
    bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = f"{SOURCE_PROJECT}.wanted_ml.other_types"
    schema = [
        bigquery.SchemaField(field.name, "INTEGER" if field.name == "id" else field.field_type)
        for field in SOURCE_SCHEMA
        if field.name != "keywords"
    ]
    bq.load(SOURCE_TABLE, [])
    with bq.client(SOURCE_PROJECT) as client:
        client.create_table(bigquery.Table(table, schema=schema), exists_ok=True)
    monkeypatch.setenv("VOC_SOURCE_TABLE", table)
    assert check() == (
        f"{table} cannot be read: id is INTEGER, not STRING, keywords is missing. "
        "Fix the upstream table, or set VOC_SOURCE_TABLE."
    )


def test_locations_are_not_mixed(bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch) -> None:
    bq.load(SOURCE_TABLE, [])
    monkeypatch.setenv("VOC_BIGQUERY_LOCATION", "US")
    assert check().startswith("the source is in asia-northeast3, but VOC_BIGQUERY_LOCATION is US")
    monkeypatch.delenv("VOC_BIGQUERY_LOCATION")
    with bq.client(TARGET_PROJECT) as client:
        dataset = bigquery.Dataset(f"{TARGET_PROJECT}.elsewhere")
        dataset.location = "US"
        client.create_dataset(dataset, exists_ok=True)
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "elsewhere")
    assert check().startswith("the dataset elsewhere is in US, but VOC_BIGQUERY_LOCATION is asia-")


def check() -> str:
    with pytest.raises(SourceError) as raised:
        bigquery_of().check()
    return str(raised.value)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute of trying again, in two seconds."""
    monkeypatch.setattr("flows.warehouse.bigquery.connection.REQUEST_TIMEOUT_SECONDS", 2)


@pytest.mark.usefixtures("hurried")
def test_the_endpoint_is_down(monkeypatch: pytest.MonkeyPatch, bq: FakeBigQuery) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    assert check() == "BigQuery could not be reached or failed inside. Try again later."


@pytest.mark.usefixtures("hurried")
def test_the_endpoint_answers_500(bq: FakeBigQuery) -> None:
    bq.on(SOURCE, do=DOWN)
    assert check() == "BigQuery could not be reached or failed inside. Try again later."


@pytest.mark.usefixtures("prefect_api", "source")
@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (
            refusal(
                403,
                "quotaExceeded",
                "Quota exceeded: Your project exceeded quota for free query bytes scanned.",
            ),
            "BigQuery's quota of the project lab-voc is used up. Try again later, or raise the quota.",
        ),
        (
            refusal(
                400,
                "bytesBilledLimitExceeded",
                "Query exceeded limit for bytes billed: 20000000000. 21474836480 or higher required.",
            ),
            "a job would bill more than VOC_BIGQUERY_MAX_BYTES_BILLED (20,000,000,000 bytes), so it did not run. "
            "Set VOC_BIGQUERY_MAX_BYTES_BILLED=24000000000 if that is what you want, as for a first run on a long "
            "history.",
        ),
        (
            refusal(400, "stopped", "Job execution was cancelled: User requested cancellation"),
            "the BigQuery job was cancelled. Run it again.",
        ),
        (DOWN, "BigQuery could not be reached or failed inside. Try again later."),
    ],
    ids=["quota", "bytes", "cancelled", "500"],
)
def test_a_job_is_refused_in_the_middle_of_the_run(
    bq: FakeBigQuery, tmp_path: Path, reply: Reply, line: str
) -> None:
    bq.on(JOBS, do=on_job("fct_voc_weekly_counts", reply))
    assert run_flow(tmp_path) == line


@pytest.mark.usefixtures("prefect_api", "source")
def test_a_job_is_cancelled_while_it_runs(bq: FakeBigQuery, tmp_path: Path) -> None:
    """BigQuery says so when the client asks for the result."""
    cancelled: set[str] = set()

    def fault(request: Request, proceed: Proceed) -> Reply | None:
        body = request.payload or {}
        if body.get("configuration", {}).get("labels", {}).get("node") == "fct_voc_weekly_counts":
            cancelled.add(body["jobReference"]["jobId"])
        if request.verb == "GET" and request.method.rsplit("/", 1)[-1] in cancelled:
            message = "Job execution was cancelled: User requested cancellation"
            return refusal(400, "stopped", message)
        return proceed()

    bq.on(do=fault)
    assert run_flow(tmp_path) == "the BigQuery job was cancelled. Run it again."
    assert cancelled


def test_the_project_of_the_models_is_missing(bq: FakeBigQuery) -> None:
    bq.load(SOURCE_TABLE, [])
    path = f"/bigquery/v2/projects/{TARGET_PROJECT}/datasets/voc"
    bq.on(path, do=refusal(404, "notFound", f"Not found: Project {TARGET_PROJECT}"))
    assert check() == (
        f"a project of {SOURCE_TABLE} or lab-voc does not exist. "
        "Fix VOC_SOURCE_TABLE or VOC_BIGQUERY_PROJECT."
    )


@pytest.mark.usefixtures("hurried")
def test_the_endpoint_does_not_answer(bq: FakeBigQuery) -> None:
    bq.on(SOURCE, do=hang(60))
    assert check() == "BigQuery could not be reached or failed inside. Try again later."


@pytest.mark.usefixtures("prefect_api", "source")
def test_the_dataset_may_not_be_created(
    bq: FakeBigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "forbidden")

    def denied(request: Request, proceed: Proceed) -> Reply | None:
        if b"create schema" not in request.body:
            return proceed()
        return refusal(
            403,
            "accessDenied",
            "Access Denied: Project lab-voc: User does not have bigquery.datasets.create permission in project lab-voc.",
        )

    bq.on(JOBS, do=denied)
    assert run_flow(tmp_path) == (
        "the dataset lab-voc.forbidden does not exist and may not be created. "
        "Create it in asia-northeast3."
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "403 The project lab-voc has not enabled BigQuery.",
            "has not enabled BigQuery. Run gcloud",
        ),
        (
            "Access Denied: Table a:b.c: User does not have permission to query table",
            "roles/bigquery.dataViewer on",
        ),
        (
            "Access Denied: Table lab-voc:voc.x: Permission bigquery.tables.getData denied",
            "roles/bigquery.dataEditor on",
        ),
        (
            "Access Denied: Table a:b.INFORMATION_SCHEMA.PARTITIONS: User does not have permission",
            "roles/bigquery.metadataViewer on the dataset of",
        ),
        (
            "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required.",
            "Set VOC_BIGQUERY_MAX_BYTES_BILLED=1000000000 if",
        ),
        ("Query exceeded limit for bytes billed.", "Raise it if"),
        ("Not found: Dataset a:b was not found in location US", "was not found in"),
        ("ReadTimeout", "could not be reached"),
        ("500 An internal error occurred and the request could not be completed.", "could not be"),
        ("503 Error encountered during execution. Retrying may solve the problem.", "could not be"),
        ("Operation did not complete within the designated timeout of 600 seconds.", "ten minutes"),
        ("Billing has not been enabled for this project.", "has no billing"),
        (
            "Unrecognized name: detial at [404:12]",
            "BigQuery refused (unknown error). Run voc doctor",
        ),
        ("Bad int64 value: 010-1234-5678", "BigQuery refused (unknown error). Run voc doctor"),
    ],
)
def test_a_refusal_is_explained_without_its_own_words(
    text: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_TARGET", "bigquery")
    monkeypatch.setenv("VOC_BIGQUERY_PROJECT", "lab-voc")
    found = str(explain(text, bigquery_of().config))
    assert line in found
    assert not re.search("010-1234|a:b", found)

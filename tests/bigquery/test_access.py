"""Whose credentials a run uses, and what is said when a role is missing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from google.cloud import bigquery

from flows.report.as_of import date_of
from flows.runtime.errors import SourceError
from flows.runtime.settings import load_settings
from flows.warehouse.dbt import check_connection
from tests.bigquery.conftest import SOURCE_TABLE, TARGET_PROJECT
from tests.conftest import Ran, run_voc
from tests.fakes.bigquery import LOCATION, FakeBigQuery
from tests.fakes.google import TOKEN, key_file, refusal
from tests.fakes.http import Fault, Proceed, Reply, Request
from tests.parts import bigquery_of, build_of, workspace_of

SOURCE = "/bigquery/v2/projects/lab-data/datasets/wanted_ml/tables/zendesk_voc_classified"


def accounts(bq: FakeBigQuery) -> list[str]:
    """The service accounts that asked for a token, in order."""
    tokens = [request for request in bq.requests if request.method == "/token"]
    claims = [parse_qs(token.body.decode())["assertion"][0].split(".")[1] for token in tokens]
    return [json.loads(base64.urlsafe_b64decode(claim + "=="))["iss"] for claim in claims]


def ask() -> object:
    return bigquery_of().rows("select 1 as answer")


def key_of(bq: FakeBigQuery, folder: Path, name: str) -> Path:
    folder.mkdir()
    return key_file(folder, name, bq.url)


def test_a_key_file_comes_before_the_machines_own(
    bq: FakeBigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = key_of(bq, tmp_path / "gcloud", "own")
    own.rename(own.with_name("application_default_credentials.json"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(own.parent))
    key = key_of(bq, tmp_path / "keys", "key-file")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    assert ask() == [{"answer": 1}]
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    assert ask() == [{"answer": 1}]
    assert accounts(bq) == [
        "voc@key-file.iam.gserviceaccount.com",
        "voc@own.iam.gserviceaccount.com",
    ]


def test_the_key_file_may_stand_in_the_environment_file(
    bq: FakeBigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(bq, tmp_path / "keys", "key-file")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    (tmp_path / ".env").write_text(f"GOOGLE_APPLICATION_CREDENTIALS={key}\n")
    assert ask() == [{"answer": 1}]
    assert accounts(bq) == ["voc@key-file.iam.gserviceaccount.com"]


def test_a_named_block_comes_first_for_reads_and_for_dbt(
    bq: FakeBigQuery, prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect_gcp import GcpCredentials

    key = json.loads(key_of(bq, tmp_path / "keys", "block").read_text())
    GcpCredentials(service_account_info=key).save("voc-test", overwrite=True, _sync=True)
    monkeypatch.setenv("VOC_GCP_CREDENTIALS_BLOCK", "voc-test")
    assert ask() == [{"answer": 1}]
    settings = load_settings()
    check_connection(build_of(settings, workspace_of(settings, None), date_of("2026-11-16")))
    assert set(accounts(bq)) == {"voc@block.iam.gserviceaccount.com"}
    assert any(job.labels.get("app") == "voc-analyst" for job in bq.jobs)


def test_the_bound_on_bytes_reaches_reads_and_dbt(
    bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_BIGQUERY_MAX_BYTES_BILLED", "12345")
    ask()
    settings = load_settings()
    check_connection(build_of(settings, workspace_of(settings, None), date_of("2026-11-16")))
    assert len(bq.jobs) > 1
    assert {job.maximum_bytes_billed for job in bq.jobs} == {12345}


def test_a_missing_block_is_named(
    bq: FakeBigQuery, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_GCP_CREDENTIALS_BLOCK", "no-such")
    with pytest.raises(SourceError, match="gcp-credentials/no-such cannot be loaded"):
        ask()


@pytest.mark.parametrize("content", [None, "", "{}", '{"type": "service_account"}'])
def test_an_unusable_key_file_is_named(
    bq: FakeBigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(SourceError, match=r"other\.json is missing or not a Google key"):
        ask()


def test_refused_credentials_say_how_to_renew_them(bq: FakeBigQuery) -> None:
    bq.on("/token", do=Reply(400, {"error": "invalid_grant", "error_description": "revoked"}))
    with pytest.raises(SourceError, match="Google refused the credentials. Renew them"):
        ask()


@pytest.fixture
def doctor(bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What `voc doctor` prints, on one line, and no secret in it; the dataset of the models exists."""
    bq.load(SOURCE_TABLE, [])
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "doctor")
    with bq.client(TARGET_PROJECT) as client:
        dataset = bigquery.Dataset(f"{TARGET_PROJECT}.doctor")
        dataset.location = LOCATION
        client.create_dataset(dataset, exists_ok=True)

    def examine() -> str:
        ran: Ran = run_voc("doctor", timeout=120)
        assert ran.code == 3, ran.err
        assert "private_key" not in ran.out + ran.err
        return " ".join(ran.out.split())

    return examine


def denied(message: str) -> Reply:
    return refusal(403, "accessDenied", f"Access Denied: {message}")


def jobs_denied(request: Request, proceed: Proceed) -> Reply | None:
    if request.verb == "POST":
        return denied(
            f"Project {TARGET_PROJECT}: User does not have bigquery.jobs.create permission in "
            f"project {TARGET_PROJECT}."
        )
    return proceed()


@pytest.mark.parametrize(
    ("path", "fault", "missing"),
    [
        (
            f"/bigquery/v2/projects/{TARGET_PROJECT}/jobs",
            jobs_denied,
            f"✗ BigQuery jobs the role roles/bigquery.jobUser on the project {TARGET_PROJECT} is missing",
        ),
        (
            SOURCE,
            denied("Table lab-data:wanted_ml.x: Permission bigquery.tables.get denied on table"),
            f"✗ source the role roles/bigquery.dataViewer on {SOURCE_TABLE} is missing",
        ),
        (
            f"/bigquery/v2/projects/{TARGET_PROJECT}/datasets/doctor/tables",
            denied(
                f"Dataset {TARGET_PROJECT}:doctor: Permission bigquery.tables.create denied on dataset"
            ),
            f"✗ dataset the role roles/bigquery.dataEditor on the dataset {TARGET_PROJECT}.doctor is missing",
        ),
    ],
    ids=["jobUser", "dataViewer", "dataEditor"],
)
def test_doctor_names_the_missing_role(
    bq: FakeBigQuery, doctor: Callable[[], str], path: str, fault: Fault | Reply, missing: str
) -> None:
    bq.on(path, do=fault)
    assert missing in doctor()


def test_doctor_says_when_the_dataset_is_still_to_be_made(
    bq: FakeBigQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    bq.load(SOURCE_TABLE, [])
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "not_yet")
    found = " ".join(run_voc("doctor").out.split())
    assert (
        f"– dataset {TARGET_PROJECT}.not_yet does not exist yet; the first run creates it" in found
    )


def test_nothing_of_the_key_is_in_what_is_printed_or_kept(
    bq: FakeBigQuery, prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the private key of a block nor the token that dbt gets for it."""
    from prefect_gcp import GcpCredentials

    bq.load(SOURCE_TABLE, [])
    key: dict[str, Any] = json.loads((tmp_path / "key.json").read_text())
    GcpCredentials(service_account_info=key).save("voc-secret", overwrite=True, _sync=True)
    monkeypatch.setenv("VOC_GCP_CREDENTIALS_BLOCK", "voc-secret")
    monkeypatch.setenv("VOC_BIGQUERY_DATASET", "secrets")
    ran = run_voc("backfill", "--from", "2026-W45", "--to", "2026-W46", PREFECT_API_URL=prefect_api)
    assert ran.code == 0, ran.err
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert {"dbt.log", "manifest.json", "run_results.json"} <= {path.name for path in kept}
    texts = [ran.out.encode(), ran.err.encode(), *(path.read_bytes() for path in kept)]
    for secret in (key["private_key"].splitlines()[1], TOKEN):
        assert not any(secret.encode() in text for text in texts)


def test_an_unreadable_key_file_is_named(
    bq: FakeBigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))
    with pytest.raises(SourceError, match="is missing or not a Google key"):
        ask()

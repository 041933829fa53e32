"""prefect.yaml on Google: what deploy/register.py registers on a real server becomes the right Cloud Run job.

The job's body is made by the real worker's own classes; it is not sent to Google.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from flows import PROJECT_ROOT
from tests import services
from tests.conftest import Ran, run_module

pytestmark = pytest.mark.slow

REGISTERED = {
    "VOC_IMAGE": "asia-northeast3-docker.pkg.dev/my-voc/voc/voc-analyst:0.1.0-abc1234",
    "VOC_REGION": "asia-northeast3",
    "VOC_RUN_ACCOUNT": "voc-run@my-voc.iam.gserviceaccount.com",
    "VOC_TARGET": "bigquery",
    "VOC_SLACK_CHANNEL": "C0123ABCD",
    "VOC_BIGQUERY_PROJECT": "my-voc",
    "PREFECT_API_AUTH_STRING": "admin:password-that-is-secret",
    # What a register job should never have had, and must not pass on.
    "SLACK_BOT_TOKEN": "xoxb-secret",
    "LAAS_API_KEY": "laas-secret",
}

AUTOMATIONS = [
    automation["name"]
    for automation in yaml.safe_load((PROJECT_ROOT / "deploy" / "automations.yaml").read_text())[
        "automations"
    ]
]


def register(api: str, **changes: str) -> Ran:
    environment = REGISTERED | {"PREFECT_API_URL": api} | changes
    return run_module("deploy.register", directory=PROJECT_ROOT, environment=environment)


def remove_what_is_registered(api: str) -> None:
    """The server is the whole test run's: other tests have a process pool of the same name."""
    services.HTTP.delete(f"{api}/work_pools/voc")
    for variable in ("voc_image", "voc_region", "voc_run_account"):
        services.HTTP.delete(f"{api}/variables/name/{variable}")
    for automation in automations(api):
        services.HTTP.delete(f"{api}/automations/{automation['id']}")


def automations(api: str) -> list[dict[str, Any]]:
    found = services.HTTP.post(f"{api}/automations/filter", json={}).json()
    assert isinstance(found, list)
    return [automation for automation in found if automation["name"] in AUTOMATIONS]


@pytest.fixture
def api(prefect_api: str) -> Iterator[str]:
    remove_what_is_registered(prefect_api)
    yield prefect_api
    remove_what_is_registered(prefect_api)


def read(api: str, path: str) -> dict[str, Any]:
    answer = services.HTTP.get(f"{api}/{path}")
    answer.raise_for_status()
    value = answer.json()
    assert isinstance(value, dict)
    return value


def job_of(api: str, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The configuration that a worker on Google makes for a flow run."""
    import google.auth
    from google.oauth2.credentials import Credentials
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
    from prefect_gcp.workers.cloud_run_v2 import CloudRunWorkerV2

    monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials("token"), "my-voc"))  # type: ignore[no-untyped-call]
    monkeypatch.setattr(Credentials, "refresh", lambda *_: None)

    async def resolve() -> Any:
        async with get_client() as client:
            return await CloudRunWorkerV2.job_configuration.resolve_for_flow_run(
                await client.read_flow_run(run["id"]),
                client=client,
                work_pool=await client.read_work_pool("voc"),
                worker_name="worker",
            )

    # The worker's own settings reach the job, its password only as a secret.
    password = REGISTERED["PREFECT_API_AUTH_STRING"]
    with temporary_settings({PREFECT_API_URL: api, PREFECT_API_AUTH_STRING: password}):
        return asyncio.run(resolve())


def test_a_run_is_a_job_with_the_image_the_account_and_the_secrets(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = register(api), register(api, VOC_TIMEZONE="Asia/Tokyo")
    assert (first.code, again.code) == (0, 0), first.err + again.err
    assert "WARNING" not in first.out + first.err
    assert read(api, "work_pools/voc")["type"] == "cloud-run-v2"
    assert read(api, "work_pools/voc/queues/reports")["concurrency_limit"] == 1
    assert read(api, "work_pools/voc/queues/questions")["concurrency_limit"] is None
    assert read(api, "deployments/name/voc_ask/questions")["work_queue_name"] == "questions"
    assert sorted(automation["name"] for automation in automations(api)) == sorted(AUTOMATIONS)

    weekly = read(api, "deployments/name/weekly_voc/weekly")
    (schedule,) = weekly["schedules"]
    assert schedule["schedule"]["cron"] == "0 9 * * 1"
    assert schedule["schedule"]["timezone"] == "Asia/Tokyo"
    assert weekly["work_queue_name"] == "reports"
    (pull,) = weekly["pull_steps"]
    assert pull == {
        "prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT_ROOT)}
    }

    created = services.HTTP.post(f"{api}/deployments/{weekly['id']}/create_flow_run", json={})
    job = job_of(api, created.json(), monkeypatch)
    assert job.region == REGISTERED["VOC_REGION"]
    assert job.project == "my-voc"
    template = job.job_body["template"]["template"]
    assert template["serviceAccount"] == REGISTERED["VOC_RUN_ACCOUNT"]
    assert template["timeout"] == "3600s"
    assert template["maxRetries"] == 0
    (container,) = template["containers"]
    assert container["image"] == REGISTERED["VOC_IMAGE"]
    assert container["command"] == ["prefect", "flow-run", "execute"]
    assert container["resources"] == {"limits": {"cpu": "2", "memory": "2Gi"}}

    plain = {e["name"]: e["value"] for e in container["env"] if "value" in e}
    secret = {
        e["name"]: e["valueSource"]["secretKeyRef"] for e in container["env"] if "value" not in e
    }
    assert secret == {
        "SLACK_BOT_TOKEN": {"secret": "voc-slack-bot-token", "version": "latest"},
        "LAAS_API_KEY": {"secret": "voc-laas-api-key", "version": "latest"},
        "PREFECT_API_AUTH_STRING": {"secret": "voc-prefect-auth", "version": "latest"},
    }
    assert plain["VOC_TARGET"] == "bigquery"
    assert plain["VOC_SLACK_CHANNEL"] == "C0123ABCD"
    assert plain["PREFECT_LOGGING_EXTRA_LOGGERS"] == "voc"
    assert plain["PREFECT__FLOW_RUN_ID"] == created.json()["id"]
    assert plain["PREFECT_API_URL"] == api
    assert not [value for value in plain.values() if "secret" in value]
    assert len(container["env"]) == len({e["name"] for e in container["env"]})


def test_settings_that_no_run_could_use_are_not_registered(api: str) -> None:
    ran = register(api, VOC_TIMEZONE="Seoul")
    assert ran.code == 1
    assert ran.err.startswith("register: VOC_TIMEZONE is not a time zone"), ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_process_pool_on_the_same_server_is_not_changed(api: str) -> None:
    services.HTTP.post(
        f"{api}/work_pools/", json={"name": "voc", "type": "process"}
    ).raise_for_status()
    ran = register(api)
    assert ran.code == 1
    assert "has a pool voc of type process. Delete it" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert read(api, "work_pools/voc")["type"] == "process"


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (None, "no Prefect server answers at PREFECT_API_URL"),
        (401, "the Prefect server answered 401"),
    ],
)
def test_a_server_that_does_not_help_is_said_so_in_one_line(status: int | None, line: str) -> None:
    with refusing_server(status) as url:
        ran = register(url, PREFECT_CLIENT_MAX_RETRIES="0")
    assert ran.code == 1
    assert ran.err.startswith(f"register: {line}"), ran.err
    assert len(ran.err.splitlines()) == 1, ran.err


@contextmanager
def refusing_server(status: int | None) -> Iterator[str]:
    """The URL of an API that answers everything with a status, or (None) of nothing at all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status or 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/api"
        if status is None:
            server.server_close()
            yield url
            return
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


def test_on_a_laptop_it_deploys_without_a_word_of_google(api: str) -> None:
    services.HTTP.post(
        f"{api}/work_pools/", json={"name": "voc", "type": "process"}
    ).raise_for_status()
    ran = run_module(
        *("prefect", "deploy", "--all", "--no-prompt"),
        directory=PROJECT_ROOT,
        environment={"PREFECT_API_URL": api},
    )
    assert ran.code == 0, ran.err
    said = ran.out + ran.err
    assert not [word for word in ("WARNING", "not found", "docker", "image") if word in said], said
    weekly = read(api, "deployments/name/weekly_voc/weekly")
    (pull,) = weekly["pull_steps"]
    assert pull["prefect.deployments.steps.set_working_directory"]["directory"] == str(PROJECT_ROOT)

    from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    job: Any = asyncio.run(
        ProcessJobConfiguration.from_template_and_values(
            template, weekly["job_variables"], client=None
        )
    )
    assert job.env == weekly["job_variables"]["env"]
    assert all(name.startswith("PREFECT_") for name in job.env)
    assert set(job.model_dump()) == {
        "command",
        "env",
        "labels",
        "name",
        "stream_output",
        "working_dir",
    }


def test_there_is_one_monday_schedule() -> None:
    deployments = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())["deployments"]
    assert [d["name"] for d in deployments if d.get("schedules")] == ["weekly"]
    assert {d["work_pool"]["name"] for d in deployments} == {"voc"}
    assert len({(d["entrypoint"], d["name"]) for d in deployments}) == len(deployments)

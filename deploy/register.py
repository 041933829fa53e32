"""Register the Cloud Run pool, its queues, the automations and prefect.yaml's deployments on the Prefect server.

Runs inside the image (`register`), so that the image's own code is registered. Twice is the same as once.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.variables import Variable
from prefect_gcp.workers.cloud_run_v2 import CloudRunWorkerV2
from pydantic import AliasChoices, SecretStr

from flows.runtime.errors import UsageError
from flows.runtime.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
POOL = "voc"
QUEUES = {"reports": 1, "questions": None}
"""Its queues, and how many of each run at once: one report, any number of answers."""
# prefect.yaml takes these from Prefect variables, because an unset variable gives no warning on a laptop.
VARIABLES = ("VOC_IMAGE", "VOC_REGION", "VOC_RUN_ACCOUNT")
# Where the Prefect server asks for a password, and the secret that holds it.
AUTH = {
    "PREFECT_API_AUTH_STRING": "prefect_api_auth_string_secret",
    "PREFECT_API_KEY": "prefect_api_key_secret",
}
AUTH_SECRET = {"secret": "voc-prefect-auth", "version": "latest"}


def plain_settings() -> set[str]:
    """The names of the settings that are not secrets."""
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        if SecretStr.__name__ not in str(field.annotation):
            choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name.upper()]
            names.update(map(str, choices))
    return names


def pool_template(environment: Mapping[str, str]) -> dict[str, Any]:
    """The stock Cloud Run template with this installation's settings for every run."""
    template = CloudRunWorkerV2.get_default_base_job_template()
    variables = template["variables"]["properties"]
    variables["env"]["default"] = {
        name: environment[name] for name in sorted(plain_settings()) if environment.get(name)
    }
    for name, variable in AUTH.items():
        if environment.get(name):
            variables[variable]["default"] = AUTH_SECRET
    return template


async def register_pool(client: PrefectClient, template: dict[str, Any]) -> None:
    try:
        existing = await client.read_work_pool(POOL)
    except ObjectNotFound:
        existing = None
    if existing and existing.type != CloudRunWorkerV2.type:
        sys.exit(
            f"register: this Prefect server has a pool {POOL} of type {existing.type}. "
            f"Delete it (prefect work-pool delete {POOL}), or use another server."
        )
    pool = WorkPoolCreate(name=POOL, type=CloudRunWorkerV2.type, base_job_template=template)
    await client.create_work_pool(pool, overwrite=existing is not None)
    for name, limit in QUEUES.items():
        try:
            queue = await client.read_work_queue_by_name(name, work_pool_name=POOL)
            await client.update_work_queue(queue.id, concurrency_limit=limit)
        except ObjectNotFound:
            await client.create_work_queue(name, work_pool_name=POOL, concurrency_limit=limit)


async def register_automations(client: PrefectClient) -> None:
    text = (ROOT / "deploy" / "automations.yaml").read_text()
    for specification in yaml.safe_load(text)["automations"]:
        automation = AutomationCore.model_validate(specification)
        existing = await client.read_automations_by_name(automation.name)
        if existing:
            await client.update_automation(existing[0].id, automation)
        else:
            await client.create_automation(automation)


async def register(environment: Mapping[str, str]) -> None:
    async with get_client() as client:
        await register_pool(client, pool_template(environment))
        await register_automations(client)
    for name in VARIABLES:
        await Variable.aset(name.lower(), environment[name], overwrite=True)


def deploy(timezone: str) -> int:
    """Register the deployments, to run from this folder of the image, in this zone; return Prefect's exit code.

    On a laptop Prefect looks for the code where `prefect deploy` ran; for a pool with images it would guess.
    """
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    for deployment in deployments["deployments"]:
        for schedule in deployment.get("schedules", ()):
            schedule["timezone"] = timezone
    deployments["pull"] = [
        {"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(deployments, file)
        file.flush()
        command = ["deploy", "--all", "--no-prompt", "--prefect-file", file.name]
        return subprocess.run(
            [sys.executable, "-m", "prefect", *command], cwd=ROOT, check=False
        ).returncode


def main() -> None:
    missing = [name for name in (*VARIABLES, "PREFECT_API_URL") if not os.environ.get(name)]
    if missing:
        sys.exit(f"register: set {', '.join(missing)}. deploy/deploy.sh does.")
    try:
        timezone = load_settings().timezone
        asyncio.run(register(os.environ))
    except UsageError as error:
        sys.exit(f"register: {error}")
    except httpx.HTTPStatusError as error:
        sys.exit(
            f"register: the Prefect server answered {error.response.status_code}. "
            "Look at the secret voc-prefect-auth and at PREFECT_API_URL."
        )
    except httpx.TransportError as error:
        sys.exit(
            f"register: no Prefect server answers at PREFECT_API_URL ({type(error).__name__})."
        )
    sys.exit(deploy(timezone))


if __name__ == "__main__":
    main()

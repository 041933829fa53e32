"""In which time zone Prefect counts Mondays. VOC_TIMEZONE says in which zone a run takes its schedule's date."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName
from prefect.client.schemas.responses import DeploymentResponse

POOL = "voc"


async def other_zones(timezone: str) -> str | None:
    """A line that says which schedules of the pool `voc` are in another zone than this, None where none is."""
    ours = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    async with get_client() as client:
        return _line(await client.read_deployments(work_pool_filter=ours), timezone)


async def other_zone_of_this_run(timezone: str) -> str | None:
    """The same about the deployment whose run this is."""
    if runtime.deployment.id is None:
        return None
    async with get_client() as client:
        return _line([await client.read_deployment(UUID(runtime.deployment.id))], timezone)


def _line(deployments: Iterable[DeploymentResponse], timezone: str) -> str | None:
    others = {
        f"{deployment.name} is in {zone}"
        for deployment in deployments
        for each in deployment.schedules
        if (zone := getattr(each.schedule, "timezone", None) or "UTC") != timezone
    }
    if not others:
        return None
    return (
        f"the schedule of {', '.join(sorted(others))} and VOC_TIMEZONE is {timezone}. "
        "Write VOC_TIMEZONE's into prefect.yaml and run prefect deploy --all (make deploy does both)."
    )

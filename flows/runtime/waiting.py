"""A run that waits ends, and its deployment runs again later: nobody's turn is held, and no time-out strikes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.states import Scheduled

from catalogue.ending import WAITING

POLL = timedelta(minutes=10)


async def come_back(wait_until: datetime, parameters: Mapping[str, Any]) -> datetime | None:
    """Schedule another run of this deployment, and return when; None when the wait is over, or without a deployment.

    Args:
        wait_until: aware; the last run is at this moment.
        parameters: in place of this run's own.

    However often this run is begun anew, it schedules one.
    """
    now = datetime.now(UTC)
    if runtime.deployment.id is None or now >= wait_until:
        return None
    at = min(now + POLL, wait_until)
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(
            UUID(runtime.deployment.id),
            parameters={**runtime.flow_run.parameters, **parameters},
            state=Scheduled(scheduled_time=at),
            tags={*runtime.flow_run.tags, WAITING},
            idempotency_key=f"{WAITING}:{runtime.flow_run.id}",
        )
    return run.expected_start_time or at

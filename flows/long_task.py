"""The example of work in the background: `/longtask` starts it, and gets a message when it has ended."""

from __future__ import annotations

import asyncio
import logging

from prefect import flow

log = logging.getLogger("voc")


@flow(name="long_task")
async def long_task(steps: int = 5, seconds_per_step: float = 1.0) -> None:
    """Do nothing for a while, in steps that show in the run's log."""
    for step in range(1, steps + 1):
        await asyncio.sleep(seconds_per_step)
        log.info("step %d of %d", step, steps)

"""The flow as a worker runs it, without `voc` around it: `python -m tests.worker_run SOURCE AS_OF`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

if __name__ == "__main__":
    from flows.weekly_voc import weekly_voc

    _, source, as_of = sys.argv
    # As JSON holds them.
    parameters: dict[str, Any] = {"source": source, "as_of": as_of, "force": True}
    asyncio.run(weekly_voc(**parameters))

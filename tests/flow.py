"""The flow, run in the test's own process, and what it left in the outbox."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from flows.report.outcome import RunResult
from tests.conftest import AS_OF


def run(**parameters: Any) -> RunResult:
    """Run the flow in this process, at `AS_OF` unless told otherwise."""
    from flows.weekly_voc import weekly_voc

    result = asyncio.run(weekly_voc(**{"as_of": AS_OF, **parameters}))
    assert isinstance(result, RunResult)
    return result


def outbox(home: Path) -> list[dict[str, Any]]:
    """The messages in the outbox, oldest first."""
    return [json.loads(file.read_text()) for file in sorted((home / "outbox").glob("*.json"))]

"""What a run uses up, counted while the run goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Usage:
    """Bytes that BigQuery billed, calls to LaaS and their tokens, and when the run began (monotonic seconds)."""

    bytes_billed: int = 0
    laas_calls: int = 0
    laas_tokens: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

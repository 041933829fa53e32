"""What a run uses up, counted while the run goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Usage:
    """What BigQuery billed, what the model was asked and was not, and when the run began (monotonic seconds).

    The calls and tokens are those of any model; their names are older than other models than LaaS.
    """

    bytes_billed: int = 0
    laas_calls: int = 0
    laas_tokens: int = 0
    questions_not_asked: int = 0
    questions_out_of_time: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

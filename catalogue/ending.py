"""How a run ends, as one line: the flow writes the line as its state's message, the bot reads it from Prefect."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_COMPLETED = re.compile(r"(\d{4}-W\d{2}) (\w+)")
WAITING = "voc:waiting"
"""Prefect tag of a run that another one scheduled because the data was late."""

STANDING = ("posted", "quiet", "already_posted")
"""The outcomes after which the report stands in Slack."""

_FAILED = re.compile(r"failed (\w+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Completed:
    """The report week and the outcome, such as `2026-W46 posted`."""

    week: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.week} {self.outcome}"

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Read the line back; None where the line is something else."""
        match = _COMPLETED.fullmatch(line)
        return cls(match[1], match[2]) if match else None


@dataclass(frozen=True)
class Failed:
    """Why a run failed, such as `failed week: 2026-12-01 is in the future. …`.

    Args:
        kind: chooses what people read, `failure.<kind>` in the catalogue.
        reason: one English line for logs that says what to do, and that quotes no customer.
    """

    kind: str
    reason: str

    def __str__(self) -> str:
        return f"failed {self.kind}: {self.reason}"

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Read the line back; None where the line is something else, such as Prefect's words on an exception."""
        match = _FAILED.fullmatch(line)
        return cls(match[1], match[2]) if match else None

"""Whether a Monday's run gets slower as the history grows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flows.runtime.settings import load_settings
from tests.bench.measure import (
    AS_OF,
    Ran,
    Ratio,
    Result,
    Scale,
    Side,
    alternately,
    program_command,
    progress,
    run_timed,
    sample_file,
)
from tests.parts import workspace_of

PREVIOUS_MONDAY = AS_OF - timedelta(weeks=1)


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """A run over five years ÷ over half a year.

    Start-up is not taken off: nearly all that a run does is start-up now, and a quotient of what is left is noise.
    """
    five_years, half_a_year = alternately(
        {
            "5 years": _monday_after_history(sample_file(files, 260, scale.tickets_per_week)),
            "half a year": _monday_after_history(sample_file(files, 26, scale.tickets_per_week)),
        },
        scale.repetitions,
    )
    yield Ratio("history", Side((five_years,)), Side((half_a_year,)), limit=1.10)


def _monday_after_history(source: Path) -> Callable[[], Ran]:
    """Build everything up to the Monday before; return this Monday's run, always from there on."""
    workspace = workspace_of(load_settings(), source).folder
    built = workspace.with_name(f"{workspace.name}-built")
    progress(f"building the history of {source.stem}")
    run_timed(program_command("monday_run", source, str(PREVIOUS_MONDAY)))
    shutil.copytree(workspace, built)

    def run() -> Ran:
        shutil.rmtree(workspace)
        shutil.copytree(built, workspace)
        ran = run_timed(program_command("monday_run", source, str(AS_OF)))
        return replace(
            ran, seconds=float(ran.output.splitlines()[-1])
        )  # after what the run had to say

    return run

"""What the benchmarks share: an environment of their own, timed processes, and results as lines."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from flows import PROJECT_ROOT
from flows.source.made_up.tickets import write_sample
from flows.warehouse.dbt import Build

AS_OF = date(2026, 11, 16)  # Monday: reports 2026-W46
LAST_SUNDAY = date(2026, 11, 15)
PROGRAMS = Path(__file__).parent / "programs"
FOREIGN_VARIABLES = ("VOC_", "SLACK_", "LAAS_", "LAMBDA_", "PREFECT_", "DBT_")


@dataclass(frozen=True)
class Scale:
    """How often everything is measured, and how many tickets a week the large sources have."""

    repetitions: int
    tickets_per_week: int


@dataclass(frozen=True)
class Ran:
    """A process that ended well; CPU and memory are those of it and of what it started and waited for."""

    seconds: float
    peak_gib: float
    output: str
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Timing:
    """Median seconds of the runs of one kind, and the most memory that any of them held."""

    label: str
    seconds: float
    peak_gib: float = 0.0

    def __str__(self) -> str:
        return f"{self.label} {self.seconds:.2f} s"


@dataclass(frozen=True)
class Side:
    """One side of a ratio: timings added up, less what is taken off."""

    parts: tuple[Timing, ...]
    less: tuple[Timing, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts) - sum(part.seconds for part in self.less)

    def __str__(self) -> str:
        return " + ".join(map(str, self.parts)) + "".join(f" − {part}" for part in self.less)


class Result(Protocol):
    """One line of the output."""

    def line(self) -> str: ...


@dataclass(frozen=True)
class Ratio:
    name: str
    measured: Side
    reference: Side
    limit: float

    def line(self) -> str:
        value = self.measured.seconds / self.reference.seconds
        return (
            f"{self.name}: ({self.measured}) ÷ ({self.reference}) = {value:.2f}, "
            f"limit {self.limit:g}: {verdict(value, self.limit)}"
        )


@dataclass(frozen=True)
class Peak:
    name: str
    measured: Timing
    limit_gib: float

    def line(self) -> str:
        value = self.measured.peak_gib
        return (
            f"{self.name}: {self.measured.label} {value:.2f} GiB, "
            f"limit {self.limit_gib:g} GiB: {verdict(value, self.limit_gib)}"
        )


def run_timed(command: Sequence[str | Path], **variables: str) -> Ran:
    """Run a command to its end. Raises RuntimeError with the end of its output when it fails."""
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)),
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            # Unlike Popen.wait, this tells the memory of this one process.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read().decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{output[-2000:]}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Ran(seconds, usage.ru_maxrss / 2**20, output, cpu_seconds)


def alternately(runs: Mapping[str, Callable[[], Ran]], repetitions: int) -> list[Timing]:
    """Time each run; they take turns, so that a busy spell of the machine falls on all of them."""
    ran: dict[str, list[Ran]] = {label: [] for label in runs}
    for number in range(1, repetitions + 1):
        for label, run in runs.items():
            ran[label].append(run())
            progress(f"{number} of {repetitions}: {label} {ran[label][-1].seconds:.2f} s")
    return [
        Timing(label, statistics.median(r.seconds for r in each), max(r.peak_gib for r in each))
        for label, each in ran.items()
    ]


def progress(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def own_environment(folder: Path) -> Iterator[None]:
    """Work in `folder`, here and in child processes, with none of the user's settings."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(FOREIGN_VARIABLES):
            del os.environ[name]
    os.environ |= {
        "VOC_HOME": str(folder / "home"),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "0",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }
    folder.mkdir()
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sample_file(folder: Path, weeks: int, tickets_per_week: int) -> Path:
    """Sample tickets up to 2026-W46; the same folder has them once."""
    path = folder / f"{weeks}-weeks-of-{tickets_per_week}.parquet"
    if not path.exists():
        progress(f"writing {weeks} weeks of {tickets_per_week:,} tickets")
        write_sample(
            path,
            weeks=weeks,
            tickets_per_week=tickets_per_week,
            until=LAST_SUNDAY,
            seed=1,
            has_chance=False,
        )
    return path


def voc_command(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "flows.cli", *arguments]


def program_command(name: str, *arguments: str | Path) -> list[str | Path]:
    """One of the programs beside this module."""
    return [sys.executable, PROGRAMS / f"{name}.py", *arguments]


def dbt_command(build: Build, *arguments: str) -> list[str | Path]:
    """dbt's own command line on the state of `build`; it needs `build.environment()`."""
    return [
        Path(sys.executable).with_name("dbt"),
        *arguments,
        *("--project-dir", PROJECT_ROOT, "--profiles-dir", PROJECT_ROOT),
        *("--target", "duckdb"),
        *("--target-path", build.workspace.target_path, "--log-path", build.workspace.log_path),
    ]


def verdict(value: float, limit: float) -> str:
    return "ok" if value <= limit else "over"

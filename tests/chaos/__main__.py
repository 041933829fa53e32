"""`make chaos`: kills runs at every boundary between two outside effects, and at random moments."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from flows.runtime.prefect_server import temporary_server
from tests.bench.measure import own_environment
from tests.chaos.crash import Chaos, Moment, prepared
from tests.nursery.client import variables


def main() -> int:
    """Print what each kind of crash left behind; the exit code says whether anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--random", type=int, default=100, help="kills at random moments")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="voc-chaos-") as scratch:
        folder = Path(scratch)
        with own_environment(folder / "work"), temporary_server(Path("prefect.log")) as server:
            os.environ |= variables(folder)
            server.wait_until_healthy()
            with prepared(folder, server.api_url) as chaos:
                at_boundaries = _report("boundaries", chaos, chaos.boundaries())
                moments = chaos.random_moments(arguments.random, arguments.seed)
                at_random = _report("random moments", chaos, moments)
    return 0 if at_boundaries and at_random else 1


def _report(name: str, chaos: Chaos, moments: list[Moment]) -> bool:
    duplicates = missing = killed = 0
    for number, moment in enumerate(moments, 1):
        counted = chaos.crash(moment)
        duplicates += counted.duplicates
        missing += counted.missing
        killed += counted.was_killed
        print(f"· {number} of {len(moments)}: killed {moment}: {counted}", file=sys.stderr)
    print(
        f"{name}: {len(moments)} moments, {killed} runs killed, {len(chaos.expected)} messages each: "
        f"{duplicates} duplicates, {missing} missing",
        flush=True,
    )
    return duplicates == missing == 0


if __name__ == "__main__":
    sys.exit(main())

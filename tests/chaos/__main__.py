"""`make chaos`: kills runs at every boundary between two outside effects, at random moments, and while Slack fails."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from flows.runtime.prefect_server import temporary_server
from tests.bench.measure import own_environment
from tests.chaos.crash import Chaos, Moment, prepared, shown
from tests.nursery.client import variables

KILLS_IN_A_ROW = 5
"""How often a week's run is killed before one may end, while Slack fails."""


def main() -> int:
    """Print what each kind of crash left behind; the exit code says whether anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--random", type=int, default=60, help="kills at random moments")
    parser.add_argument("--troubled", type=int, default=130, help="kills while Slack fails")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="voc-chaos-") as scratch:
        folder = Path(scratch)
        with own_environment(folder / "work"), temporary_server(Path("prefect.log")) as server:
            os.environ |= variables(folder)
            server.wait_until_healthy()
            with prepared(folder, server.api_url) as chaos:
                random, troubled, seed = arguments.random, arguments.troubled, arguments.seed
                are_right = [
                    _report("boundaries", chaos, chaos.boundaries(), builds=True),
                    _report(
                        "while Slack fails",
                        chaos,
                        chaos.troubled_moments(troubled, seed),
                        in_a_row=KILLS_IN_A_ROW,
                    ),
                    _report("random moments", chaos, chaos.random_moments(random, seed)),
                ]
    return 0 if all(are_right) else 1


def _report(
    name: str, chaos: Chaos, moments: list[Moment], *, in_a_row: int = 1, builds: bool = False
) -> bool:
    duplicates = missing = kills = 0
    for first in range(0, len(moments), in_a_row):
        chosen = moments[first : first + in_a_row]
        counted = chaos.crash(*chosen, builds=builds)
        duplicates += counted.duplicates
        missing += counted.missing
        kills += counted.kills
        print(
            f"· {first + len(chosen)} of {len(moments)}: {shown(chosen)}: {counted}",
            file=sys.stderr,
        )
    print(
        f"{name}: {len(moments)} moments, {kills} runs killed, {len(chaos.expected)} messages each: "
        f"{duplicates} duplicates, {missing} missing",
        flush=True,
    )
    return duplicates == missing == 0


if __name__ == "__main__":
    sys.exit(main())

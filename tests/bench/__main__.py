"""Measures the product and prints a line per limit: `python -m tests.bench [name ...] [--quick]`."""

from __future__ import annotations

import argparse
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import (
    bigquery,
    counts,
    delivery,
    evidence,
    history,
    large,
    levels,
    mentions,
    startup,
    status,
    words,
)
from tests.bench.measure import Result, Scale, own_environment, progress

FULL = Scale(repetitions=5, tickets_per_week=40_000)
QUICK = Scale(repetitions=1, tickets_per_week=4_000)
BENCHMARKS: dict[str, Callable[[Path, Scale], Iterator[Result]]] = {
    "startup": startup.measure,
    "status": status.measure,
    "history": history.measure,
    "counts": counts.measure,
    "large": large.measure,
    "evidence": evidence.measure,
    "levels": levels.measure,
    "words": words.measure,
    "delivery": delivery.measure,
    "bigquery": bigquery.measure,
    "mentions": mentions.measure,
}


def main() -> None:
    """Run the benchmarks named, or all. Progress goes to stderr, results to stdout."""
    # Ignored in the background of a script, and by all that is started here: Prefect's worker would end on nothing else.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--quick", action="store_true", help="once, with a tenth of the tickets: tries the code"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")

    scale = QUICK if arguments.quick else FULL
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as scratch:
        for name in arguments.names or BENCHMARKS:
            progress(name)
            with own_environment(Path(scratch) / name):
                for result in BENCHMARKS[name](Path(scratch), scale):
                    print(result.line(), flush=True)


if __name__ == "__main__":
    main()

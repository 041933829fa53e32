"""`make mutation`: changes the status and week SQL at each place and sees that the dbt tests notice."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.mutation.lab import FILES, Lab, Verdict, mutants_of, proven_equivalent


def main() -> int:
    """Print every mutant that is not noticed and not proven equivalent, and every proof that is out of date.

    The exit code says whether there was any.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "files", nargs="*", metavar="file", help=f"only these of {', '.join(FILES)}"
    )
    files = parser.parse_args().files or FILES
    if unknown := set(files) - set(FILES):
        parser.error(f"no such file: {', '.join(sorted(unknown))}")

    started = time.monotonic()
    proven = {key for key in proven_equivalent() if key[0] in files}
    verdicts: Counter[Verdict] = Counter()
    equivalent = complaints = 0
    with tempfile.TemporaryDirectory(prefix="voc-mutation-") as folder:
        lab = Lab(Path(folder))
        if lab.failures():
            print("the tests fail although nothing is changed", flush=True)
            return 1
        for file in files:
            in_file: Counter[Verdict] = Counter()
            for mutant in mutants_of(file):
                verdict = lab.verdict(file, mutant)
                in_file[verdict] += 1
                is_proven = (file, mutant.place) in proven
                proven.discard((file, mutant.place))
                if is_proven and verdict is Verdict.SURVIVED:
                    equivalent += 1
                elif is_proven or verdict is Verdict.SURVIVED:
                    complaints += 1
                    proof = " (docs/mutation.md says equivalent)" if is_proven else ""
                    print(f"{file}: {mutant.place}: {verdict}{proof}", flush=True)
            counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(in_file.items()))
            print(f"· {file}: {counts}", file=sys.stderr, flush=True)
            verdicts += in_file
    for file, place in sorted(proven):
        complaints += 1
        print(f"{file}: {place}: no such mutant (docs/mutation.md says equivalent)")
    caught = verdicts[Verdict.CAUGHT] + verdicts[Verdict.REFUSED]
    print(
        f"{verdicts.total()} mutants, {caught} caught ({verdicts[Verdict.REFUSED]} of them cannot run), "
        f"{equivalent} equivalent (proven), {complaints} to look at, "
        f"{(time.monotonic() - started) / 60:.0f} minutes"
    )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that has imported everything and forks a run on demand: a run starts in no time and can be killed.

    python -m tests.chaos.nursery

One JSON line in, `{"arguments": […], "environment": {…}, "log": "…"}`; two lines out: the run's process id, and once
it has ended its exit code (negative: the signal).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    import flows.weekly_voc  # noqa: F401  # what takes long to import

    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(order)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(order: dict[str, Any]) -> None:
    """Be `voc run`, from the command line on."""
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["environment"])
    sys.argv = ["voc", *order["arguments"]]
    from flows.cli.main import main as voc

    code = 1
    try:
        voc()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()

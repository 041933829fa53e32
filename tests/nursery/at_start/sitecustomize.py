"""On the PYTHONPATH of what the tests start: what a program of ours starts becomes a fork of the nursery's.

Python imports this module in each new process. `flows.warehouse.dbt` starts dbt's process in a test, in a `voc`, and
in a run of a worker, `flows.runtime.prefect_server` starts a server in a test and in a `voc`, and a worker starts three
programs of Prefect's for each run: this one process then stands for the fork, passes signals on, and ends as the fork
ends.
"""

import os
import sys

FORKED = (
    "flows.warehouse.dbt_server",
    "flows.runtime.prefect_server",
    "prefect.engine",
    "prefect.runner._workspace_resolver",
    "prefect.runner._workspace_supervisor",
)

if sys.orig_argv[1:2] == ["-m"] and sys.orig_argv[2] in FORKED and "TESTS_NURSERY" in os.environ:
    import signal

    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__)))))
    from tests.nursery.client import Fork, fork

    def stand_for(process: Fork) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: process.send_signal(number))
        for file in (0, 1):
            os.close(file)
        try:
            code = process.wait()
        except RuntimeError:  # the nursery ended, and the fork with it: Python would start another
            os._exit(1)
        if code < 0:
            signal.signal(-code, signal.SIG_DFL)
            os.kill(os.getpid(), -code)
        os._exit(code)

    if started := fork(*sys.orig_argv[2:], files=(0, 1, 2), environment=os.environ):
        stand_for(started)

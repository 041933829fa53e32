"""dbt in a process of its own: `python -m flows.warehouse.dbt_server`, started by flows.warehouse.dbt.

Importing dbt takes seconds, and its first invocation compiles for seconds more. This process pays for that once,
while the process that started it does something else.

Each line on stdin, a JSON object, asks for one invocation:
    {"arguments": ["build", …], "environment": {"VOC_AS_OF": …}}
The answers are lines on stdout: any number of {"progress": […]} and {"job": […]}, then one {"outcome": …}.
With "prepare" instead of "arguments", dbt's options, the project is read ahead for an invocation that follows with
the same environment. That is not answered.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import Any, TextIO

PROGRESS, JOB = "LogStartLine", "SQLQueryStatus"  # names of dbt's events

_writing = threading.Lock()  # dbt reports events from several threads


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer requests for as long as the process that asks is there."""
    queue: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(requests, queue), daemon=True).start()
    gc.disable()  # it takes a quarter of the time of imports this large, and finds nothing
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401

    gc.freeze()
    gc.enable()
    prepared: tuple[dict[str, str], Any] | None = None
    while True:
        request = queue.get()
        environment = request["environment"]
        os.environ.clear()
        os.environ.update(environment)
        if "prepare" in request:
            prepared = (environment, _manifest(request["prepare"]))
            continue
        manifest = prepared[1] if prepared and prepared[0] == environment else None
        prepared = None
        _write(answers, {"outcome": _run(request["arguments"], manifest, answers)})


def _read(requests: TextIO, queue: SimpleQueue[Any]) -> None:
    """Hand requests on; when there can be no more, end the process at once, whatever dbt is doing."""
    for line in requests:
        queue.put(json.loads(line))
    os._exit(0)


def _manifest(options: list[str]) -> Any:
    """The project as dbt has read it; None where it could not, so that the invocation fails in the same way."""
    from dbt.cli.main import dbtRunner

    return dbtRunner().invoke(["parse", *options]).result


def _run(arguments: list[str], manifest: Any, answers: TextIO) -> dict[str, Any]:
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        data = event.data
        if event.info.name == PROGRESS:
            _write(answers, {"progress": [data.index, data.total, data.node_info.node_name]})
        elif event.info.name == JOB and data.query_id:
            _write(answers, {"job": [data.query_id, data.node_info.node_name or "dbt"]})

    if "--target=bigquery" in arguments:
        from flows.warehouse.bigquery.connection import shorten_google_retries

        shorten_google_retries()
    gc.disable()  # a tenth of the invocation, for what is collected once afterwards
    interrupted = threading.Event()

    def on_interrupt(number: int, frame: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, on_interrupt)  # also where whoever started us ignores it
    try:
        ended = dbtRunner(manifest, callbacks=[on_event]).invoke(arguments)
    except KeyboardInterrupt:
        pass  # dbt makes a result of most interrupts, lets some pass, and loses one in a destructor
    finally:
        _close_log()
        _close_duckdb()
        gc.enable()
    if interrupted.is_set():
        return {"success": False, "exception": "KeyboardInterrupt", "message": "", "results": []}
    error = ended.exception
    return {
        "success": ended.success,
        "exception": type(error).__name__ if error else "",
        "message": str(error) if error else "",
        "results": [
            {
                "name": result.node.name,
                "type": str(result.node.resource_type),
                "status": str(result.status),
                "message": result.message or "",
            }
            for result in getattr(ended.result, "results", ())
        ],
    }


def _close_log() -> None:
    """dbt leaves its log file open until the next invocation."""
    log = logging.getLogger("file_log")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


def _close_duckdb() -> None:
    """dbt-duckdb holds its connection for the life of the process; readers and other runs need the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()


def _write(answers: TextIO, answer: dict[str, Any]) -> None:
    with _writing:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Keep stdout for the answers: what dbt prints goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()

"""dbt in a process of its own: `python -m flows.warehouse.dbt_server`, started by flows.warehouse.dbt.

Importing dbt takes seconds. This process pays for that once, while the one that started it does something else, and
forks for each invocation: what dbt leaves behind (global state, an open log, DuckDB's lock) ends with the fork.

Each line on stdin, a JSON object, asks for one invocation:
    {"arguments": ["build", …], "environment": {"VOC_AS_OF": …}}
The answers are lines on stdout: {"pid": n}, any number of {"progress": […]} and {"job": […]}, then {"outcome": …}.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
from typing import Any, TextIO

PROGRESS, JOB = "LogStartLine", "SQLQueryStatus"  # names of dbt's events

_writing = threading.Lock()  # dbt reports events from several threads


def serve(requests: int, answers: TextIO) -> None:
    """Answer requests until there are no more, or the process that asks is gone."""
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401

    buffer = b""
    while chunk := os.read(requests, 65536):
        buffer += chunk
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            _answer(json.loads(line), requests, answers)


def _answer(request: dict[str, Any], requests: int, answers: TextIO) -> None:
    ended, writer = os.pipe()  # the fork alone keeps the writing end open
    pid = os.fork()
    if pid == 0:
        try:
            os.close(ended)
            _invoke(request, answers)
        finally:
            os._exit(0)  # whatever happened: the fork must not go on as a second server
    os.close(writer)
    _write(answers, {"pid": pid})
    # One invocation at a time: a request that comes meanwhile can only be the end of the asking process.
    readable, _, _ = select.select([ended, requests], [], [])
    if ended not in readable:
        os.kill(pid, signal.SIGKILL)
    os.close(ended)
    _, status = os.waitpid(pid, 0)
    if status:
        # The fork ends with 0 whatever dbt says: it was killed, as when memory ran out.
        _write(answers, {"outcome": _outcome(exception="killed")})


def _invoke(request: dict[str, Any], answers: TextIO) -> None:
    os.environ.clear()
    os.environ.update(request["environment"])
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        data = event.data
        if event.info.name == PROGRESS:
            _write(answers, {"progress": [data.index, data.total, data.node_info.node_name]})
        elif event.info.name == JOB and data.query_id:
            _write(answers, {"job": [data.query_id, data.node_info.node_name or "dbt"]})

    if "--target=bigquery" in request["arguments"]:
        from flows.warehouse.bigquery.connection import shorten_google_retries

        shorten_google_retries()
    ended = dbtRunner(callbacks=[on_event]).invoke(request["arguments"])
    _close_duckdb()
    error = ended.exception
    _write(
        answers,
        {
            "outcome": _outcome(
                success=ended.success,
                exception=type(error).__name__ if error else "",
                message=str(error) if error else "",
                results=[
                    {
                        "name": result.node.name,
                        "type": str(result.node.resource_type),
                        "status": str(result.status),
                        "message": result.message or "",
                    }
                    for result in getattr(ended.result, "results", ())
                ],
            )
        },
    )


def _close_duckdb() -> None:
    """Write everything into the file: dbt-duckdb would keep its connection until the process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()


def _outcome(
    *,
    success: bool = False,
    exception: str = "",
    message: str = "",
    results: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    return {
        "success": success,
        "exception": exception,
        "message": message,
        "results": results or [],
    }


def _write(answers: TextIO, answer: dict[str, Any]) -> None:
    with _writing:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Keep stdout for the answers: what dbt prints goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.fileno(), answers)


if __name__ == "__main__":
    main()

"""dbt in a process of its own: `python -m flows.warehouse.dbt_server`, started by flows.warehouse.dbt.

Importing dbt takes seconds. This process imports it once, while the one that started it does something else, and
forks for each invocation: what dbt leaves behind (global state, an open log, DuckDB's lock) ends with the fork.

Each line on stdin, a JSON object, asks for one invocation:
    {"arguments": ["build", …], "environment": {"VOC_AS_OF": …}}
The answers are lines on stdout: {"pid": n}, any number of {"progress": […]} and {"job": […]}, then {"outcome": …}.
With "prepare" instead of "arguments" the fork reads the project with these options and waits: a request that follows
with the same environment saves that second. It is not answered.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

PROGRESS, JOB = "LogStartLine", "SQLQueryStatus"  # names of dbt's events

_writing = threading.Lock()  # dbt reports events from several threads


@dataclass
class Fork:
    """A child for one invocation; it has ended when `ended` can be read, and gives up when `orders` is closed."""

    pid: int
    environment: dict[str, str]
    orders: int
    ended: int


def serve(requests: int, answers: TextIO) -> None:
    """Answer requests until there are no more, or until the process that asks is gone."""
    gc.disable()  # collecting takes a quarter of the time of imports this large, and finds nothing
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401

    gc.freeze()  # forks share the memory that the collector does not look at
    gc.enable()
    prepared: Fork | None = None
    for request in _lines(requests):
        environment, options = request["environment"], request.get("prepare")
        if prepared and (options or prepared.environment != environment):
            os.close(prepared.orders)
            _reap(prepared)
            prepared = None
        fork = prepared or _fork(environment, options, requests, answers)
        prepared = fork if options else None
        if not options:
            _answer(fork, request["arguments"], requests, answers)


def _lines(descriptor: int) -> Iterator[Any]:
    """Each line as JSON, as soon as it is there."""
    buffer = b""
    while chunk := os.read(descriptor, 65536):
        buffer += chunk
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            yield json.loads(line)


def _fork(
    environment: dict[str, str], options: list[str] | None, requests: int, answers: TextIO
) -> Fork:
    orders, orders_end = os.pipe()
    ended, ended_end = os.pipe()  # the fork alone keeps the writing end open
    pid = os.fork()
    if pid == 0:
        try:
            for other in (orders_end, ended, requests):
                os.close(other)
            _run(environment, options, orders, answers)
        finally:
            os._exit(0)  # in any case: the fork must not go on as a second server
    os.close(orders)
    os.close(ended_end)
    return Fork(pid, environment, orders_end, ended)


def _answer(fork: Fork, arguments: list[str], requests: int, answers: TextIO) -> None:
    _write(answers, {"pid": fork.pid})
    os.write(fork.orders, json.dumps(arguments).encode() + b"\n")
    os.close(fork.orders)
    # One invocation at a time: input that comes meanwhile can only be the end of the asking process.
    readable, _, _ = select.select([fork.ended, requests], [], [])
    if fork.ended not in readable:
        os.kill(fork.pid, signal.SIGKILL)
    if _reap(fork):
        # The fork ends with 0 whatever dbt says: here it was killed, as when memory ran out.
        _write(answers, {"outcome": _outcome(exception="killed")})


def _reap(fork: Fork) -> int:
    os.close(fork.ended)
    return os.waitpid(fork.pid, 0)[1]


def _run(
    environment: dict[str, str], options: list[str] | None, orders: int, answers: TextIO
) -> None:
    """Read the project if there are options for that, wait for the arguments, run dbt."""
    os.environ.clear()
    os.environ.update(environment)
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        data = event.data
        if event.info.name == PROGRESS:
            _write(answers, {"progress": [data.index, data.total, data.node_info.node_name]})
        elif event.info.name == JOB and data.query_id:
            _write(answers, {"job": [data.query_id, data.node_info.node_name or "dbt"]})

    # The result of `parse` is the manifest; None, where it failed, lets the invocation fail in the same way.
    manifest: Any = dbtRunner().invoke(["parse", *options]).result if options else None
    for arguments in _lines(orders):
        if "--target=bigquery" in arguments:
            from flows.warehouse.bigquery.connection import shorten_google_retries

            shorten_google_retries()
        ended = dbtRunner(manifest, callbacks=[on_event]).invoke(arguments)
        _close_duckdb()
        _write(answers, {"outcome": _outcome_of(ended)})


def _close_duckdb() -> None:
    """Write everything into the file: dbt-duckdb would keep its connection until the process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()


def _outcome_of(ended: Any) -> dict[str, Any]:
    error = ended.exception
    return _outcome(
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

"""dbt in a process of its own: `python -m flows.warehouse.dbt_server`, started by flows.warehouse.dbt.

Importing dbt takes seconds. This process pays for that once, while the one that started it does something else, and
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
    """A child for one invocation. It takes its arguments from `orders`, and writes its outcome to `report`."""

    pid: int
    environment: dict[str, str]
    orders: int
    report: int


def serve(requests: int, answers: TextIO) -> None:
    """Answer requests until there are no more, or the process that asks is gone."""
    gc.disable()  # it takes a quarter of the time of imports this large, and finds nothing
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401

    gc.freeze()  # forks share what is not looked at
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
    report_end, report = (
        os.pipe()
    )  # the fork alone keeps the writing end open: it closes when the fork ends
    pid = os.fork()
    if pid == 0:
        try:
            for other in (orders_end, report_end, requests):
                os.close(other)
            _run(environment, options, orders, report, answers)
        finally:
            os._exit(0)  # whatever happened: the fork must not go on as a second server
    os.close(orders)
    os.close(report)
    return Fork(pid, environment, orders_end, report_end)


def _answer(fork: Fork, arguments: list[str], requests: int, answers: TextIO) -> None:
    """Run dbt and answer once the fork has ended, so that its locks are free when the next request comes."""
    _write(answers, {"pid": fork.pid})
    os.write(fork.orders, json.dumps(arguments).encode() + b"\n")
    os.close(fork.orders)
    report = b""
    while True:
        readable, _, _ = select.select([fork.report, requests], [], [])
        if (
            requests in readable
        ):  # there is no request before the answer: the asking process is gone
            os.kill(fork.pid, signal.SIGKILL)
            break
        chunk = os.read(fork.report, 65536)
        report += chunk
        if not chunk:
            break
    _reap(fork)
    # Without a report the fork was interrupted outside dbt, or killed, as when memory runs out.
    outcome = json.loads(report) if report else _outcome(exception="interrupted or killed")
    _write(answers, {"outcome": outcome})


def _reap(fork: Fork) -> None:
    os.close(fork.report)
    os.waitpid(fork.pid, 0)


def _run(
    environment: dict[str, str],
    options: list[str] | None,
    orders: int,
    report: int,
    answers: TextIO,
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
        with os.fdopen(report, "w", encoding="utf-8") as file:
            json.dump(_outcome_of(ended), file)


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

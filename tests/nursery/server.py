"""The process that forks: `python -m tests.nursery.server SOCKET`. The socket's name is the id of the process it ends with.

It has one thread, so that a fork is a whole process. A connection is one process: an order with three files comes in;
the process id goes out, and its exit code once it has ended. When the connection is closed before, the process is
killed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import pickle
import random
import runpy
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

ENOUGH = 1 << 20
STATIC_PARSER = "py_extract_from_source"
PREFECT = ("flows.weekly_voc", "prefect.flow_engine", "prefect.task_engine", "fastapi")
WORKSPACE = ("prefect.runner._workspace_starter", "prefect.deployments.steps.core")
# What each program imports anyway, later or at once; not the modules that run as __main__.
IMPORTS = {
    "flows.cli": ("flows.cli.main", "flows.runtime.assembly", "duckdb", "rich.console"),
    "flows.cli run": PREFECT,
    "bot": ("bot.app", "bot.deployments", "bot.follower", "uvicorn.server", "uvicorn.lifespan.off"),
    "prefect": ("prefect.cli",),
    "prefect server": ("prefect.cli.server", "prefect.server.api.server", "uvicorn.server"),
    "prefect worker": ("prefect.cli.worker", "prefect.workers.process", "prefect.runner.runner"),
    "tests.prefect_commands": ("prefect.cli", "prefect.cli.deploy"),
    "prefect.engine": (*PREFECT, "flows.voc_ask", "flows.runtime.assembly", "duckdb"),
    "prefect.runner._workspace_resolver": WORKSPACE,
    "prefect.runner._workspace_supervisor": WORKSPACE,
    "deploy.register": ("prefect_gcp.workers.cloud_run_v2", "prefect.variables"),
    "flows.runtime.prefect_server": ("prefect.server.api.server", "uvicorn.server"),
    "flows.warehouse.dbt_server": ("dbt.adapters.duckdb", "dbt.cli.main"),
}


@cache
def prepare(program: str) -> None:
    """Import what a program needs. For dbt, read the project once: the first time takes five seconds more."""
    gc.disable()
    for module in IMPORTS.get(program, ()):
        importlib.import_module(module)
    if program == "flows.warehouse.dbt_server":
        _read_project()
    gc.collect()
    gc.freeze()  # a collection in a child would copy all that it looks at
    gc.enable()


def _read_project() -> None:
    from dbt.cli.main import dbtRunner
    from dbt.clients import jinja_static
    from dbt.parser import unit_tests

    from flows import PROJECT_ROOT
    from tests.nursery.dbt import compile_macros, do_things_once

    folder = tempfile.mkdtemp()
    os.environ |= {
        "VOC_AS_OF": "2026-11-16",
        "VOC_TIMEZONE": "Asia/Seoul",
        "VOC_BACKFILL_FROM": "",
        "VOC_DUCKDB_PATH": f"{folder}/none.duckdb",
        "VOC_SOURCE_TABLE": "none.source.tickets",
    }
    do_things_once()
    options = ["--target=duckdb", "--quiet", "--no-static-parser"]
    places = [f"--project-dir={PROJECT_ROOT}", f"--profiles-dir={PROJECT_ROOT}"]
    folders = [f"--target-path={folder}/target", f"--log-path={folder}/logs"]
    with ExitStack() as stack:
        for module in (jinja_static, unit_tests):
            parser = partial(_in_a_fork, getattr(module, STATIC_PARSER))
            stack.enter_context(patch.object(module, STATIC_PARSER, parser))
        for _ in range(2):  # the second time from what the first has written, as a fork does
            read = dbtRunner().invoke(["parse", *options, *places, *folders])
    compile_macros(read.result)
    shutil.rmtree(folder)
    assert len(os.listdir("/proc/self/task")) == 1, "a thread is left, which no fork would have"


def _in_a_fork(extract: Callable[[str], Any], source: str) -> Any:
    """Call dbt's static parser where the threads that it starts do no harm."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            answer: Any = extract(source)
        except Exception as error:
            answer = error
        os.write(writing, pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        answer = pickle.load(file)
    os.waitpid(pid, 0)
    if isinstance(answer, Exception):
        raise answer
    return answer


def serve(address: str) -> dict[str, Any]:
    """Fork until the owner ends. Returns in each child: the order, its files in place of the standard streams."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen(64)
    owner = os.pidfd_open(int(Path(address).name))
    children: dict[socket.socket, tuple[int, int]] = {}
    with selectors.DefaultSelector() as events:
        events.register(listener, selectors.EVENT_READ)
        events.register(owner, selectors.EVENT_READ)
        print("listening", flush=True)
        while True:
            for key, _ in events.select():
                if key.fileobj == owner:
                    _kill(*(pid for pid, _ in children.values()))
                    os.unlink(address)
                    sys.exit()
                if key.fileobj is listener:
                    connection = listener.accept()[0]
                    events.register(connection, selectors.EVENT_READ)
                elif isinstance(key.fileobj, socket.socket):
                    connection = key.fileobj
                    if connection in children:  # closed: nobody wants it any more
                        _kill(children[connection][0])
                        events.unregister(connection)
                        continue
                    order, files, *_ = socket.recv_fds(connection, ENOUGH, 3)
                    if not order:
                        events.unregister(connection)
                        connection.close()
                        continue
                    asked = json.loads(order)
                    prepare(asked["module"])
                    prepare(" ".join([asked["module"], *asked["arguments"][:1]]))
                    if (pid := os.fork()) == 0:
                        for each in (listener, connection, *children):
                            each.close()
                        for number, file in enumerate(files):
                            os.dup2(file, number)
                            os.close(file)
                        return dict(asked)
                    for file in files:
                        os.close(file)
                    ended = os.pidfd_open(pid)
                    children[connection] = (pid, ended)
                    events.register(ended, selectors.EVENT_READ, connection)
                    with contextlib.suppress(OSError):  # whoever asked may be gone by now
                        connection.send(str(pid).encode())
                else:
                    connection = key.data
                    pid, ended = children.pop(connection)
                    events.unregister(ended)
                    os.close(ended)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    with contextlib.suppress(KeyError):
                        events.unregister(connection)
                    with contextlib.suppress(OSError):
                        connection.send(str(code).encode())
                    connection.close()


def _kill(*pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def become(order: dict[str, Any]) -> None:
    """Make this child what a new process would be, but for what is imported."""
    os.setsid()
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        mode = "w" if number else "r"
        is_line_buffered = number == 2 or os.isatty(number)
        stream = open(  # noqa: SIM115 (it is there until the process ends)
            number,
            mode,
            buffering=1 if is_line_buffered else -1,
            encoding="utf-8",
            errors="backslashreplace" if number == 2 else "strict",
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["directory"])
    os.umask(order["umask"])
    random.seed()  # a fork would draw what its siblings draw
    sys.argv = [order["module"], *order["arguments"]]
    logging.getLogger().handlers.clear()  # what importing dbt left
    if order["module"] == "flows.cli":
        sys.meta_path.insert(0, _PrefectLater())
    elif "prefect" in sys.modules:
        _configure_prefect()


def _configure_prefect() -> None:
    """Let Prefect read its settings from the environment again, as it does when it is imported."""
    import prefect.context
    import prefect.logging.configuration

    prefect.context.refresh_global_settings_context()
    prefect.logging.configuration.setup_logging(incremental=False)


class _PrefectLater(MetaPathFinder, Loader):
    """Hides Prefect until it is imported: `voc` sets variables for it before."""

    def __init__(self) -> None:
        names = [name for name in sys.modules if name.partition(".")[0] == "prefect"]
        self._hidden = {name: sys.modules.pop(name) for name in names}

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name == "prefect" and self._hidden else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        sys.modules.update(self._hidden)
        return self._hidden["prefect"]

    def exec_module(self, module: ModuleType) -> None:
        self._hidden = {}
        _configure_prefect()


def main() -> None:
    # Ignored in the background of a script, and by all forks: Prefect's worker would end on nothing else.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    order = serve(sys.argv[1])
    become(order)
    sys.modules.pop(
        "prefect.engine", None
    )  # importing the flows did: as __main__ it would be warned of that
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

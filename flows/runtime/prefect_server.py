"""A Prefect server for the length of one command, where none is configured."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx

from flows.runtime.errors import UsageError, VocError
from flows.runtime.workspace import private_folder

STARTUP_SECONDS = 180  # on a busy machine it takes half a minute
STOP_SECONDS = 3  # then it is killed: nothing in it is kept
POLL_SECONDS = 0.05
_DATABASE = "PREFECT_API_DATABASE_CONNECTION_URL"
_MIGRATE = "PREFECT_API_DATABASE_MIGRATE_ON_START"
# One flow run needs the API and nothing else. Without the first variable, ten services run, among them the scheduler
# and the marker of late runs. The two on blocks save 8 s of importing prefect_gcp for block types that nobody uses.
# The last two write down what each task reports: two fifths of the server's work in a run, and nobody asks for it.
_LEAN = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "0",
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "0",
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "0",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "0",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "0",
}


def check_api(url: str) -> None:
    """Raise UsageError when nothing answers at a Prefect API's URL; any answer will do."""
    try:
        httpx.get(f"{url}/health", timeout=10)
    except httpx.TransportError as error:
        raise UsageError(
            f"no Prefect server answers at {url} ({type(error).__name__}). Start it, or unset PREFECT_API_URL."
        ) from None


class TemporaryServer:
    """Prefect's own server in a child process on loopback; its log goes to a file, not to the user.

    The server has its own database under VOC_HOME and does not touch the user's database in ~/.prefect.
    """

    def __init__(self, home: Path) -> None:
        self._log_path = private_folder(home / "logs") / "prefect.log"
        self._port = free_port()
        folder = private_folder(home / "prefect")
        # The tables of one version of Prefect are created once: checking for them takes half a second.
        self._is_migrated = folder / f"{version('prefect')}.migrated"
        variables = _LEAN | {_DATABASE: f"sqlite+aiosqlite:///{folder / 'prefect.db'}"}
        if self._is_migrated.exists():
            variables[_MIGRATE] = "0"
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.runtime.prefect_server", str(self._port)],
                env=os.environ | variables,
                stdin=subprocess.PIPE,  # closed when this process ends, however it ends
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the run first; the run then stops the server
            )

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api"

    def wait_until_healthy(self) -> None:
        """Raises VocError when the server ended or did not answer in time."""
        deadline = time.monotonic() + STARTUP_SECONDS
        # One client for all polls, without certificates: httpx.get would load them each time, 35 ms of a core that
        # the server could use.
        with httpx.Client(timeout=5, verify=False) as client:  # noqa: S501 (http on loopback)
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    if client.get(f"{self.api_url}/health").status_code == 200:
                        self._is_migrated.touch()
                        return
                except httpx.TransportError:
                    pass
                time.sleep(POLL_SECONDS)
        raise VocError(
            f"Prefect's temporary server did not start. See {self._log_path}, or set PREFECT_API_URL to a server."
        )

    def stop(self) -> None:
        """Stop the server; do nothing if the server has stopped already."""
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


@contextmanager
def temporary_server(home: Path) -> Iterator[TemporaryServer]:
    """Start a server without waiting for it; stop the server at the end."""
    server = TemporaryServer(home)
    try:
        yield server
    finally:
        server.stop()


def _serve(port: int) -> None:
    """Run as the server until it is stopped, or until the process that started it is gone."""
    gc.disable()  # collecting takes a fifth of the time of imports this large, and finds nothing
    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app()
    gc.freeze()
    gc.enable()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

"""One run at a time on one VOC_HOME, whoever starts it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.runtime import lock
from flows.runtime.errors import VocError
from flows.runtime.lock import one_run_at_a_time

HOLD = """
import sys, time
from pathlib import Path
from flows.runtime.lock import one_run_at_a_time
with one_run_at_a_time(Path("home").resolve()):
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


def holder(seconds: float) -> subprocess.Popen[str]:
    """Another process that has the lock by now."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_waits_for_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "voc")
    other = holder(2)
    started = time.monotonic()
    with one_run_at_a_time(tmp_path / "home"):
        assert time.monotonic() - started > 1
    other.communicate()
    assert "another run is going on" in caplog.text


def test_a_killed_run_holds_nobody_up(tmp_path: Path) -> None:
    other = holder(600)
    threading.Timer(0.5, other.kill).start()
    with one_run_at_a_time(tmp_path / "home"):
        pass
    other.communicate()


def test_other_homes_are_other_locks(tmp_path: Path) -> None:
    other = holder(600)
    with one_run_at_a_time(tmp_path / "elsewhere"):
        pass
    other.kill()
    other.communicate()


def test_a_run_that_goes_on_for_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOCK_TIMEOUT_SECONDS", 0.5)
    other = holder(600)
    with (
        pytest.raises(VocError, match="another run has been going on"),
        one_run_at_a_time(tmp_path / "home"),
    ):
        pass
    other.kill()
    other.communicate()

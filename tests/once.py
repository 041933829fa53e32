"""What takes long to make and never changes, made once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.nursery.client import ADDRESS


def once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name after `make` has filled it, in this process or in another of the same test run.

    Whoever writes to what is in it takes a copy.
    """
    folder = Path(os.environ[ADDRESS]).parent / name
    with made_once(folder):
        made = folder.with_suffix(".made")
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what another left when it failed
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


@contextmanager
def made_once(path: Path) -> Iterator[None]:
    """One process at a time: the tests run in several, and what is kept takes long to make."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""The command line on a terminal: `voc` with a pseudo-terminal of a given width as its standard streams."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

from tests.nursery.client import fork

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# A line, and the way back up to its beginning: how a line that moves is taken away in the end.
TAKEN_AWAY = re.compile(r"[^\n]*\n(?:\x1b\[\?25h|\r)*\x1b\[1A\x1b\[2K")
COLOURS = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|9[0-7])(?:;[0-9;]*)?m")


@dataclass(frozen=True)
class Shown:
    """A finished command and all that it sent to the terminal."""

    code: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """The lines that stand there in the end: what was drawn over is gone."""
        left = TAKEN_AWAY.sub("", self.raw)
        drawn = [line.rsplit("\x1b[2K", 1)[-1] for line in left.split("\n")]
        return [ESCAPE.sub("", line).strip("\r").rstrip() for line in drawn]


def voc_on_a_terminal(*arguments: str | Path, columns: int = 80, **environment: str) -> Shown:
    """Run `voc` as somebody at a terminal does."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    # What tells a program to use colours or not, whatever the terminal is.
    told = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
    inherited = {name: value for name, value in os.environ.items() if name not in told}
    words = [str(argument) for argument in arguments]
    told_here = inherited | {"TERM": "xterm-256color"} | environment
    files = (theirs, theirs, theirs)
    process = fork("flows.cli", *words, files=files, environment=told_here) or subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=told_here,
        start_new_session=True,
    )
    os.close(theirs)
    raw = _read_all(ours)
    code = process.wait()
    os.close(ours)
    return Shown(code, raw.decode())


def _read_all(terminal: int) -> bytes:
    read = b""
    while True:
        try:
            some = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has the other end any more
            return read
        if not some:
            return read
        read += some

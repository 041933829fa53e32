"""What a command shows while it works: the product's own lines on stderr, and no others."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from flows.privacy.kept import mask_lines_of
from flows.runtime.progress import progress

REFRESHES_PER_SECOND = 8


@contextlib.contextmanager
def progress_on_stderr(*, shows_details: bool = False) -> Iterator[None]:
    """Show what the logger `voc` says; keep Prefect's console log and stray prints away from stdout.

    On a terminal this shows what is going on and for how long. Elsewhere each line is printed as it comes, and how
    far a step is only with `shows_details`.
    """
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "voc")
    console = Console(stderr=True, highlight=False)
    with contextlib.ExitStack() as stack:
        if sys.stderr.isatty() and console.is_interactive:
            handler: logging.Handler = stack.enter_context(_Steps(console))
            shows_details = True
        else:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(logging.Formatter("· %(message)s"))
        # What a child of `voc` logs, such as the jobs of a run, is for the Prefect UI.
        handler.addFilter(lambda record: record.name in ("voc", progress.name))
        handler.addFilter(_is_new_line())
        logging.getLogger("voc").setLevel(logging.INFO)
        mask_lines_of(logging.getLogger("voc"))
        for log in (logging.getLogger("voc"), *([progress] if shows_details else [])):
            log.addHandler(handler)
            stack.callback(log.removeHandler, handler)
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield


def _is_new_line() -> Callable[[logging.LogRecord], bool]:
    """A filter: what is said of a source when the command checks it is not said again when the flow reads it."""
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if record.name != "voc" or line not in said:
            said.add(line)
            return True
        return False

    return is_new


class _Steps(logging.Handler):
    """A line for each finished step, with the time that it took, and a moving line for what is going on.

    A line of the logger `voc` begins a step and ends the one before; a warning is a line of its own.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._step = self._detail = ""
        self._since = time.monotonic()
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            get_renderable=self._going_on,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> _Steps:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._end_step("✗" if kind else "✓", "red" if kind else "green")
        self._live.stop()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == progress.name:
            self._detail = record.getMessage()
        elif record.levelno > logging.INFO:
            self._console.print(Text.assemble(("! ", "yellow"), record.getMessage()))
        else:
            self._end_step("✓", "green")
            self._step, self._since = record.getMessage(), time.monotonic()

    def _end_step(self, mark: str, colour: str) -> None:
        if self._step:
            self._console.print(Text.assemble((mark, colour), *self._clock(), self._step))
        self._step = self._detail = ""

    def _going_on(self) -> Text:
        what = " · ".join(filter(None, (self._step, self._detail)))
        frame = self._spinner.render(self._console.get_time())
        assert isinstance(frame, Text)
        line = Text.assemble(frame, *self._clock(), what)
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _clock(self) -> tuple[tuple[str, str], str]:
        minutes, seconds = divmod(int(time.monotonic() - self._since), 60)
        return (f" {minutes}:{seconds:02d}", "dim"), "  "

"""The bot's errors. Each message of a StartError is one line that says what to do."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any


class StartError(Exception):
    """The bot can't start: settings, tokens, Prefect, deployments, port. Exit code 2."""


class PrefectUnavailable(Exception):
    """Prefect gave no answer in time, or no usable one. The bot asks the person to try again."""


class NotDeployed(Exception):
    """Prefect has no deployment of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Prefect has no deployment {name}. Run: prefect deploy --all")


def where(error: BaseException) -> str:
    """Where an error came from. Not its message: that may quote a person or a secret."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


def record_without_traceback(*arguments: Any, **more: Any) -> logging.LogRecord:
    """A factory of log records: where a library would log a traceback, and the words of an error, one line."""
    record = logging.LogRecord(*arguments, **more)
    if record.exc_info and (error := record.exc_info[1]):
        record.msg, record.args = f"{type(error).__name__} at {where(error)}", ()
        record.exc_info = None
    return record

"""What Prefect keeps of a run holds no personal data: its artifacts, log lines and the messages of failed states.

A database keeps them for longer than anybody looks, and people read them who may not read tickets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from flows.privacy.masker import Masker
from flows.report.values import printable
from flows.runtime.errors import VocError

_masker = cache(Masker.of_project)


async def keep_artifact(key: str, shown: str | list[dict[str, Any]], description: str) -> None:
    """Show a text or the rows of a table in the Prefect UI, with a description."""
    from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

    if isinstance(shown, str):
        await acreate_markdown_artifact(_masker().clean(shown), key=key, description=description)
    else:
        rows = [{name: _printable(v) for name, v in row.items()} for row in shown]
        await acreate_table_artifact(_masker().clean(rows), key=key, description=description)


@contextmanager
def masked_errors() -> Iterator[None]:
    """Mask the line of an error for users: it may quote the file's first row, which need not be a header."""
    try:
        yield
    except VocError as error:
        error.args = (_masker().clean(str(error)), *error.args[1:])
        raise


def mask_lines_of(log: logging.Logger) -> None:
    """Mask each line of a logger before any handler sees it: a line may quote words of the file."""
    log.addFilter(_masked)


def _masked(record: logging.LogRecord) -> bool:
    record.msg, record.args = _masker().clean(record.getMessage()), ()
    return True


def _printable(value: object) -> object:
    """A database refuses invisible characters, such as a NUL in a category's name."""
    return printable(value) if isinstance(value, str) else value

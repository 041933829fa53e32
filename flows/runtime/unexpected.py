"""Errors that nobody foresaw: where they came from is kept, their words are not. Those may quote a customer."""

from __future__ import annotations

import os
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.runtime.errors import VocError
from flows.runtime.workspace import private_folder, write_private


class UnexpectedError(VocError):
    """Says only the type of an error, and where its frames are."""


@contextmanager
def redacted_errors(*expected: type[Exception]) -> Iterator[None]:
    """Let errors for users through, and those expected; of any other only its type and its frames.

    Prefect logs and keeps what a task or a flow raises.
    """
    try:
        yield
    except VocError:
        raise
    except expected:
        raise
    except Exception as error:
        raise UnexpectedError(unexpected(error)).with_traceback(error.__traceback__) from None


def unexpected(error: Exception) -> str:
    """The line that tells of an error, and of the file where its frames are."""
    path = (
        private_folder(Path(os.environ.get("VOC_HOME") or ".voc") / "logs")
        / f"error-{uuid.uuid4().hex[:8]}.txt"
    )
    frames = "".join(traceback.format_tb(error.__traceback__))
    write_private(path, f"{type(error).__module__}.{type(error).__qualname__}\n{frames}")
    return f"unexpected {type(error).__name__}. Details: {path}"

"""How failures end: in one line for people, without the text of unexpected errors.

That text may quote a customer: only the error's type is shown, and a file keeps where the error was raised.
"""

from __future__ import annotations

import inspect
import os
import traceback
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from catalogue import ending
from flows.runtime.errors import VocError
from flows.runtime.workspace import private_folder, write_private

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


P = ParamSpec("P")
R = TypeVar("R")


class UnexpectedError(VocError):
    """Names only the type of an error, and the file that holds its frames."""

    kind = "unexpected"


def ends_in_one_line(
    function: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R | State[Any]]]:
    """Let a flow that raises a VocError fail with that error's line as its state's message, for the bot to read.

    Prefect's own message on an exception is English prose that names the class.
    """

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R | State[Any]:
        from prefect.states import Failed

        try:
            with redacted_errors():
                return await function(*args, **kwargs)
        except VocError as error:
            return Failed(message=str(ending.Failed(error.kind, str(error))), data=error)

    # Prefect checks parameters by their types, and would look up the names of these types in this module.
    run.__signature__ = inspect.signature(function, eval_str=True)  # type: ignore[attr-defined]
    return run


@contextmanager
def redacted_errors(*expected: type[Exception]) -> Iterator[None]:
    """Let errors for users and the expected errors through; raise UnexpectedError for any other.

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
    """One line that names the type of an error, and the file that holds its frames."""
    path = (
        private_folder(Path(os.environ.get("VOC_HOME") or ".voc") / "logs")
        / f"error-{uuid.uuid4().hex[:8]}.txt"
    )
    frames = "".join(traceback.format_tb(error.__traceback__))
    write_private(path, f"{type(error).__module__}.{type(error).__qualname__}\n{frames}")
    return f"unexpected {type(error).__name__}. Details: {path}"

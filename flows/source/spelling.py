"""When two names are the same: letters' case, Unicode form, blanks and invisible characters do not matter."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable

from flows.report.values import printable

SHOWN_NAMES, SHOWN_LENGTH = 30, 40


def folded(name: str) -> str:
    """The name as it is compared: ` Ticket  ID` and `ticket id` are one."""
    seen = unicodedata.normalize("NFC", printable(name))
    return " ".join(seen.split()).casefold()


def shown(names: Iterable[str], limit: int = SHOWN_NAMES, length: int = SHOWN_LENGTH) -> str:
    """The names on one line, a long list and long names cut."""
    seen = [printable(name).strip() for name in names]
    cut = [name if len(name) <= length else name[: length - 1] + "…" for name in seen[:limit]]
    return ", ".join(cut) + (f" and {len(seen) - limit} more" if len(seen) > limit else "")


def shell_quoted(text: str) -> str:
    """The text as an argument to copy into a shell: in double quotes where those do."""
    return shlex.quote(text) if set('"$`\\!') & set(text) else f'"{text}"'

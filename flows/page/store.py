"""Where pages are kept: the protocol, and a folder. The other place is a bucket (bucket.py)."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from flows.runtime.errors import UsageError
from flows.runtime.workspace import write_private


class PageStore(Protocol):
    """Files by name. Every method raises UsageError with one line that says what to do."""

    def read(self, name: str) -> str | None:
        """The text that was written under the name, if any was."""

    def write(self, name: str, text: str) -> None:
        """Write the file whole, in place of an earlier one."""

    def names(self, before: datetime | None = None) -> set[str]:
        """The names of the files that exist, or of those among them that were written before a moment."""

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""

    def url(self, name: str) -> str | None:
        """The address under which people see a file, where there is one."""

    def where(self, name: str) -> str:
        """A file's path, or its gs:// address."""


class FolderStore:
    """A folder whose files only their owner can read: they hold customers' words."""

    def __init__(self, path: Path, public_url: str | None = None) -> None:
        self.path = path
        self._public_url = public_url

    def read(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{self.path / name} cannot be read. Remove it.") from None

    def write(self, name: str, text: str) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self.path / name, text)
        except OSError as error:
            raise UsageError(
                f"cannot write to {self.path}: {error.strerror}. Choose a folder you may write."
            ) from None

    def names(self, before: datetime | None = None) -> set[str]:
        limit = before.timestamp() if before else math.inf
        return {
            path.name
            for path in self.path.glob("[!.]*")
            if path.is_file() and path.stat().st_mtime < limit
        }

    def remove(self, name: str) -> None:
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(
                f"cannot remove {self.path / name}: {error.strerror}. Remove it yourself."
            ) from None

    def url(self, name: str) -> str | None:
        return joined_url(self._public_url, name)

    def where(self, name: str) -> str:
        return str(self.path / name)


def joined_url(url: str | None, path: str) -> str | None:
    """The address of a name below an address; None where there is no address."""
    return url and f"{url.rstrip('/')}/{quote(path)}".rstrip("/")

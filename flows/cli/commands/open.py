"""`voc open`: the newest report as a page, in the browser."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path

from flows.runtime.assembly import Assembly
from flows.runtime.errors import SourceError

_PAGE = re.compile(r"\d{4}-W\d{2}\.html")


def newest_page(parts: Assembly) -> str:
    """The address or the path of the newest week's page; a dry run's where none was published.

    Raises SourceError where there is none.
    """
    workspace = parts.workspaces.of(None)
    for store in (parts.page_store(workspace), parts.dry_run_pages(workspace)):
        if pages := sorted(filter(_PAGE.fullmatch, store.names())):
            return store.url(pages[-1]) or store.where(pages[-1])
    raise SourceError("no report was written as a page yet. Run voc run first.")


def show_in_browser(page: str) -> bool:
    """Open an address or a path; False where the machine has no browser."""
    return webbrowser.open(page if "://" in page else Path(page).resolve().as_uri())

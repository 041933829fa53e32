"""`voc open`: the newest report as a page, in the browser."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path

from flows.runtime.assembly import Assembly
from flows.runtime.errors import SourceError

_PAGE = re.compile(r"\d{4}-W\d{2}\.html")


def newest_page(parts: Assembly) -> str:
    """The address or the path of the newest week's page. Raises SourceError where there is none."""
    store = parts.page_store(parts.workspaces.of(None))
    pages = sorted(filter(_PAGE.fullmatch, store.names()))
    if not pages:
        raise SourceError("no report was written as a page yet. Run voc run first.")
    return store.url(pages[-1]) or store.where(pages[-1])


def show_in_browser(page: str) -> bool:
    """Open an address or a path; False where the machine has no browser."""
    return webbrowser.open(page if "://" in page else Path(page).resolve().as_uri())

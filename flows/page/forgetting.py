"""Removes pages that hold certain words, with their records, from where pages are kept."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from pathlib import PurePath
from zoneinfo import ZoneInfo

from flows.page.store import PageStore
from flows.privacy.words import Words
from flows.report.values import Week

_WEEK = re.compile(r"\d{4}-W\d{2}")


def forget_pages(place: PageStore, words: Words, *, dry_run: bool = False) -> list[str]:
    """Remove the pages and records; the weeks whose reports they were, or would be. Raises UsageError.

    A page is removed whole: the run that writes it again reads what is left.
    """
    names = place.names()
    found = []
    for week in sorted({PurePath(name).stem for name in names}):
        files = [name for name in (f"{week}.html", f"{week}.json") if name in names]
        if not _WEEK.fullmatch(week) or not files:
            continue
        if not words.are_in_report(week, (place.read(name) or "" for name in files)):
            continue
        found.append(week)
        # The page last: it shows a second attempt that the record was not removed.
        for name in () if dry_run else reversed(files):
            place.remove(name)
    return found


def forget_files(place: PageStore, before: datetime | None, *, dry_run: bool = False) -> int:
    """Remove the files that were written before a moment, or all; how many there were, or are."""
    names = place.names(before)
    for name in () if dry_run else names:
        place.remove(name)
    return len(names)


def forget_old(
    pages: PageStore, answers: PageStore, newest: Week, weeks: int, zone: ZoneInfo
) -> None:
    """Remove the pages, records and answers from more than so many weeks before the newest week. Raises UsageError.

    The samples of the marts are kept by the same rule (the dbt var text_retention_weeks).
    """
    before = newest.start - timedelta(weeks=weeks, days=1)
    forget_pages(pages, Words(before))
    forget_files(answers, datetime.combine(before, time.min, zone))

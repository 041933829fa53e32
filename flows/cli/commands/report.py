"""`voc report`: a week's report as a page in a folder, without Slack and without LaaS."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path

from flows.analysis.prompt import without_private
from flows.cli.commands.tables import computed_week
from flows.page.publishing import page_name, read_record
from flows.page.record import Record
from flows.page.store import FolderStore, PageStore
from flows.runtime.assembly import Assembly
from flows.runtime.errors import VocError
from flows.warehouse.marts import read_report

log = logging.getLogger("voc")


def write_report(parts: Assembly, *, as_of: date | None, out: Path, source: Path | None) -> Path:
    """Write the page and the list of all weeks; return the path of the page.

    The analyses are those that a run has published; where there are none, they are written by rule. Raises VocError.
    """
    found = computed_week(parts, as_of, source, with_texts=True)
    week = found.weeks.comparison
    report = without_private(read_report(found.warehouse, found.weeks), parts.masker.contains_pii)
    records: PageStore | None = None
    try:
        kept = read_record(parts.page_store(found.workspace), week)
        records = parts.page_store(found.workspace)
    except VocError as error:
        log.warning("the analyses that a run has published cannot be read: %s", error)
        kept = Record()
    last_day = found.last_day or (kept.receipt.last_day if kept.receipt else None)
    publisher = parts.publisher(FolderStore(out.resolve()), found.warehouse, report, last_day)
    publisher.write(kept.completed(report, parts.texts), records)
    return out / page_name(week)

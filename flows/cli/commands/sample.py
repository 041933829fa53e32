"""`voc sample`: made-up tickets to try everything on."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.report.as_of import date_of
from flows.runtime.errors import SourceError, UsageError
from flows.source.made_up.tickets import write_sample


def write(out: Path, *, weeks: int, tickets_per_week: int, until: str | None, seed: int) -> None:
    """Write the file, with a line of progress on a terminal."""
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    last_sunday = today - timedelta(days=today.isoweekday())
    try:
        summary = write_sample(
            out,
            weeks=weeks,
            tickets_per_week=tickets_per_week,
            until=date_of(until) if until else last_sunday,
            seed=seed,
            on_progress=_show_progress if sys.stderr.isatty() else None,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise SourceError(f"cannot write {out}: {error.strerror}. Choose another --out.") from None
    print(
        f"{out}: {summary.rows:,} tickets, weeks of {summary.first_week} to {summary.last_week}",
        file=sys.stderr,
    )


def _show_progress(done: int, total: int) -> None:
    print(f"\r· {100 * done // max(total, 1)}%", end="\n" if done >= total else "", file=sys.stderr)

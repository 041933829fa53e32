"""`voc purge`: removes customers' words from where the product has put them, and says where it cannot reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from flows.cli.commands.progress import progress_on_stderr
from flows.page.forgetting import forget_files, forget_pages
from flows.page.publishing import INDEX, write_index
from flows.page.store import FolderStore
from flows.privacy.words import Words
from flows.runtime.assembly import Assembly
from flows.runtime.errors import UsageError
from flows.runtime.lock import one_run_at_a_time
from flows.runtime.workspace import Workspace
from flows.source.forgetting import forget_words, remove_copies, rewrite, source_path
from flows.warehouse.forgetting import forget_before, forget_ticket, weeks_with
from flows.warehouse.marts import read_past_weeks

# What is told even where nothing is found.
_PLACES = (
    "source rows in DuckDB",
    "unfinished copies of files",
    "fct_voc_weekly_samples",
    "fct_voc_weekly_keywords",
    "fct_voc_rising_words",
    "int_flagged_tickets_masked",
    "pages",
    "pages of dry runs",
    "kept answers",
    "outbox messages",
    "dbt logs",
)
_RUN_RESULTS = "run_results.json"
_STATUSES = "fct_voc_weekly_status"


@dataclass(frozen=True)
class Purged:
    """How much was removed of each place (or would be), the weeks without a page now, and what is out of reach."""

    removed: dict[str, int]
    weeks: tuple[str, ...]
    out_of_reach: tuple[str, ...]
    dry_run: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "removed": [{"where": where, "count": count} for where, count in self.removed.items()],
            "out_of_reach": list(self.out_of_reach),
        }


def purged(
    parts: Assembly, *, before: date | None, ticket: str | None, dry_run: bool = False
) -> Purged:
    """Remove the words of weeks that end before a date, or of one ticket. What was removed before an error stays so.

    Raises VocError.
    """
    ticket = ticket.strip() if ticket is not None else None
    if (before is None) == (ticket is None) or ticket == "":
        raise UsageError("name either --before DATE or --ticket ID.")
    today = datetime.now(parts.settings.zone).date()
    if before is not None and before > today:
        raise UsageError(
            f"{before} is in the future (today is {today}). Choose an earlier --before."
        )
    purge = _Purge(parts, Words(before, ticket), dry_run)
    with progress_on_stderr(), one_run_at_a_time(parts.home):
        return purge.done()


class _Purge:
    """One purge. The tables come last: they tell which reports have read a ticket."""

    def __init__(self, parts: Assembly, words: Words, dry_run: bool) -> None:
        self._parts = parts
        self._words = words
        self._dry_run = dry_run
        self._removed: Counter[str] = Counter(dict.fromkeys(_PLACES, 0))
        self._weeks: set[str] = set()
        self._files: set[Path] = set()

    def done(self) -> Purged:
        workspaces = self._parts.workspaces.all()
        words_in = {workspace: self._words_in(workspace) for workspace in workspaces}
        # The messages on all sources are in one folder.
        weeks = frozenset[date]().union(*(words.weeks for words in words_in.values()))
        self._removed["outbox messages"] = self._parts.outbox.forget(
            replace(self._words, weeks=weeks).are_in_report, dry_run=self._dry_run
        )
        # An answer may quote a ticket without its id, and is no more than a question that need not be asked again.
        self._removed["kept answers"] = forget_files(
            self._parts.kept_answers, self._moment, dry_run=self._dry_run
        )
        for workspace in workspaces:
            self._purge_pages(workspace, words_in[workspace])
            self._purge_logs(workspace)
            self._purge_tables(workspace)
        return Purged(
            dict(self._removed),
            tuple(sorted(self._weeks)),
            tuple(self._out_of_reach()),
            self._dry_run,
        )

    @property
    def _moment(self) -> datetime | None:
        """The beginning of the day; None, for all times, where a ticket is asked for."""
        before = self._words.before
        zone = self._parts.settings.zone
        return datetime.combine(before, time.min, zone) if before else None

    def _words_in(self, workspace: Workspace) -> Words:
        """The words, and the weeks of this source that are known to have read them."""
        if self._words.ticket is None:
            return self._words
        weeks = weeks_with(self._parts.warehouse(workspace), self._words.ticket)
        return replace(self._words, weeks=weeks)

    def _purge_pages(self, workspace: Workspace, words: Words) -> None:
        pages = self._parts.page_store(workspace)
        weeks = forget_pages(pages, words, dry_run=self._dry_run)
        self._removed["pages"] += len(weeks)
        self._weeks.update(weeks)
        warehouse = self._parts.warehouse(workspace)
        if weeks and not self._dry_run and INDEX in pages.names() and warehouse.has(_STATUSES):
            past_weeks = read_past_weeks(warehouse)
            write_index(pages, past_weeks, self._parts.texts, self._parts.masker.contains_pii)
        of_dry_runs = Assembly(self._parts.settings, dry_run=True).page_store(workspace)
        self._removed["pages of dry runs"] += len(
            forget_pages(of_dry_runs, words, dry_run=self._dry_run)
        )

    def _purge_logs(self, workspace: Workspace) -> None:
        """An error of the database may quote the row that it is about."""
        logs, results = FolderStore(workspace.log_path), FolderStore(workspace.target_path)
        found = forget_files(logs, self._moment, dry_run=self._dry_run)
        if _RUN_RESULTS in results.names(self._moment):
            found += 1
            if not self._dry_run:
                results.remove(_RUN_RESULTS)
        self._removed["dbt logs"] += found

    def _purge_tables(self, workspace: Workspace) -> None:
        warehouse, words = self._parts.warehouse(workspace), self._words
        database = workspace.duckdb_path
        if words.ticket is not None:
            rows = forget_ticket(warehouse, words.ticket, dry_run=self._dry_run)
        else:
            assert words.before is not None
            rows = forget_before(warehouse, words.before, dry_run=self._dry_run)
        self._removed.update(rows)
        if database is None:
            return
        self._removed["source rows in DuckDB"] += forget_words(
            database,
            self._parts.settings.timezone,
            before=words.before,
            ticket=words.ticket,
            dry_run=self._dry_run,
        )
        self._removed["unfinished copies of files"] += remove_copies(
            workspace.folder, dry_run=self._dry_run
        )
        if path := source_path(database):
            self._files.add(path)
        if not self._dry_run:
            rewrite(database)

    def _out_of_reach(self) -> Iterator[str]:
        s = self._parts.settings
        for file in sorted(self._files):
            yield f"{file}: it is yours. Remove the words there too: a run that finds it changed copies it again."
        if self._parts.bigquery:
            yield (
                f"BigQuery, {s.source_table}: the table is yours. Remove the words there first: a run of an old week "
                "reads it again."
            )
            yield "BigQuery's time travel keeps removed rows for up to seven days, its fail-safe for seven more."
        where = f"the channel {s.slack_channel}" if s.slack_channel else "the channel"
        yield (
            f"Slack: open the week's report in {where}, and delete its messages (… → Delete message). "
            "Answers to questions are in the threads where people asked, alerts in the channels of "
            "category_owners.csv too."
        )
        yield "LaaS or another model: what it keeps of questions and answers, ask its operator."
        yield "Prefect's database and logs: they hold counts, categories and masked questions, no ticket's text."
        yield "Pages that voc report wrote to a folder of your choice (--out), and what people have downloaded."
        yield "Backups, and older versions that a bucket keeps."


def show_purge(done: Purged) -> None:
    """A line for each place, the command that writes removed pages again, and what is out of reach."""
    console = Console(highlight=False)
    lines = ["Would be removed:" if done.dry_run else "Removed:"]
    lines += [f"  {count:>9,}  {where}" for where, count in done.removed.items()]
    for week in done.weeks:
        lines.append(
            f"voc run --week {week} writes its page again, from what the tickets hold then, and posts nothing twice."
        )
    lines += ["Out of reach:", *(f"  {line}" for line in done.out_of_reach)]
    console.print(Text("\n".join(lines)), soft_wrap=True)

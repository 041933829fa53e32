"""The bot's sentences, from the catalogue. Pure; foreign text is escaped, links come from here only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import NotDeployed
from bot.runs import Run, Stage

# People read the words of bot and flow in one channel.
from catalogue import Texts, entries
from catalogue.slack import escaped

_WATCHED = ("SCHEDULED", "PENDING", "RUNNING", "CANCELLED", "COMPLETED")


@dataclass(frozen=True)
class Phrases:
    """The bot's sentences in one language."""

    texts: Texts

    def progress(self, run: Run, stage: Stage) -> str:
        """The message about a run: one line that ends with a link to the run."""
        return f"{self._stage(run, stage)}{self._link(run)}"

    def unexpected(self, reference: str) -> str:
        return self.texts("bot.unexpected", reference=reference)

    def greeting(self, user: str, version: str, *, prefect_answers: bool) -> str:
        state = self.texts("bot.answers") if prefect_answers else self.texts("bot.no_answer")
        return self.texts("bot.greeting", user=user, version=escaped(version), state=state)

    def recent(self, runs: Sequence[Run]) -> str:
        """The newest runs, one a line."""
        if not runs:
            return self.texts("bot.nothing_ran")
        lines = [f"• {self._short(run)} · {_date(run.since)}{self._link(run)}" for run in runs]
        return "\n".join([self.texts("bot.recent"), *lines])

    def crash(self, run: Run) -> str:
        """The note about a run whose process or machine was gone."""
        return f"{self.texts('note.crashed')}{self._link(run)}"

    def missing(self, week: str, due: datetime, why: str) -> str:
        """The note about a report that should have been there by now."""
        return self.texts("watch.missing", week=week, due=_date(due), why=why)

    def missing_because(self, last: Run | None) -> str:
        """Why a report is missing, as far as its last run shows."""
        if last is None:
            return self.texts("watch.none")
        if last.state in ("FAILED", "CRASHED"):
            return self._failed(last) + self._link(last)
        state = last.state.lower() if last.state in _WATCHED else "running"
        return self.texts(f"watch.{state}") + self._link(last)

    def no_attempt(self, error: Exception) -> str:
        """Why nothing is known about the last run."""
        return self.texts(
            "watch.not_deployed" if isinstance(error, NotDeployed) else "watch.prefect_down"
        )

    def _stage(self, run: Run, stage: Stage) -> str:
        if stage == "unattended":
            was_running = run.state == "RUNNING"
            return self.texts("stage.deserted" if was_running else "stage.unattended")
        if stage == "completed":
            return self._completed(run)
        if stage == "failed":
            return self._failed(run)
        return self.texts(f"stage.{stage}")

    def _link(self, run: Run) -> str:
        if run.url:
            return f" · <{run.url}|{self.texts('note.link')}>"
        return f" · {self.texts('bot.run')} `{run.id}`"

    def _completed(self, run: Run) -> str:
        if run.completed is None:
            return self.texts("stage.completed")
        week, outcome = run.completed.week, run.completed.outcome
        # A newer flow may end in a way that this bot has no words for.
        ending = self.texts(f"outcome.{outcome}") if f"outcome.{outcome}" in entries() else outcome
        return f"{self.texts('stage.completed')} · {week}: {ending}"

    def _failed(self, run: Run) -> str:
        # A newer flow may fail in a way that this bot has no words for.
        kind = run.failure if f"failure.{run.failure}" in entries() else "other"
        return f"{self.texts('stage.failed')} · {self.texts(f'failure.{kind}')}"

    def _short(self, run: Run) -> str:
        match run.state:
            case "COMPLETED":
                return self._completed(run).split(":")[0]
            case "FAILED" | "CRASHED":
                return self.texts("stage.failed")
            case "CANCELLED":
                return self.texts("short.cancelled")
            case "RUNNING":
                return self.texts("stage.running")
            case _:
                return self.texts("short.waiting")


def _date(moment: datetime) -> str:
    """In the reader's own time zone; the fallback is UTC."""
    fallback = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"

"""The bot's sentences, from the catalogue. Pure; foreign text is escaped, links come from here only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from bot.errors import NotDeployed
from bot.runs import Run, Stage
from bot.words import Asked, nearest

# People read the words of bot and flow in one channel.
from catalogue import Texts, entries
from catalogue.slack import escaped
from catalogue.weeks import label_of

QUOTED_LENGTH = 100
"""Characters of a person's words that an answer quotes."""
BUTTON_LENGTH = 75
"""Slack takes no longer text on a button."""


@dataclass(frozen=True)
class Button:
    """What is done when it is pressed: `voc_report`, `voc_ask` (as if `value` had been written) or `rerun`."""

    action: Literal["voc_report", "voc_ask", "rerun"]
    value: str
    text: str


@dataclass(frozen=True)
class Answer:
    """A text with buttons below it."""

    text: str
    buttons: tuple[Button, ...] = ()

    @property
    def blocks(self) -> list[dict[str, Any]] | None:
        """Slack's blocks; None where the text is all. Slack refuses two buttons with one action_id in a block."""
        if not self.buttons:
            return None
        section = {"type": "section", "text": {"type": "mrkdwn", "text": self.text}}
        return [
            section,
            *({"type": "actions", "elements": [_shown(each)]} for each in self.buttons),
        ]


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

    def offer(self, asked: Asked) -> Answer:
        """Why there is no report, the weeks of a month, or what was not understood; the nearest things as buttons."""
        words = escaped(_cut(asked.words, QUOTED_LENGTH))
        if asked.kind == "unclear":
            phrases = nearest(asked.words, self.texts("bot.phrases").split(", "))
            buttons = tuple(Button("voc_ask", phrase, phrase) for phrase in phrases)
            return Answer(self.texts("bot.unclear", words=words), buttons)
        if asked.kind == "choice":
            text = self.texts("bot.choice", words=words, count=len(asked.weeks))
        else:
            week = self._week(asked.week) if asked.week else ""
            text = self.texts(
                f"refusal.{asked.why}", week=week, words=words, nearest=self._week(asked.weeks[0])
            )
        force = " force" if asked.force else ""
        weeks = ((f"{label_of(week)}{force}", self._week(week)) for week in asked.weeks)
        return Answer(text, tuple(Button("voc_report", value, shown) for value, shown in weeks))

    def stands(self, week: date, link: str) -> Answer:
        """Where the report on a week is, and a button to post it anew."""
        text, label = self.texts("button.repost"), label_of(week)
        said = self.texts("bot.stands", week=self._week(week), link=link, button=text)
        return Answer(said, (Button("rerun", label, text),))

    def _week(self, week: date) -> str:
        return self.texts("bot.week", week=label_of(week), start=week, end=week + timedelta(days=6))

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


def _shown(button: Button) -> dict[str, Any]:
    text = {"type": "plain_text", "text": _cut(button.text, BUTTON_LENGTH)}
    return {"type": "button", "text": text, "action_id": button.action, "value": button.value}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _date(moment: datetime) -> str:
    """In the reader's own time zone; the fallback is UTC."""
    fallback = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"

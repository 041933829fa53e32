"""A run that a person asked for, as its tags in Prefect keep it, and the stage to report by now. Pure.

The tags are the bot's only memory: another replica, or the same one after a restart, goes on from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from catalogue.ending import WAITING, Completed, Failed
from catalogue.slack import ASKED

OPEN = "slack:open"
"""Tag of a run whose end has not been reported yet."""

QUESTION = "slack:question"
"""Tag of a run that answers a question."""

Stage = Literal["received", "queued", "unattended", "running", "completed", "failed", "cancelled"]
"""What the bot reports about a run; the last three are its end. `unattended`: there is no worker to run it."""

ENDINGS = ("completed", "failed", "cancelled")

_ADOPT_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Origin:
    """Where and by whom a run was asked for; a command's run has no `thread_ts`.

    `call` names the call that created the run, and begins with the id of the replica that made it. The run of a
    question posts the answer itself.
    """

    channel: str
    user: str
    call: str
    thread_ts: str | None = None
    reply_ts: str | None = None
    told: Stage | None = None
    is_open: bool = True
    is_question: bool = False

    def tags(self) -> list[str]:
        values = {
            "channel": self.channel,
            "thread": self.thread_ts,
            "user": self.user,
            "call": self.call,
            "reply": self.reply_ts,
            "told": self.told,
        }
        named = [f"slack:{name}={value}" for name, value in values.items() if value]
        marks = {OPEN: self.is_open, QUESTION: self.is_question}
        return [ASKED, *(tag for tag, is_set in marks.items() if is_set), *named]

    @classmethod
    def of_tags(cls, tags: Iterable[str]) -> Self | None:
        """Read the tags back; None when the run was not asked for in Slack."""
        tags = list(tags)
        ours = [tag.removeprefix("slack:") for tag in tags if tag.startswith("slack:")]
        values = dict(tag.split("=", 1) for tag in ours if "=" in tag)
        if not {"channel", "user", "call"} <= values.keys():
            return None
        return cls(
            values["channel"],
            values["user"],
            values["call"],
            values.get("thread"),
            values.get("reply"),
            values.get("told"),  # type: ignore[arg-type]
            OPEN in tags,
            QUESTION in tags,
        )


@dataclass(frozen=True)
class Run:
    """A flow run, as far as it concerns the person who asked.

    `state` is Prefect's state type, `since` when it was entered, `asked_at` when the run was created, `due_at`
    when it was to start; all aware.
    `other_tags` are the deployment's, or somebody's.
    """

    id: UUID
    origin: Origin
    state: str
    message: str
    since: datetime
    asked_at: datetime
    due_at: datetime
    pool: str | None
    url: str | None
    other_tags: tuple[str, ...] = ()

    def speaks_for_itself(self, stage: Stage) -> bool:
        """Whether nothing needs to be said about the stage: the answer to a question comes into its thread anyway."""
        is_trouble = stage not in ("received", "running", "completed")
        is_expected = self.origin.is_question and self.origin.thread_ts is not None
        return is_expected and not is_trouble and self.origin.told is None

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody asked for the run in Slack."""
        return bool(self.origin.user)

    @property
    def is_waiting(self) -> bool:
        """Whether another run scheduled this one because the data was late."""
        return WAITING in self.other_tags

    @property
    def completed(self) -> Completed | None:
        """Week and outcome that a report ended with."""
        return Completed.read(self.message)

    @property
    def failure(self) -> str:
        """The kind of a failed run's failure: `failure.<kind>` in the catalogue says what people may do."""
        if self.state == "CRASHED":
            return "crashed"
        failed = Failed.read(self.message)
        return failed.kind if failed else "unexpected"

    def told(self, stage: Stage, reply_ts: str | None) -> Run:
        """The run after the bot has reported the stage."""
        origin = replace(self.origin, told=stage, reply_ts=reply_ts, is_open=stage not in ENDINGS)
        return replace(self, origin=origin)


def due(run: Run, now: datetime, start_wait: timedelta, *, is_attended: bool) -> Stage:
    """The stage that the bot should report by now.

    Args:
        run: as Prefect shows it.
        now: aware.
        start_wait: how long a run may wait before the bot says so.
        is_attended: whether its pool has a worker online.
    """
    match run.state:
        case "COMPLETED":
            return "completed"
        case "FAILED" | "CRASHED":
            return "failed"
        case "CANCELLED":
            return "cancelled"
        case "SCHEDULED" | "PENDING" if now - run.asked_at < start_wait:
            return "received"
        case _ if not is_attended:
            return "unattended"
        case "SCHEDULED" | "PENDING":
            return "queued"
        case _:
            return "running"


def is_overdue(run: Run, stage: Stage, now: datetime, start_wait: timedelta) -> bool:
    """Whether a stage has been due for so long that the run's own replica must be gone."""
    due_at = run.since
    if stage in ("queued", "unattended"):
        due_at = max(due_at, run.asked_at + start_wait)
    return now - due_at > _ADOPT_AFTER

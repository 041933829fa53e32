"""The one module that writes to Slack: reactions, replies that are kept up to date, answers to commands."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StartError
from bot.runs import ENDINGS, Run, Stage
from bot.settings import BotSettings
from bot.texts import Phrases
from catalogue.slack import METADATA_SCOPE, WEEKLY, is_of_report, note_subject, scopes_of
from catalogue.slack_api import FAULTS, RateLimitHandler, failure_of, slack_client

log = logging.getLogger("voc.bot")

Blocks = list[dict[str, Any]]

EVENT_TYPE = "voc_request"
CALL_SECONDS = 10.0
# Errors that last: the reply or its place is gone. All others are tried again.
_GONE = {
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "channel_not_found",
    "thread_not_found",
    "not_in_channel",
    "is_archived",
    "user_not_found",
    "cannot_dm_bot",
    "missing_scope",
}


class NotTold(Exception):
    """Slack did not accept a message, or did not show any; the bot tries again later."""


class Unreadable(NotTold):
    """The bot may not read the messages of a channel: a scope is missing, or the bot is not in it."""


@dataclass
class _Command:
    response_url: str
    told: set[Stage] = field(default_factory=set)


@dataclass
class _Told:
    """The last message about a run; `is_tried` if a reply may exist although its ts is not known."""

    stage: Stage | None = None
    reply_ts: str | None = None
    is_tried: bool = False


def web_client(settings: BotSettings) -> AbstractAsyncContextManager[AsyncWebClient]:
    """A client that waits when Slack says so. It does not post again after a lost answer: that posts twice."""
    return slack_client(
        settings.slack_bot_token.get_secret_value(),
        settings.slack_api_url,
        seconds=CALL_SECONDS,
        retry_handlers=[RateLimitHandler(max_retry_count=3)],
    )


class Replies:
    """The messages of one replica in Slack.

    A `response_url` lets anybody who has it post for half an hour, so it is kept in memory only: when the replica
    that took a command is gone, another answers the person in a direct message.
    """

    def __init__(self, client: AsyncWebClient, phrases: Phrases) -> None:
        self._client = client
        self._phrases = phrases
        self._commands: dict[str, _Command] = {}
        self._told: dict[str, _Told] = {}
        self._bot_id: str | None = None

    async def check(self) -> AuthorizeResult:
        """Ask Slack's auth.test who the bot is. Raises StartError when the token is not valid."""
        try:
            answer = await self._client.auth_test()
        except (SlackApiError, *FAULTS) as error:
            failure = failure_of(error)
            if failure.is_refusal:
                raise StartError(
                    f"Slack refused: {failure.reason}. Check SLACK_BOT_TOKEN."
                ) from None
            raise StartError(
                f"Slack could not be reached ({failure.reason}). Check the network and SLACK_API_URL."
            ) from None
        self._bot_id = answer.get("bot_id")
        return AuthorizeResult.from_auth_test_response(
            auth_test_response=answer, bot_token=self._client.token
        )

    async def answers(self) -> bool:
        """Whether Slack answers and takes the token."""
        try:
            await self.check()
        except StartError:
            return False
        return True

    async def react(self, channel: str, ts: str, name: str) -> bool:
        """React to a message. False when the bot has reacted before: the message is already being handled."""
        try:
            await self._client.reactions_add(channel=channel, timestamp=ts, name=name)
        except (SlackApiError, *FAULTS) as error:
            reason = failure_of(error).reason
            if reason == "already_reacted":
                return False
            log.warning("no reaction: %s", reason)
        return True

    async def say(
        self,
        text: str,
        *,
        channel: str,
        thread_ts: str,
        request: str | None = None,
        blocks: Blocks | None = None,
    ) -> bool:
        """Reply in a thread; false when Slack did not confirm the reply. It names the request that it answers."""
        payload = {"request": request} if request else None
        try:
            await self._post(channel, thread_ts, text, payload, blocks)
        except NotTold as error:
            log.warning("no reply: %s", error)
            return False
        return True

    async def has_answered(self, request: str, channel: str, thread_ts: str) -> bool:
        """Whether a reply that answers the request is in the thread; false where that cannot be read."""
        try:
            return await self._find_reply(channel, thread_ts, {"request": request}) is not None
        except NotTold as error:
            log.warning("a thread cannot be read: %s", error)
            return False

    async def respond(self, response_url: str, text: str, blocks: Blocks | None = None) -> None:
        """Answer a command, visible to the person who gave it; a failure is logged."""
        try:
            await self._respond(response_url, text, blocks)
        except NotTold as error:
            log.warning("no answer to a command: %s", error)

    def expect(self, call: str, response_url: str) -> None:
        """Use the command's response_url to report on the run that this call creates."""
        self._commands[call] = _Command(response_url)

    def forget(self, call: str) -> None:
        """Say nothing more about the run of this call."""
        self._commands.pop(call, None)
        self._told.pop(call, None)

    async def tell(self, run: Run, stage: Stage, *, is_ours: bool) -> str | None:
        """Report the stage of a run; return the ts of the reply that reports it. Raises NotTold.

        The last message is kept here too, for the case that the tags could not be saved.
        """
        call = run.origin.call
        told = self._told.setdefault(call, _Told())
        if told.stage != stage:
            first = is_ours and not told.is_tried
            told.is_tried = True
            told.reply_ts = await self._tell(run, stage, told.reply_ts, first=first)
            told.stage = stage
        return told.reply_ts

    async def _tell(
        self, run: Run, stage: Stage, reply_ts: str | None, *, first: bool
    ) -> str | None:
        text = self._phrases.progress(run, stage)
        origin = run.origin
        if origin.thread_ts is None:
            await self._answer_command(run, stage, text)
            return None
        payload = {"run": str(run.id)}
        reply_ts = reply_ts or origin.reply_ts
        if reply_ts is None and not first:
            reply_ts = await self._find_reply(origin.channel, origin.thread_ts, payload)
        if reply_ts is None:
            return await self._post(origin.channel, origin.thread_ts, text, payload)
        await self._call("chat_update", channel=origin.channel, ts=reply_ts, text=text)
        return reply_ts

    async def _answer_command(self, run: Run, stage: Stage, text: str) -> None:
        """Answer through the response_url; where that is gone or used up, report the end in a direct message."""
        command = self._commands.get(run.origin.call)
        # A response_url takes five answers: no stage is reported twice.
        if command is not None and stage not in command.told:
            command.told.add(stage)
            try:
                await self._respond(command.response_url, text)
            except NotTold as error:
                log.info("a response_url is not taken any more (%s)", error)
            else:
                return
        if stage in ENDINGS:
            await self._post(run.origin.user, None, text, {"run": str(run.id)})

    async def find_report(
        self, channel: str, week_label: str, since: float, thread_ts: str | None = None
    ) -> str | None:
        """Find the report of a week (2026-W46) that was posted to a channel, or into the thread, last.

        Returns the ts of its summary; None where there is none after `since`, an epoch second. Raises NotTold where
        the messages cannot be read, which says nothing about the report. Reports in other threads are not found.
        """
        found = await self._of_report(channel, thread_ts, since, week_label, "summary")
        return max(found, key=float, default=None)

    async def find_link(
        self, channel: str, week_label: str, since: float, thread_ts: str | None = None
    ) -> str | None:
        """The address of such a report, if it is complete: a run that was cut off is to be gone on with.

        Raises NotTold where the messages cannot be read.
        """
        summary = await self.find_report(channel, week_label, since, thread_ts)
        if summary is None:
            return None
        thread, after = thread_ts or summary, float(summary)
        if not await self._of_report(channel, thread, after, week_label, "receipt"):
            return None
        answer = await self._call("chat_getPermalink", channel=channel, message_ts=summary)
        return str(answer["permalink"]) if answer else None

    async def _of_report(
        self, channel: str, thread_ts: str | None, since: float, week_label: str, kind: str
    ) -> list[str]:
        return [
            str(message["ts"])
            async for message in self._messages(channel, thread_ts, since)
            if message.get("bot_id") == self._bot_id and is_of_report(message, week_label, kind)
        ]

    async def notes(self, channel: str, since: float) -> set[str]:
        """The subjects of the notes to the operators in a channel after an epoch second. Raises NotTold."""
        return {
            subject
            async for message in self._messages(channel, None, since)
            if message.get("bot_id") == self._bot_id and (subject := note_subject(message))
        }

    async def note(self, channel: str, subject: str, text: str) -> None:
        """Post a note to the operators. Raises NotTold."""
        payload = {"key": subject, "report_week": subject, "target": channel, "kind": "missing"}
        await self._post(channel, None, text, payload | {"run": ""}, event_type=WEEKLY)

    async def _find_reply(
        self, channel: str, thread_ts: str | None, payload: dict[str, str]
    ) -> str | None:
        """Find the reply in a thread that has this payload. Raises NotTold."""
        with contextlib.suppress(Unreadable):
            async for message in self._messages(channel, thread_ts):
                metadata = {"event_type": EVENT_TYPE, "event_payload": payload}
                if message.get("bot_id") == self._bot_id and message.get("metadata") == metadata:
                    return str(message["ts"])
        return None

    async def _messages(
        self, channel: str, thread_ts: str | None = None, since: float = 0.0
    ) -> AsyncIterator[dict[str, Any]]:
        """The messages of a channel, or of a thread in it, in Slack's order. Raises NotTold or Unreadable."""
        method = "conversations_replies" if thread_ts else "conversations_history"
        place = {"ts": thread_ts} if thread_ts else {}
        cursor: str | None = None
        while True:
            page = await self._call(
                method,
                channel=channel,
                **place,
                oldest=f"{since:.6f}",
                include_all_metadata=True,
                limit=200,
                cursor=cursor,
            )
            if page is None:
                raise Unreadable(method)
            if (scopes := scopes_of(page.headers)) and METADATA_SCOPE not in scopes:
                raise Unreadable(f"no {METADATA_SCOPE}")
            if not isinstance(page.get("messages"), list):
                raise NotTold("no messages")
            for message in page["messages"]:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _post(
        self,
        channel: str,
        thread_ts: str | None,
        text: str,
        payload: dict[str, str] | None,
        blocks: Blocks | None = None,
        event_type: str = EVENT_TYPE,
    ) -> str | None:
        metadata = {"event_type": event_type, "event_payload": payload} if payload else None
        answer = await self._call(
            "chat_postMessage",
            channel=channel,
            thread_ts=thread_ts,
            text=text,
            blocks=blocks,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        if answer and not answer.get("ts"):
            raise NotTold("no ts")  # it may stand: it is looked up before the next try
        return str(answer["ts"]) if answer else None

    async def _call(self, method: str, **arguments: Any) -> Any:
        """Call the Web API; None when the message or its place is gone for good. Raises NotTold."""
        try:
            return await getattr(self._client, method)(**arguments)
        except (SlackApiError, *FAULTS) as error:
            reason = failure_of(error).reason
        if reason in _GONE:
            log.warning("nothing said: Slack says %s to %s", reason, method)
            return None
        raise NotTold(reason)

    async def _respond(self, response_url: str, text: str, blocks: Blocks | None = None) -> None:
        answer = {"text": text, "response_type": "ephemeral", "replace_original": False}
        session, proxy = self._client.session, self._client.proxy
        assert session is not None
        try:
            async with session.post(
                response_url, json=answer | ({"blocks": blocks} if blocks else {}), proxy=proxy
            ) as response:
                status = response.status
        except FAULTS as error:
            raise NotTold(failure_of(error).reason) from None
        if status != 200:
            raise NotTold(f"HTTP {status}")

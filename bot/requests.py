"""Handle a request of any kind: refuse, answer, or start one run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import Any

from bot.access import Asker, may_ask
from bot.deployments import LONG_TASK, QUESTIONS, REPORT, Deployments
from bot.errors import NotDeployed, PrefectUnavailable, where
from bot.follower import Follower
from bot.replies import Blocks, NotTold, Replies
from bot.settings import BotSettings
from bot.texts import Answer, Phrases
from bot.words import Asked, understood, within_data
from catalogue.weeks import as_of, label_of

log = logging.getLogger("voc.bot")

LOOK_UP_SECONDS = 3.0
"""After that long without an answer of Slack's a report is started although it may be there already."""
LOOK_AFTER = (0.0, 2.0, 8.0)
"""Seconds before each look for the answer that a message may have already."""


@dataclass(frozen=True)
class Request:
    """A person's request, and the place for the answer: a thread, or a command's `response_url`.

    `key` is the same whenever Slack delivers the same request again. `message_ts` is the message to react to,
    `reaction` tells whether that was the first reaction. `pressed_at` is a button's Unix time; of a button that is an
    offer, all presses get one answer.
    """

    asker: Asker
    key: str
    text: str = ""
    thread_ts: str | None = None
    response_url: str | None = None
    message_ts: str | None = None
    reaction: asyncio.Task[bool] | None = None
    pressed_at: float = 0.0
    is_offer: bool = False

    @property
    def event(self) -> str:
        """Names what is answered once: of a report's button, whose presses share a key, this press."""
        is_press = self.pressed_at and not self.is_offer
        return f"{self.key}:{self.pressed_at:.6f}" if is_press else self.key


class RequestHandler:
    """The requests of one replica."""

    def __init__(
        self,
        settings: BotSettings,
        deployments: Deployments,
        replies: Replies,
        follower: Follower,
        phrases: Phrases,
    ) -> None:
        self._settings = settings
        self._phrases = phrases
        self._texts = phrases.texts
        self._deployments = deployments
        self._replies = replies
        self._follower = follower
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._reactions: set[asyncio.Task[bool]] = set()

    async def report(self, request: Request) -> None:
        """A mention, a direct message or `/voc`: do what the words ask for."""
        await self._handle(request, self._answer)

    async def rerun(self, request: Request) -> None:
        """다시 실행: the same week again, in the same thread. Two presses make one run, until that run has ended."""
        await self._handle(request, self._report_again)

    async def long_task(self, request: Request) -> None:
        """`/longtask`: the example of work in the background."""

        async def start(request: Request) -> None:
            await self._start(LONG_TASK, request)

        await self._handle(request, start)

    async def hello(self, request: Request) -> None:
        """`/hello`: greeting, version, whether Prefect answers."""

        async def greet(request: Request) -> None:
            answers = await self._deployments.answers()
            version, user = self._settings.version, request.asker.user
            await self._say(request, self._phrases.greeting(user, version, prefect_answers=answers))

        await self._handle(request, greet)

    async def _handle(self, request: Request, work: Callable[[Request], Awaitable[None]]) -> None:
        """Do the work if the person may ask; if it cannot be done, say why. A repeat waits for the same work."""
        task = asyncio.current_task()
        assert task is not None
        first = self._under_way.setdefault(request.event, task)
        if first is not task:
            await asyncio.wait({first})
            return
        try:
            await self._do(request, work)
        finally:
            del self._under_way[request.event]

    async def _do(self, request: Request, work: Callable[[Request], Awaitable[None]]) -> None:
        is_allowed = may_ask(request.asker, self._settings)
        request = self._acknowledged(request, "eyes" if is_allowed else "no_entry_sign")
        try:
            if is_allowed:
                await work(request)
            else:
                await self._say(request, self._texts("bot.not_allowed"))
        except asyncio.CancelledError:
            await self._say_that_it_stops(request)
            raise
        except NotDeployed as error:
            log.error("%s", error)
            await self._say(request, self._texts("bot.not_deployed"))
        except PrefectUnavailable as error:
            log.warning("Prefect does not answer (%s)", error)
            await self._say(request, self._texts("bot.prefect_down"))
        except Exception as error:
            reference = uuid.uuid4().hex[:8]
            kind = type(error).__name__
            log.error("unexpected %s, reference %s, %s", kind, reference, where(error))
            await self._say(request, self._phrases.unexpected(reference))

    def _acknowledged(self, request: Request, name: str) -> Request:
        """React to a message, while its work begins.

        Slack accepts only the first reaction: a later one means that the request is a repeat. A repeat still asks
        Prefect, which knows the request's key; otherwise the request would be lost if its first taker died.
        """
        if request.message_ts is None:
            return request
        reaction = asyncio.create_task(
            self._replies.react(request.asker.channel, request.message_ts, name)
        )
        self._reactions.add(reaction)  # the loop itself keeps no task alive
        reaction.add_done_callback(self._reactions.discard)
        return replace(request, reaction=reaction)

    async def _answer(self, request: Request) -> None:
        asked = understood(request.text, self._today())
        if asked.kind in ("report", "refusal", "choice"):
            with contextlib.suppress(PrefectUnavailable):  # not knowing it holds nothing up
                first = await self._deployments.first_week()
                asked = within_data(asked, first) if first else asked
        match asked.kind:
            case "help":
                await self._say(request, self._texts("bot.help"))
            case "status":
                await self._say(request, self._phrases.recent(await self._deployments.recent()))
            case "question":
                await self._ask(request, asked)
            case "report":
                await self._report(request, asked)
            case _:
                await self._offer(request, self._phrases.offer(asked))

    async def _report(self, request: Request, asked: Asked) -> None:
        """Start the report, unless it is there already."""
        assert asked.week is not None
        link = None if asked.force else await self._find_link(request, asked.week)
        if link:
            await self._offer(request, self._phrases.stands(asked.week, link))
        else:
            await self._start(REPORT, request, _parameters(request, asked))

    async def _report_again(self, request: Request) -> None:
        asked = replace(understood(request.text, self._today()), force=True)
        await self._start(REPORT, request, _parameters(request, asked))

    async def _pressed_key(self, request: Request) -> str | None:
        """The key of a press: until a run has ended in the thread all presses are one request, later ones another.

        None for a press that belongs to a run that has ended since.
        """
        last = None
        if request.thread_ts is not None:
            last = await self._deployments.last_finished(request.asker.channel, request.thread_ts)
        if last and request.pressed_at < last[1].timestamp():
            return None
        return f"{request.key}:{last[0] if last else None}"

    async def _ask(self, request: Request, asked: Asked) -> None:
        """Start the answer to a question; without a deployment for that, offer what the bot understands itself."""
        parameters = {
            "question": asked.words,
            "channel": request.asker.channel,
            "thread_ts": request.thread_ts,
        }
        try:
            await self._start(QUESTIONS, request, parameters)
        except NotDeployed:
            await self._offer(request, self._phrases.offer(replace(asked, kind="unclear")))

    async def _find_link(self, request: Request, week: date) -> str | None:
        """The address of the week's report, if it is in the thread or the channel; None where that cannot be read."""
        ended = datetime.combine(as_of(week), time.min, self._settings.zone)
        find = partial(
            self._replies.find_link, request.asker.channel, label_of(week), ended.timestamp()
        )
        is_in_thread = request.thread_ts not in (None, request.message_ts)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return (is_in_thread and await find(request.thread_ts)) or await find()
        except (NotTold, TimeoutError) as error:
            log.info("no look for a report (%s)", error or "no answer in time")
            return None

    def _today(self) -> date:
        return datetime.now(self._settings.zone).date()

    async def _start(
        self, deployment: str, request: Request, parameters: Mapping[str, Any] | None = None
    ) -> None:
        key = await self._pressed_key(request) if request.pressed_at else request.key
        if key is None:
            return
        call = self._deployments.new_call()
        if request.response_url:
            self._replies.expect(call, request.response_url)
        is_created = False
        try:
            run = await self._deployments.start(
                deployment,
                key,
                call,
                channel=request.asker.channel,
                user=request.asker.user,
                thread_ts=request.thread_ts,
                parameters=parameters,
            )
            is_created = run.origin.call == call
        finally:
            if not is_created:
                self._replies.forget(call)
        log.info("flow run %s: %s", run.id, "created" if is_created else "exists")
        self._follower.look_now()

    async def _offer(self, request: Request, answer: Answer) -> None:
        await self._say(request, answer.text, answer.blocks)

    async def _say(self, request: Request, text: str, blocks: Blocks | None = None) -> None:
        """Answer a request; in a thread once, however often Slack delivers it and whatever becomes of the reply.

        If another replica has reacted to the message, it is about to answer, or it has died.
        """
        if request.response_url:
            await self._replies.respond(request.response_url, text, blocks)
            return
        channel, thread_ts = request.asker.channel, request.thread_ts
        assert thread_ts is not None
        is_ours = request.reaction is None or await request.reaction
        for seconds in LOOK_AFTER:
            await asyncio.sleep(seconds)
            if await self._replies.has_answered(request.event, channel, thread_ts):
                return
            if (is_ours or seconds == LOOK_AFTER[-1]) and await self._replies.say(
                text, channel=channel, thread_ts=thread_ts, request=request.event, blocks=blocks
            ):
                return

    async def _say_that_it_stops(self, request: Request) -> None:
        if _is_repeat(request):
            return  # whoever reacted first has answered, or said this already
        text = self._texts("bot.restarting")
        if request.response_url:
            await self._replies.respond(request.response_url, text)
        elif request.thread_ts:
            channel = request.asker.channel
            await self._replies.say(text, channel=channel, thread_ts=request.thread_ts)


def _is_repeat(request: Request) -> bool:
    """Whether Slack has said by now that the bot had reacted before."""
    reaction = request.reaction
    return (
        reaction is not None
        and reaction.done()
        and not reaction.cancelled()
        and not reaction.result()
    )


def _parameters(request: Request, asked: Asked) -> dict[str, Any]:
    """The parameters of the flow `weekly_voc`."""
    return {
        "as_of": as_of(asked.week).isoformat() if asked.week else None,
        "channel": request.asker.channel,
        "thread_ts": request.thread_ts,
        "force": asked.force,
    }

"""Asks a model why each category got worse, a few at a time; what it cannot answer is written by rule."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prefect import task

from catalogue import Texts
from flows.analysis.answer import parse_answer
from flows.analysis.cause import cause_of
from flows.analysis.client import ModelClient, ModelError
from flows.analysis.completion import Reply
from flows.analysis.prompt import Prompt, build_prompt, stricter
from flows.analysis.reading import UnusableAnswer
from flows.analysis.rule_based import rule_based_analysis
from flows.analysis.whole_week import build_week_prompt, parse_paragraph
from flows.privacy.masker import Masker
from flows.report.values import Analysis, Change, Material, Opening, WeeklyReport
from flows.runtime.failures import redacted_errors
from flows.runtime.progress import progress

if TYPE_CHECKING:
    from prefect.filesystems import WritableFileSystem

Answer = TypeVar("Answer")

log = logging.getLogger("voc")


class Underway:
    """The analyses of one report while they are written, and what is asked of the whole week."""

    def __init__(self) -> None:
        self.analyses: dict[Change, asyncio.Task[Analysis]] = {}
        self.week: asyncio.Task[str | None] | None = None

    async def opening(self, first: Change | None, seconds: float) -> Opening:
        """The cause of the change to look at first, and the whole week; without what is not there within the time."""
        analysis = self.analyses.get(first) if first else None
        if awaited := [each for each in (analysis, self.week) if each]:
            await asyncio.wait(awaited, timeout=seconds)
        return Opening(
            cause_of(analysis.result()) if analysis and analysis.done() else None,
            self.week.result() if self.week and self.week.done() else None,
        )

    async def finished(self) -> AsyncGenerator[tuple[Change, Analysis]]:
        """Each analysis as soon as it is finished."""
        changes = {each: change for change, each in self.analyses.items()}
        waiting, count = set(changes), 0
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in sorted(done, key=list(changes).index):
                count += 1
                progress.info("%d of %d", count, len(changes))
                yield changes[each], each.result()

    def cancel(self) -> None:
        """End what is not finished."""
        for each in filter(None, (*self.analyses.values(), self.week)):
            each.cancel()


class Analyst:
    """Writes the analyses of one run: from a model where one is configured; by rule where none is, or it failed.

    `open_answers` opens the storage that keeps answers between runs.
    """

    def __init__(
        self,
        model: ModelClient | None,
        open_answers: Callable[[], Path | WritableFileSystem],
        masker: Masker,
        texts: Texts,
        concurrency: int,
    ) -> None:
        self._model = model
        self._open_answers = open_answers
        self._mask = masker.mask
        self._texts = texts
        self._slots = asyncio.Semaphore(concurrency)

    @asynccontextmanager
    async def at_work(
        self, changes: Sequence[Change], report: WeeklyReport, *, asks_of_week: bool = False
    ) -> AsyncGenerator[Underway]:
        """Analyse the changes, a few at a time, while the context is open, and ask of the whole week if so told."""
        if changes:
            log.info("analysing %d categories", len(changes))
        async with nullcontext() if self._model is None or not changes else self._model:
            underway = Underway()
            try:
                # In this order they are asked.
                for change in changes[:1]:
                    underway.analyses[change] = self._begin(change, report)
                if asks_of_week:
                    underway.week = asyncio.create_task(self.week(report))
                for change in changes[1:]:
                    underway.analyses[change] = self._begin(change, report)
                yield underway
            finally:
                underway.cancel()

    def _begin(self, change: Change, report: WeeklyReport) -> asyncio.Task[Analysis]:
        return asyncio.create_task(self._analysed(report.material_for(change)))

    async def analyse_one(self, change: Change, report: WeeklyReport) -> Analysis:
        """Analyse one change."""
        async with self.at_work([change], report) as underway:
            return await underway.analyses[change]

    async def week(self, report: WeeklyReport) -> str | None:
        """What the model says of the whole week in at most three sentences, each carried by the report.

        None without a model, in a week without an announced change, and where the model failed or nothing of its
        answer is left.
        """
        if self._model is None or not report.announced:
            return None
        model, locale = self._model, self._texts.locale

        def read(reply: Reply) -> str:
            return parse_paragraph(reply.text, report, self._mask, reply.finish_reason)

        try:
            async with model, self._slots:
                prompt = build_week_prompt(report, locale)
                return await self._answered(model, prompt, read, is_counted=False)
        except (ModelError, UnusableAnswer) as error:
            log.warning("nothing from the model on the whole week (%s)", error)
            return None

    @cached_property
    def _answers(self) -> Path | WritableFileSystem:
        # A bucket takes seconds to open: do not open it where no model is asked.
        return self._open_answers()

    async def _analysed(self, material: Material) -> Analysis:
        if self._model is None:
            return rule_based_analysis(material, self._texts)
        try:
            async with self._slots:
                return await self._asked(self._model, material)
        except (ModelError, UnusableAnswer) as error:
            log.warning("no analysis from the model (%s): writing a rule-based one", error)
            return rule_based_analysis(material, self._texts)

    async def _asked(self, model: ModelClient, material: Material) -> Analysis:
        def read(reply: Reply) -> Analysis:
            analysis = parse_answer(reply.text, material, self._mask, reply.finish_reason)
            return replace(analysis, source=model.api.source)

        return await self._answered(model, build_prompt(material, self._texts.locale), read)

    async def _answered(
        self,
        model: ModelClient,
        prompt: Prompt,
        read: Callable[[Reply], Answer],
        *,
        is_counted: bool = True,
    ) -> Answer:
        """What `read` makes of the answer. One that cannot be used is asked for once more, and more strictly."""
        ask = ask_model.with_options(result_storage=self._answers)
        try:
            answer = await ask(model, prompt, model.api.identity, read, is_counted)
        except UnusableAnswer as error:
            log.info("the answer cannot be used (%s): asking once more", error)
            answer = await ask(model, stricter(prompt), model.api.identity, read, is_counted)
        return cast(Answer, answer)


def _answer_key(context: object, parameters: dict[str, Any]) -> str:
    # The prompt holds the week, the category and all numbers.
    prompt: Prompt = parameters["prompt"]
    asked = json.dumps([*parameters["model_identity"], prompt.instruction, prompt.data])
    return hashlib.sha256(asked.encode()).hexdigest()


@task(persist_result=True, cache_key_fn=_answer_key)
async def ask_model(
    model: ModelClient,
    prompt: Prompt,
    model_identity: tuple[str, ...],
    read: Callable[[Reply], Any],
    is_counted: bool = True,
) -> Any:
    """What `read` makes of the model's answer; the same question is asked once.

    What is kept is checked and masked. `read` raises UnusableAnswer for an answer that is not kept: the next run asks
    again. The client retries faults that may pass.
    """
    with redacted_errors(ModelError, UnusableAnswer):
        return read(await model.complete(prompt, is_counted=is_counted))

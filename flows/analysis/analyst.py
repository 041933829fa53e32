"""Asks LaaS why each category got worse, a few at a time; what LaaS cannot answer is written by rule."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import task

from catalogue import Texts
from flows.analysis.answer import UnusableAnswer, parse_answer
from flows.analysis.client import LaasClient, LaasError
from flows.analysis.prompt import build_prompt
from flows.analysis.rule_based import rule_based_analysis
from flows.privacy.masker import Masker
from flows.report.values import Analysis, Change, Material, WeeklyReport
from flows.runtime.failures import redacted_errors
from flows.runtime.progress import progress

if TYPE_CHECKING:
    from prefect.filesystems import WritableFileSystem

log = logging.getLogger("voc")


class Analyst:
    """Writes the analyses of one run: from LaaS where it is configured; by rule where it is not, or failed finally.

    `open_answers` opens the storage that keeps answers between runs.
    """

    def __init__(
        self,
        laas: LaasClient | None,
        open_answers: Callable[[], Path | WritableFileSystem],
        masker: Masker,
        texts: Texts,
        concurrency: int,
    ) -> None:
        self._laas = laas
        self._open_answers = open_answers
        self._mask = masker.mask
        self._texts = texts
        self._slots = asyncio.Semaphore(concurrency)

    async def analyse(
        self, changes: Sequence[Change], report: WeeklyReport
    ) -> AsyncGenerator[tuple[Change, Analysis]]:
        """Analyse each change, a few at a time, and yield each as soon as it is finished."""
        if not changes:
            return
        log.info("analysing %d categories", len(changes))
        async with nullcontext() if self._laas is None else self._laas:
            tasks = [
                asyncio.create_task(self._analyse_one(change, report.material_for(change)))
                for change in changes
            ]
            try:
                for count, finished in enumerate(asyncio.as_completed(tasks), 1):
                    yield await finished
                    progress.info("%d of %d", count, len(tasks))
            finally:
                for unfinished in tasks:
                    unfinished.cancel()

    @cached_property
    def _answers(self) -> Path | WritableFileSystem:
        # A bucket takes seconds to open: do not open it where LaaS is not asked.
        return self._open_answers()

    async def _analyse_one(self, change: Change, material: Material) -> tuple[Change, Analysis]:
        if self._laas is None:
            return change, rule_based_analysis(material, self._texts)
        ask = ask_laas.with_options(result_storage=self._answers)
        prompt = build_prompt(material, self._texts.locale)
        try:
            async with self._slots:
                answer = await ask(self._laas, prompt, self._laas.preset.hash)
            return change, parse_answer(answer, material, self._mask)
        except (LaasError, UnusableAnswer) as error:
            log.warning("no analysis from LaaS (%s): writing a rule-based one", error)
            return change, rule_based_analysis(material, self._texts)


def _answer_key(context: object, parameters: dict[str, Any]) -> str:
    # The prompt holds the week, the category and all numbers.
    asked = parameters["preset_hash"] + parameters["prompt"]
    return hashlib.sha256(asked.encode()).hexdigest()


@task(persist_result=True, cache_key_fn=_answer_key)
async def ask_laas(laas: LaasClient, prompt: str, preset_hash: str) -> str:
    """The model's answer; the same question is asked once. The client retries faults that may pass."""
    with redacted_errors(LaasError):
        return await laas.complete(prompt)

"""Asks a model on loopback through the client that the settings make."""

from __future__ import annotations

import asyncio

from flows.analysis.client import ModelError
from flows.analysis.completion import Reply
from flows.analysis.prompt import Prompt
from flows.runtime.assembly import Assembly
from tests.builders import build_settings
from tests.fakes.laas import FakeLaas
from tests.parts import parts_of

QUESTION = "이력서 업로드 문의가 왜 늘었나요? ticket_id: 9001"
PROMPT = Prompt("JSON으로 답하세요.", QUESTION)


def parts_for(laas: FakeLaas, **environment: str) -> Assembly:
    """The parts of a run whose model is `laas`."""
    key = {"LAAS_API_KEY": laas.api_key, "LAAS_BASE_URL": laas.url}
    return parts_of(build_settings(**key | environment))


def openai(laas: FakeLaas, **environment: str) -> dict[str, str]:
    """The settings of a run that asks the same server as an OpenAI-compatible one."""
    return {
        "VOC_MODEL_API": "openai",
        "VOC_MODEL_BASE_URL": laas.url,
        "VOC_MODEL_NAME": laas.model,
        "VOC_MODEL_API_KEY": laas.api_key,
    } | environment


def ask(parts: Assembly, *prompts: Prompt, together: bool = False) -> list[Reply | str]:
    """What became of each question of one run: its reply, or the words of the error."""
    model = parts.model
    assert model is not None

    async def one(prompt: Prompt) -> Reply | str:
        try:
            return await model.complete(prompt)
        except ModelError as error:
            return str(error)

    async def all_of_them() -> list[Reply | str]:
        async with model:
            if together:
                return list(await asyncio.gather(*map(one, prompts)))
            return [await one(prompt) for prompt in prompts]

    return asyncio.run(all_of_them())


def complete(laas: FakeLaas, prompt: Prompt = PROMPT, /, **environment: str) -> str:
    """The words of one answer. Raises ModelError."""
    model = parts_for(laas, **environment).model
    assert model is not None

    async def one() -> Reply:
        async with model:
            return await model.complete(prompt)

    return asyncio.run(one()).text

"""How a run ends reaches people through the bot, whatever the flow raises."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

import flows.weekly_voc
from bot.deployments import run_of
from bot.runs import Origin, Run
from bot.texts import Phrases
from catalogue.ending import Completed, Failed
from flows.runtime.errors import VocError
from flows.runtime.failures import UnexpectedError
from tests.builders import KOREAN

pytestmark = pytest.mark.usefixtures("prefect_api")


def subclasses(kind: type[VocError]) -> Iterator[type[VocError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


def ended() -> Run:
    """A run of the flow, as the bot reads it from Prefect."""

    async def run() -> Run:
        state: State[Any] = await flows.weekly_voc.weekly_voc(return_state=True)
        run_id = state.state_details.flow_run_id
        assert isinstance(run_id, UUID)
        async with get_client() as client:
            return run_of(await client.read_flow_run(run_id), Origin("C", "U", "call"))

    return asyncio.run(run())


@pytest.mark.parametrize("kind", list(subclasses(VocError)))
def test_every_error_for_users_is_told_in_the_reader_s_language(
    kind: type[VocError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise kind("the table <x> is missing. Set it.")

    monkeypatch.setattr(flows.weekly_voc, "check_rules", fail)
    run = ended()
    assert (run.state, run.failure) == ("FAILED", kind.kind)
    assert run.message.startswith(f"failed {kind.kind}: ")
    assert "the table <x> is missing. Set it." in run.message
    said = Phrases(KOREAN).progress(run, "failed")
    assert f"❌ 실패 · {KOREAN(f'failure.{kind.kind}')}" in said


def test_an_error_that_nobody_expected_is_told_by_its_type_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise LookupError("010-1234-5678")

    monkeypatch.setattr(flows.weekly_voc, "check_rules", fail)
    run = ended()
    assert run.failure == "unexpected"
    assert run.message.startswith("failed unexpected: unexpected LookupError. Details: ")
    assert "1234" not in run.message


def test_a_wrong_setting_is_told_like_any_other_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_TIMEZONE", "Mars/Base")
    assert ended().message.startswith("failed usage: VOC_TIMEZONE is not a time zone")


def test_lines_are_read_back_and_nothing_else_is() -> None:
    assert Completed.read(str(Completed("2026-W46", "posted"))) == Completed("2026-W46", "posted")
    failed = Failed("source", "table x: not\nfound")
    assert Failed.read(str(failed)) == failed
    for other in ("", "All states completed.", "Flow run encountered an exception: x"):
        assert Completed.read(other) is None
        assert Failed.read(other) is None
    assert issubclass(UnexpectedError, VocError)

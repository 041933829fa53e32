"""A short form of `make chaos`: some boundaries, one random moment, and each way in which Slack fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.crash import FAULTS, Chaos, prepared

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

EVERY_NTH = 5  # odd, so that it takes some moments before and some after a request takes effect


@pytest.fixture(scope="module")
def chaos(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Iterator[Chaos]:
    with prepared(tmp_path_factory.mktemp("chaos"), prefect_api) as chaos:
        yield chaos


@pytest.mark.timeout(600)
def test_a_killed_run_is_completed_by_the_next_without_a_duplicate(
    chaos: Chaos, tmp_path: Path
) -> None:
    moments = [*chaos.boundaries()[::EVERY_NTH], *chaos.random_moments(1, seed=7)]
    assert {moment.service for moment in moments} == {"slack", "laas", "clock"}
    for moment in moments:
        counted = chaos.crash(moment)
        assert (counted.duplicates, counted.missing) == (0, 0), moment
        assert counted.kills or moment.service == "clock", moment


@pytest.mark.timeout(600)
def test_a_run_that_is_killed_while_slack_fails_is_completed_too(chaos: Chaos) -> None:
    moments = chaos.troubled_moments(len(FAULTS), seed=7)
    assert {moment.trouble and moment.trouble.fault for moment in moments} == FAULTS.keys()
    for first in range(0, len(moments), 4):
        counted = chaos.crash(*moments[first : first + 4], builds=False)
        assert (counted.duplicates, counted.missing) == (0, 0), moments[first : first + 4]
        assert counted.kills

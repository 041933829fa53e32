"""LaaS on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.laas import FakeLaas


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def laas() -> Iterator[FakeLaas]:
    with FakeLaas() as laas:
        yield laas


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, in seconds, which the test does not spend."""
    asked: list[float] = []

    async def note(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("flows.analysis.client.sleep", note)
    return asked

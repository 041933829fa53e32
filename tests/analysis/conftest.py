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

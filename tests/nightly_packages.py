"""The packages that only `make nightly` installs, from tests/nightly.lock."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest


def needs(*packages: str) -> None:
    """Skip the test, and say why, where one of these packages is missing."""
    for package in packages:
        try:
            version(package)
        except PackageNotFoundError:
            pytest.skip(f"needs the package {package}: `make nightly` installs tests/nightly.lock")

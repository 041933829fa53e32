"""Fixtures: one bqemulator for all tests, an endpoint of their own, GoogleSQL, the compiled project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bigquery.compiled import Compiled, compile_project
from tests.bigquery.googlesql import GoogleSql
from tests.fakes import google
from tests.fakes.bigquery import FakeBigQuery, bqemulator
from tests.fakes.http import Reply, Request

SOURCE_PROJECT, TARGET_PROJECT = "lab-data", "lab-voc"
SOURCE_TABLE = f"{SOURCE_PROJECT}.wanted_ml.zendesk_voc_classified"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One of them makes what the cache keeps, the others wait for it: minutes, beside other work.
    for item in items:
        if {"compiled", "googlesql"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    with bqemulator() as url:
        yield url


@pytest.fixture
def bq(emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBigQuery]:
    """An endpoint that the settings of the test lead to, with a key file; the tables are shared."""
    with FakeBigQuery(emulator) as endpoint:
        for name, value in variables(endpoint, tmp_path).items():
            monkeypatch.setenv(name, value)
        yield endpoint


def variables(endpoint: FakeBigQuery, folder: Path) -> dict[str, str]:
    """What leads a process to the endpoint."""
    return {
        "BIGQUERY_EMULATOR_HOST": endpoint.url,
        **google.variables(folder, TARGET_PROJECT, endpoint.url),
        "VOC_TARGET": "bigquery",
        "VOC_SOURCE_TABLE": SOURCE_TABLE,
        "VOC_BIGQUERY_PROJECT": TARGET_PROJECT,
    }


class Compiling(FakeBigQuery):
    """An endpoint that dbt compiles on: what a unit test asks is left to GoogleSQL itself, in test_googlesql.py."""

    def respond(self, request: Request) -> Reply:
        if b"actual_or_expected" in request.body:
            question = deepcopy(request.payload)
            question["configuration"]["query"]["query"] = NO_DIFFERENCE
            request = replace(request, body=json.dumps(question).encode())
        return super().respond(request)


NO_DIFFERENCE = "select * from (select 'actual' as actual_or_expected, 1 as value) where false"


@pytest.fixture(scope="session")
def cache(pytestconfig: pytest.Config) -> Path:
    """Where what takes long to make is kept between runs of the tests."""
    assert pytestconfig.cache is not None
    return pytestconfig.cache.mkdir("googlesql")


@pytest.fixture(scope="session")
def compiled(
    cache: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """The project compiled for BigQuery as on the first run."""
    endpoints = []

    def endpoint() -> dict[str, str]:
        bigquery = Compiling(request.getfixturevalue("emulator")).__enter__()
        endpoints.append(bigquery)
        bigquery.load(SOURCE_TABLE, [])
        dataset = {"VOC_BIGQUERY_DATASET": "compiled"}
        return variables(bigquery, tmp_path_factory.mktemp("key")) | dataset

    yield compile_project(cache, endpoint)
    for bigquery in endpoints:
        bigquery.__exit__(None, None, None)


@pytest.fixture
def googlesql(cache: Path) -> GoogleSql:
    return GoogleSql(cache)

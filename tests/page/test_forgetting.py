"""Pages, records and answers are removed from a folder and from a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.page.forgetting import forget_files, forget_old, forget_pages
from flows.page.store import PageStore
from flows.privacy.words import Words
from flows.report.values import Week
from flows.runtime.workspace import Workspace
from tests.builders import build_settings
from tests.fakes.storage import FakeStorage
from tests.parts import parts_of

NEWEST = Week(date(2026, 11, 9), date(2026, 11, 15), "2026-W46")
OLD = datetime(2026, 5, 1, tzinfo=UTC)
NEW = datetime(2026, 11, 16, tzinfo=UTC)


class Places:
    """Pages and answers in a folder or a bucket, and a way to make a file old."""

    def __init__(self, tmp_path: Path, storage: FakeStorage | None) -> None:
        self._storage = storage
        self._home = tmp_path / "home"
        settings = build_settings(
            **(
                {"VOC_REPORT_BUCKET": "gs://ours", "VOC_STATE_URI": "gs://ours/state"}
                if storage
                else {}
            )
        )
        parts = parts_of(settings)
        self.pages: PageStore = parts.page_store(Workspace(Path("bigquery")))
        self.answers: PageStore = parts.kept_answers

    def answer(self, name: str, written: datetime) -> None:
        """An answer as Prefect keeps it: its name has no ending."""
        if self._storage is None:
            path = self._home / "state" / "laas" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
            os.utime(path, (written.timestamp(), written.timestamp()))
        else:
            self.pages.write("new.json", "{}")
            new = self._storage.objects["ours"].pop("new.json")
            updated = written.isoformat().replace("+00:00", "Z")
            self._storage.objects["ours"][f"state/laas/{name}"] = replace(new, updated=updated)


@pytest.fixture(params=["folder", "bucket"])
def places(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Places]:
    if request.param == "folder":
        yield Places(tmp_path, None)
        return
    with FakeStorage("ours", may_see_buckets=False) as storage:
        for name, value in storage.variables(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield Places(tmp_path, storage)


def fill(pages: PageStore) -> None:
    for week, ticket in (("2026-W20", 1), ("2026-W21", 2), ("2026-W46", 3)):
        pages.write(f"{week}.html", f"<p>{ticket}</p>")
        pages.write(f"{week}.json", "{}")
    pages.write("index.html", "1 2 3")


def test_a_page_goes_with_its_record(places: Places) -> None:
    fill(places.pages)
    asked = Words(ticket="2")
    assert forget_pages(places.pages, asked, dry_run=True) == ["2026-W21"]
    assert len(places.pages.names()) == 7
    assert forget_pages(places.pages, asked) == ["2026-W21"]
    assert forget_pages(places.pages, asked) == []
    assert places.pages.names() == {
        "index.html",
        *(f"{week}.{kind}" for week in ("2026-W20", "2026-W46") for kind in ("html", "json")),
    }


def test_a_run_keeps_as_many_weeks_as_it_is_told(places: Places) -> None:
    fill(places.pages)
    places.answer("a" * 64, OLD)
    places.answer("b" * 64, NEW)
    forget_old(places.pages, places.answers, NEWEST, 25, build_settings().zone)
    assert {name for name in places.pages.names() if "W" in name} == {
        f"{week}.{kind}" for week in ("2026-W21", "2026-W46") for kind in ("html", "json")
    }
    assert places.answers.names() == {"b" * 64}


def test_every_answer_goes_when_no_moment_is_named(places: Places) -> None:
    places.answer("a" * 64, OLD)
    places.answer("b" * 64, NEW)
    assert forget_files(places.answers, None) == 2
    assert forget_files(places.answers, None) == 0
    places.answers.remove("c" * 64)  # gone already

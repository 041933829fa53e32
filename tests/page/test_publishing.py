"""Pages are put where people see them, with a record for a later run, in a folder or in a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from catalogue import Texts
from flows.page.publishing import Published, Publisher, read_record, write_index
from flows.page.record import Announcement, Record
from flows.page.store import FolderStore, PageStore
from flows.privacy.masker import Masker
from flows.report.values import Count, Week, WeeklyReport, WeekPair
from flows.runtime.errors import UsageError
from flows.runtime.workspace import Workspace
from flows.warehouse.connection import DuckDBWarehouse
from flows.warehouse.marts import read_history, read_past_weeks
from tests.builders import BASE, CATEGORY, COMPARISON, build_analysis, build_change, build_settings
from tests.fakes.google import refusal
from tests.fakes.http import Fault, refuse_connection_before
from tests.fakes.storage import FakeStorage
from tests.page.conftest import PHONE, RECEIPT
from tests.parts import parts_of

FILE = Workspace(Path("tickets-0123abcd"), Path("tickets-0123abcd/warehouse.duckdb"))
TABLE = Workspace(Path("bigquery"))
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """Three weeks, the second of which has no tickets in the category."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create table dim_voc_weeks as
            select * from (values
                (date '2025-10-27', date '2025-11-02', '2025-W44'),
                (date '2025-11-03', date '2025-11-09', '2025-W45'),
                (date '2025-11-10', date '2025-11-16', '2025-W46')
            ) as weeks (week_start, week_end, week_label);

            create table fct_voc_weekly_counts as
            select * from (values
                (date '2025-10-27', '유저', '이력서', '업로드 오류', 20, 5),
                (date '2025-11-10', '유저', '이력서', '업로드 오류', 40, 20),
                (date '2025-11-10', '기타', '의견', '(미분류)', 2, 0)
            ) as counts (week_start, category1, category2, category3, total_count, negative_count);

            create table fct_voc_weekly_status as
            select * from (values
                (date '2025-11-03', '유저', '이력서', '업로드 오류', 'IMPROVED', 12, 30, 0),
                (date '2025-11-10', '유저', '이력서', '업로드 오류', 'CRITICAL', 11, 29, 40),
                (date '2025-11-10', '기타', '의견', '(미분류)', 'STABLE', 0, 4, 2),
                (date '2025-11-10', '기타', '문의', '(미분류)', 'STABLE', 0, 3, 0)
            ) as statuses (
                week_start, category1, category2, category3, status, usual_low, usual_high, comparison_total
            );

            create table fct_voc_weekly_alarms as
            select * from (values
                (date '2025-11-03', 0, 0, 0.4e0),
                (date '2025-11-10', 1, 1, 0.6e0)
            ) as alarms (week_start, alarms, strong_alarms, alarms_by_chance);

            create table fct_voc_source_doubts as
            select * from (values
                (date '2025-10-27', 'week_low', true, null, null, null, null, null, 20.0, 50.0),
                (date '2025-11-10', 'days_lost', true, '2025-11-12', null, null, null, null, 1.0, 15.0)
            ) as doubts (
                week_start, code, is_incomplete, dates, category1, category2, category3, renamed_to, observed, usual
            )
            """
        )
    return DuckDBWarehouse(path)


# --- What is read -----------------------------------------------------------------------------


def test_a_week_without_tickets_counts_0(warehouse: DuckDBWarehouse) -> None:
    history = read_history(warehouse, COMPARISON)
    assert [week.label for week in history.weeks] == ["2025-W44", "2025-W45", "2025-W46"]
    usual = [(12, 30), (11, 29)]
    assert history.of(CATEGORY) == (Count(20, 5), Count(0, 0, usual[0]), Count(40, 20, usual[1]))
    assert history.of(("no", "such", "category")) == (Count(0, 0),) * 3
    assert history.overall == (Count(20, 5), Count(0, 0), Count(42, 20))


def test_no_more_weeks_are_read_than_asked_for_and_none_after_the_newest(
    warehouse: DuckDBWarehouse,
) -> None:
    assert read_history(warehouse, COMPARISON, weeks=2).weeks == (BASE, COMPARISON)
    assert [week.label for week in read_history(warehouse, BASE).weeks] == ["2025-W44", "2025-W45"]


def test_every_comparison_week_has_its_statuses_counted(warehouse: DuckDBWarehouse) -> None:
    newest, older = read_past_weeks(warehouse)
    assert newest.week == COMPARISON
    assert newest.status_counts == {"CRITICAL": 1, "MONITOR": 0, "IMPROVED": 0, "STABLE": 2}
    assert older.status_counts["IMPROVED"] == 1
    assert (newest.tickets, older.tickets) == (42, 0)
    assert (newest.alarms, newest.strong_alarms, newest.alarms_by_chance) == (1, 1, 0.6e0)
    assert [doubt.code for doubt in newest.doubts] == ["days_lost"]
    assert older.doubts == ()


# --- What is published ------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "reports")


@pytest.fixture
def publisher(
    place: FolderStore, warehouse: DuckDBWarehouse, report: WeeklyReport, masker: Masker
) -> Publisher:
    return publisher_to(place, warehouse, report, masker)


def publisher_to(
    place: PageStore, warehouse: DuckDBWarehouse, report: WeeklyReport, masker: Masker
) -> Publisher:
    return Publisher(place, warehouse, report, date(2025, 11, 16), masker, "1.2.3", Texts())


def test_the_page_is_there_before_its_analyses(publisher: Publisher, place: FolderStore) -> None:
    publisher.publish()
    assert place.names() == {"2025-W46.html", "index.html", "product.html"}
    assert "분석을 쓰고 있습니다" in (place.read("2025-W46.html") or "")
    assert 'href="2025-W46.html"' in (place.read("index.html") or "")


def test_the_finished_page_has_the_analyses_and_rule_based_ones_for_the_rest(
    publisher: Publisher, place: FolderStore
) -> None:
    publisher.publish(Record((build_analysis(summary="모델이 쓴 요약"),), RECEIPT))
    page = place.read("2025-W46.html") or ""
    assert "모델이 쓴 요약" in page
    assert page.count("규칙 기반 분석") == 2
    assert "분석을 쓰고 있습니다" not in page
    assert "4,567토큰" in page


def test_a_later_run_shows_the_analyses_that_stand_already(
    publisher: Publisher, place: FolderStore
) -> None:
    publisher.publish(Record((build_analysis(summary="먼저 올린 요약"),), RECEIPT))
    later = replace(RECEIPT, laas_calls=0)
    other = build_analysis(category=("기업", "결제", "환불"), summary="나중에 쓴 요약")
    publisher.publish(Record((other,), later))
    page = place.read("2025-W46.html") or ""
    assert "먼저 올린 요약" in page
    assert "나중에 쓴 요약" in page
    assert read_record(place, COMPARISON).receipt == later


def test_nothing_that_looks_like_personal_data_is_kept(
    place: FolderStore, warehouse: DuckDBWarehouse, report: WeeklyReport, masker: Masker
) -> None:
    private = build_change(category=("유저", PHONE, "업로드 오류"))
    report = replace(report, rows=(private, *report.rows))
    analyses = (build_analysis(category=private.category), build_analysis())
    publisher_to(place, warehouse, report, masker).publish(Record(analyses, RECEIPT))
    assert not [name for name in place.names() if PHONE in (place.read(name) or "")]
    assert read_record(place, COMPARISON).analyses == (build_analysis(),)


def test_a_broken_record_is_not_used(
    publisher: Publisher, place: FolderStore, caplog: pytest.LogCaptureFixture
) -> None:
    place.write("2025-W46.json", '{"analyses": "요약')
    publisher.publish()
    assert "2025-W46.json is not a record of analyses" in caplog.text


def test_a_record_of_an_earlier_version_knows_no_message(
    publisher: Publisher, place: FolderStore
) -> None:
    place.write("2025-W46.json", '{"analyses": [], "receipt": null}')
    publisher.publish()
    assert read_record(place, COMPARISON) == Record()
    assert "slack.com" not in (place.read("index.html") or "")


ASKED = Announcement(
    datetime(2025, 11, 17, 8, tzinfo=SEOUL), "https://slack.com/archives/C1/p1", True
)
FIRST = Announcement(datetime(2025, 11, 17, 9, 1, tzinfo=SEOUL), "https://slack.com/archives/C0/p2")
AGAIN = Announcement(datetime(2025, 11, 18, 9, 1, tzinfo=SEOUL), "https://slack.com/archives/C0/p3")


def test_the_list_leads_to_the_first_message_in_the_channel_whatever_ran_later(
    publisher: Publisher, place: FolderStore
) -> None:
    for announcement in (ASKED, AGAIN, None, FIRST, ASKED):
        publisher.publish(Record((), RECEIPT, announcement))
    assert read_record(place, COMPARISON).announcement == FIRST
    assert f'href="{FIRST.url}"' in (place.read("index.html") or "")
    assert "11-17 09:01" in (place.read("product.html") or "")


def test_a_page_elsewhere_has_the_records_of_the_runs(
    publisher: Publisher,
    place: FolderStore,
    tmp_path: Path,
    warehouse: DuckDBWarehouse,
    report: WeeklyReport,
    masker: Masker,
) -> None:
    publisher.publish(Record((), RECEIPT, FIRST))
    elsewhere = FolderStore(tmp_path / "pages")
    publisher_to(elsewhere, warehouse, report, masker).write(Record(), place)
    assert "11-17 09:01" in (elsewhere.read("product.html") or "")
    assert elsewhere.names() == {"2025-W46.html", "index.html", "product.html"}


# --- From week to week ------------------------------------------------------------------------


def links(place: FolderStore, week: str) -> dict[str, str]:
    return dict(re.findall(r'<a rel="(\w+)" href="(.*?)"', place.read(f"{week}.html") or ""))


def test_pages_lead_to_the_weeks_before_and_after_that_have_one(
    place: FolderStore, warehouse: DuckDBWarehouse, report: WeeklyReport, masker: Masker
) -> None:
    def publish(week: Week) -> None:
        of_week = replace(report, weeks=WeekPair(week, report.weeks.base))
        publisher_to(place, warehouse, of_week, masker).publish(Record((), RECEIPT))

    weeks = [
        Week(day, day + timedelta(days=6), f"{day:%G-W%V}")
        for day in (COMPARISON.start - timedelta(weeks=n) for n in (2, 1, 0))
    ]
    for week in reversed(weeks):
        publish(week)
    first, middle, last = (week.label for week in weeks)
    assert links(place, first) == {"next": f"{middle}.html"}
    assert links(place, middle) == {"prev": f"{first}.html", "next": f"{last}.html"}
    assert links(place, last) == {"prev": f"{middle}.html"}
    before = place.read(f"{middle}.html") or ""

    place.remove(f"{first}.html")  # as a run does that keeps so many weeks
    publish(weeks[-1])
    assert links(place, middle) == {"next": f"{last}.html"}
    publish(weeks[0])
    assert place.read(f"{middle}.html") == before  # nothing else in it has changed

    place.remove(f"{middle}.html")
    write_index(place, read_past_weeks(warehouse), Texts(), masker.contains_pii)
    assert links(place, first) == {"next": f"{last}.html"}
    assert links(place, last) == {"prev": f"{first}.html"}


def test_a_page_of_an_earlier_version_stays_as_it_is(
    publisher: Publisher, place: FolderStore
) -> None:
    place.write("2025-W45.html", "<p>$1 \\1</p>")
    publisher.publish()
    assert place.read("2025-W45.html") == "<p>$1 \\1</p>"
    assert links(place, "2025-W46") == {"prev": "2025-W45.html"}


# --- A folder ---------------------------------------------------------------------------------


def test_only_the_owner_can_read_a_folder(place: FolderStore) -> None:
    place.write("index.html", "x")
    assert place.path.stat().st_mode & 0o777 == 0o700
    assert (place.path / "index.html").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UsageError, match="cannot write to .*taken"):
        FolderStore(tmp_path / "taken").write("index.html", "x")


def test_each_file_has_its_own_folder_and_a_table_has_the_first(tmp_path: Path) -> None:
    settings = build_settings(VOC_REPORT_URL="https://reports.example/voc/")
    of_file, of_table = parts_of(settings).page_store(FILE), parts_of(settings).page_store(TABLE)
    assert isinstance(of_file, FolderStore)
    assert of_file.path == tmp_path / "home" / "reports" / "tickets-0123abcd"
    assert of_file.url("index.html") == ("https://reports.example/voc/tickets-0123abcd/index.html")
    assert of_table.url("index.html") == "https://reports.example/voc/index.html"


def test_without_an_address_there_is_no_link(tmp_path: Path) -> None:
    settings = build_settings(VOC_REPORT_BUCKET=str(tmp_path / "pages"))
    place = parts_of(settings).page_store(TABLE)
    assert isinstance(place, FolderStore)
    assert place.path == tmp_path / "pages"
    assert place.url("index.html") is None


# --- A bucket ---------------------------------------------------------------------------------


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStorage]:
    """A bucket that its account may use but not look at (roles/storage.objectUser)."""
    with FakeStorage("ours", may_see_buckets=False) as storage:
        for name, value in storage.variables(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield storage


def test_a_bucket_shows_pages_as_pages_under_googles_address(
    storage: FakeStorage, warehouse: DuckDBWarehouse, report: WeeklyReport, masker: Masker
) -> None:
    place = parts_of(build_settings(VOC_REPORT_BUCKET="gs://ours/voc/")).page_store(TABLE)
    place.write("2025-W45.html", "an older page")
    place.write("tickets/2025-W44.html", "another source's")
    published = publisher_to(place, warehouse, report, masker).publish(
        Record((build_analysis(),), RECEIPT)
    )
    assert published == Published(
        "gs://ours/voc/2025-W46.html",
        "https://storage.cloud.google.com/ours/voc/2025-W46.html",
    )
    page, index, record = (
        storage.objects["ours"][f"voc/{name}"]
        for name in ("2025-W46.html", "index.html", "2025-W46.json")
    )
    assert page.content_type == index.content_type == "text/html; charset=utf-8"
    assert record.content_type == "application/json"
    assert page.cache_control == index.cache_control == "no-cache"
    # Google serves a file under an address of its own: a relative link would lead nowhere.
    assert (
        'href="https://storage.cloud.google.com/ours/voc/2025-W45.html"' in index.content.decode()
    )
    assert "W44" not in index.content.decode()
    assert read_record(place, COMPARISON).analyses == (build_analysis(),)


def test_the_address_of_a_bucket_can_be_another() -> None:
    settings = build_settings(
        VOC_REPORT_BUCKET="gs://ours", VOC_REPORT_URL="https://voc.example.com"
    )
    assert parts_of(settings).page_store(FILE).url("a.html") == (
        "https://voc.example.com/tickets-0123abcd/a.html"
    )


@pytest.mark.parametrize("bucket", ["gs://ours", "/srv/www/voc"])
def test_a_dry_run_touches_nothing_that_people_see(tmp_path: Path, bucket: str) -> None:
    settings = build_settings(VOC_REPORT_BUCKET=bucket, VOC_REPORT_URL="https://voc.example.com")
    place = parts_of(settings, dry_run=True).page_store(TABLE)
    assert isinstance(place, FolderStore)
    assert place.path == tmp_path / "home" / "dry-run"
    assert place.url("index.html") is None


@pytest.mark.parametrize(
    ("fault", "remedy", "is_passing"),
    [
        (refusal(403, "forbidden", "no"), "the role roles/storage.objectUser on it is", False),
        (refusal(404, "notFound", "no"), "does not exist", False),
        (refusal(503, "backendError", "x"), "cannot be reached .ServiceUnavailable.. Try", True),
        (refuse_connection_before, "cannot be reached .ConnectionError.. Try again", True),
    ],
)
def test_a_bucket_that_refuses_says_what_to_do(
    storage: FakeStorage, fault: Fault, remedy: str, is_passing: bool
) -> None:
    place = parts_of(build_settings(VOC_REPORT_BUCKET="gs://ours")).page_store(TABLE)
    storage.on("/upload/storage/v1/b/ours/o", do=fault)
    with pytest.raises(UsageError, match=remedy) as caught:
        place.write("index.html", "x")
    assert caught.value.is_passing is is_passing
    assert storage.objects == {"ours": {}}

"""Words for a week become a date; nothing else."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from flows.report.as_of import as_of_week, checked_as_of, date_of
from flows.runtime.errors import UsageError

NOW = datetime(2026, 11, 16, 0, 30, tzinfo=ZoneInfo("Asia/Seoul"))


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        ("2026-W46", date(2026, 11, 16)),
        ("2026w46", date(2026, 11, 16)),
        ("2026-W53", date(2027, 1, 4)),
        ("2027-W01", date(2027, 1, 11)),
        ("２０２６－Ｗ４６", date(2026, 11, 16)),
    ],
)
def test_a_week_is_reported_from_the_monday_after_it(text: str, as_of: date) -> None:
    assert as_of_week(text) == as_of


@pytest.mark.parametrize(
    "text", ["2026-W54", "2027-W53", "W46", "46", "", "9999-W53", "2026-11-16"]
)
def test_what_is_no_week_is_refused_with_the_form_to_use(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a week. Write it as 2026-W46"):
        as_of_week(text)


@pytest.mark.parametrize("text", ["16.11.2026", "2026-13-01", "yesterday"])
def test_what_is_no_date_is_refused_with_the_form_to_use(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a date. Write it as 2026-11-16"):
        date_of(text)


def test_without_a_date_it_is_today_in_the_reporting_time_zone() -> None:
    assert checked_as_of(None, NOW) == date(2026, 11, 16)


def test_today_is_not_the_future_but_tomorrow_is() -> None:
    assert checked_as_of(date(2026, 11, 16), NOW) == date(2026, 11, 16)
    with pytest.raises(
        UsageError,
        match=r"2026-11-17 is in the future \(today is 2026-11-16\).*the newest is 2026-W46",
    ):
        checked_as_of(date(2026, 11, 17), NOW)

"""Retry-After is read in each of its forms, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.retry_after import retry_after_seconds

NOW = datetime(2026, 11, 16, 0, 0, 0, tzinfo=UTC)

FORMS: dict[str, tuple[dict[str, str], float]] = {
    "seconds": ({"retry-after": "9"}, 9),
    "fractions": ({"retry-after": "0.25"}, 0.25),
    "blanks around": ({"retry-after": " 9 "}, 9),
    "a unit": ({"retry-after": "9s"}, 9),
    "the usual date": ({"retry-after": "Mon, 16 Nov 2026 00:00:09 GMT"}, 9),
    "a date of RFC 850": ({"retry-after": "Monday, 16-Nov-26 00:00:09 GMT"}, 9),
    "a date of asctime": ({"retry-after": "Mon Nov 16 00:00:09 2026"}, 9),
    "a date with another zone": ({"retry-after": "Mon, 16 Nov 2026 09:00:09 +0900"}, 9),
    "milliseconds": ({"retry-after-ms": "250"}, 0.25),
    "milliseconds first": ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    "milliseconds that are none": ({"retry-after-ms": "soon", "retry-after": "1"}, 1),
    "no milliseconds to wait": ({"retry-after-ms": "0", "retry-after": "1"}, 1),
}


@pytest.mark.parametrize(("headers", "seconds"), FORMS.values(), ids=FORMS.keys())
def test_every_form_is_seconds(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_what_is_huge_stays_huge(value: str) -> None:
    wait = retry_after_seconds({"retry-after": value}, NOW)
    assert wait is not None
    assert wait > 1e9


@pytest.mark.parametrize(
    "value",
    [
        *("", "0", "-5", "+5", "nan", "inf", "1e3", "0x10", "1_000", "٩", "5, 10", "soon", "s"),
        *("9 minutes", "2026-11-16T00:00:09Z", "Mon, 16 Nov 2026 99:00:00 GMT"),
        *("Sun, 15 Nov 2026 23:59:59 GMT", "Mon, 16 Nov 2026 00:00:00 GMT"),
        "Mon, 16 Nov 99999999 00:00:09 GMT",
        "Mon, 16 Nov 2026 00:00:09 +99999999",
        "9" * 100_000 + "x",
    ],
)
def test_nothing_else_is_a_time_to_wait(value: str) -> None:
    assert retry_after_seconds({"retry-after": value, "retry-after-ms": value}, NOW) is None


@given(value=st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ Nov \d+ \d+:\d+:\d+ [+-]?\w*"))
def test_no_value_is_an_error_or_a_wait_back_in_time(value: str) -> None:
    wait = retry_after_seconds({"retry-after": value, "retry-after-ms": value}, NOW)
    assert wait is None or wait > 0

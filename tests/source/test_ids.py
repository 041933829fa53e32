"""An id is what was written once: of numbers that lost digits, none is taken for a ticket."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.source.exports import BASE, COMPARISON, csv, parquet_of, read, refusal


def csv_of_ids(folder: Path, *ids: str) -> Path:
    times = (BASE, *(COMPARISON for _ in ids))
    return csv(folder, *(f"{id_},{time},유저,부정" for id_, time in zip(ids, times, strict=False)))


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        (("50000017.0", "50000018.0"), ["50000017", "50000018"]),
        (("50000017.00", "50000018"), ["50000017", "50000018"]),
        (("2026.0", "2026.10"), ["2026.0", "2026.10"]),  # codes: not all are whole
        (("12E45", "7e10"), ["12E45", "7e10"]),  # codes: Excel writes a sign
        (("007", "7"), ["007", "7"]),
        (("12345678901234567890", "#1"), ["12345678901234567890", "#1"]),
    ],
)
def test_an_id_in_text_stays_what_it_is(
    tmp_path: Path, written: tuple[str, ...], ids: list[str]
) -> None:
    assert [row[0] for row in read(csv_of_ids(tmp_path, *written))] == ids
    path = parquet_of(tmp_path, id=f"'{written[0]}'")
    expected = ids[0] if "." not in written[0] or ids[0] != written[0] else "2026"
    assert read(path)[0][0] == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            ("1", *["5.00000E+11"] * 3, "6E+11"),
            "in scientific notation in 4 row(s), such as 5.00000E+11, which 3 ticket(s) share",
        ),
        (("1", "5,0E11"), None),
        (("1", "5.0e11"), "such as 5.0e11, which 1 ticket(s) share"),
        (("1.0", "9007199254740993.0"), "too large to be exact, such as 9007199254740992"),
        (("1", " "), "id is blank in 1 row(s)"),
        (("1", "\u200b"), "id is blank in 1 row(s)"),
    ],
)
def test_an_id_that_was_lost_is_refused(
    tmp_path: Path, written: tuple[str, ...], said: str | None
) -> None:
    written = tuple(f'"{id_}"' for id_ in written)
    assert (said or "in scientific notation in 1") in refusal(csv_of_ids(tmp_path, *written))


@pytest.mark.parametrize(
    ("id_", "text"),
    [
        ("50000017::double", "50000017"),
        ("9007199254740991::double", "9007199254740991"),
        ("50000017::decimal(20, 2)", "50000017"),
        ("repeat('9', 38)::decimal(38, 0)", "9" * 38),
        ("18446744073709551615::ubigint", "18446744073709551615"),
        ("50000017::hugeint", "50000017"),  # Parquet has none: it is written as DOUBLE
        ("7::tinyint", "7"),
        ("'00000000-0000-0000-0000-000000000007'::uuid", "00000000-0000-0000-0000-000000000007"),
        ("'a'::enum ('a', 'b')", "a"),
    ],
)
def test_a_number_is_a_whole_id_whatever_its_type(tmp_path: Path, id_: str, text: str) -> None:
    assert {row[0] for row in read(parquet_of(tmp_path, id=id_))} == {text}


@pytest.mark.parametrize(
    ("id_", "said"),
    [
        ("50000017::float", "id is FLOAT, which does not hold every id exactly"),
        ("9007199254740993::double", "such as 9007199254740992.0: not whole, or too large"),
        ("50000017.5::double", "such as 50000017.5: not whole"),
        ("50000017.5::decimal(20, 1)", "such as 50000017.5: not whole"),
        ("'nan'::double", "such as nan"),
        ("'infinity'::double", "such as inf"),
        ("true", "id is BOOLEAN"),
        ("date '2026-11-10'", "id is DATE"),
        ("'1'::blob", "id holds no text"),
        ("null::bigint", "id is blank in 2 row(s)"),
        ("'5.0E+11'", "which 2 ticket(s) share"),
    ],
)
def test_a_type_that_does_not_hold_every_id_is_refused(tmp_path: Path, id_: str, said: str) -> None:
    assert said in refusal(parquet_of(tmp_path, id=id_))

"""The owners' seed is checked before dbt sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.runtime.errors import UsageError
from flows.source.owners import SEED, check_owners

HEADER = "category1,category2,category3,owner,channel,language"


def seed(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "category_owners.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_seed_in_the_repository_names_nobody() -> None:
    assert check_owners() == []
    assert SEED.read_text() == f"{HEADER}\n"


def test_owners_and_channels_of_every_form_are_fine(tmp_path: Path) -> None:
    rows = check_owners(
        seed(
            tmp_path,
            ",,,U0123ABCD,,",
            "유저,,,W0123ABCD,C0123ABCD,en",
            "유저,이력서,,S0123ABCD,G0123ABCD,ko",
            "유저,이력서,업로드 오류,,,",
            "(미분류),,,,C0123ABCD,",
        )
    )
    assert [(row["owner"], row["channel"], row["language"]) for row in rows] == [
        ("U0123ABCD", "", ""),
        ("W0123ABCD", "C0123ABCD", "en"),
        ("S0123ABCD", "G0123ABCD", "ko"),
        ("", "", ""),
        ("", "C0123ABCD", ""),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("유저,,,@alice,,", r"line 3: owner '@alice' is not a Slack user's id"),
        ("유저,,,U0A><!channel>,,", r"line 3: owner 'U0A><!channel>' is not a Slack user's id"),
        ("유저,,,C0123ABCD,,", r"line 3: owner 'C0123ABCD' is not"),
        ("유저,,,,#resume,", r"line 3: channel '#resume' is not a channel id"),
        ("유저,,,,D0123ABCD,", r"line 3: channel 'D0123ABCD' is not a channel id"),
        ("유저,,,,,jp", r"line 3: language 'jp' is not ko or en"),
        (" 기업 ,,,U0123ABCD,,", r"line 3: a second row for the same category"),
        ("유저,,,U0123ABCD", r"line 3: has fewer columns than the header"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"category_owners.csv {message}"):
        check_owners(seed(tmp_path, "기업,,,U0123ABCD,,", row))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "category_owners.csv"
    path.write_text("category1,category2,category3,owner\n")
    with pytest.raises(UsageError, match="has no column channel, language"):
        check_owners(path)

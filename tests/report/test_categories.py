"""A category is found by what people write for it; what is not found is suggested."""

from __future__ import annotations

import unicodedata

import pytest

from flows.report.categories import levels_by_name, levels_of
from flows.runtime.errors import UsageError

NONE = "(미분류)"
CATEGORIES = [
    ("유저", "이력서", "업로드 오류"),
    ("유저", "이력서", "등록/심사"),
    ("유저", NONE, NONE),
    (NONE, NONE, NONE),
    ("Billing", "A/B test", NONE),
]


@pytest.mark.parametrize(
    ("asked", "levels"),
    [
        ("유저", ("유저",)),
        ("유저 / 이력서", ("유저", "이력서")),
        ("유저/이력서", ("유저", "이력서")),
        ("  유저 /이력서/ 업로드  오류 ", ("유저", "이력서", "업로드 오류")),
        (unicodedata.normalize("NFD", "유저/이력서"), ("유저", "이력서")),
        ("유저 / 이력서 / 등록/심사", ("유저", "이력서", "등록/심사")),
        ("billing / a/b test", ("Billing", "A/B test")),
        ("유저 / (미분류)", ("유저", NONE)),
        ("(미분류)", (NONE,)),
        ("이력서", ("유저", "이력서")),
        ("이력서 / 업로드 오류", ("유저", "이력서", "업로드 오류")),
        ("업로드", ("유저", "이력서", "업로드 오류")),
        ("심사", ("유저", "이력서", "등록/심사")),
    ],
)
def test_a_name_is_one_two_or_three_levels(asked: str, levels: tuple[str, ...]) -> None:
    assert levels_of(asked, CATEGORIES) == levels


def test_of_names_that_differ_in_spaces_only_the_one_as_written_is_meant() -> None:
    categories = [("a/b", "c", "d"), ("a", "b", "c")]
    assert levels_of("a/b", categories) == ("a/b",)
    assert levels_of("a / b", categories) == ("a", "b")


def test_every_level_has_the_name_that_the_table_shows() -> None:
    assert list(levels_by_name(CATEGORIES[:1])) == [
        "유저",
        "유저 / 이력서",
        "유저 / 이력서 / 업로드 오류",
    ]
    assert levels_by_name([(NONE, NONE, NONE)]) == {NONE: (NONE,)}


@pytest.mark.parametrize(
    ("asked", "suggested"),
    [
        ("유저 / 이", "Did you mean '유저 / 이력서' or "),
        ("유저 / 이럭서", "Did you mean '유저 / 이력서'"),
        ("", "voc status shows them all."),
        ("환율", "voc status shows them all."),
    ],
)
def test_an_unknown_name_is_told_with_those_near_it(asked: str, suggested: str) -> None:
    with pytest.raises(UsageError) as caught:
        levels_of(asked, CATEGORIES)
    assert str(caught.value).startswith(f"{asked!r} is not a category. {suggested}")
    assert "\n" not in str(caught.value)

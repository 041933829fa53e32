"""Doubts in words, the categories of a rename, and what the summary makes of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from catalogue import Texts
from catalogue.texts import LOCALES, Locale
from flows.report.doubts import doubt_as_json, doubt_text, renames_of
from flows.report.values import Category
from tests.builders import (
    BASE,
    CATEGORY,
    COMPARISON,
    KOREAN,
    build_change,
    build_composer,
    build_doubt,
    build_report,
)

CODES = (
    "days_lost",
    "days_low",
    "days_high",
    "week_empty",
    "week_low",
    "week_high",
    "unclassified",
    "emotion_missing",
    "emotion_unknown",
    "no_negative",
    "ids_repeated",
    "ids_shared",
)
RENAME: dict[str, Any] = {
    "code": "renamed",
    "category": ("유저", "이력서"),
    "renamed_to": "자기소개서",
    "observed": 39.0,
    "usual": 38.0,
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_sentence_with_its_week(code: str, locale: Locale) -> None:
    text = doubt_text(build_doubt(code=code), Texts(locale))
    assert text.startswith(COMPARISON.label)
    assert "{" not in text


@pytest.mark.parametrize(
    ("doubt", "expected"),
    [
        (
            {"code": "days_lost", "days": (date(2025, 11, 12), date(2025, 11, 16)), "usual": 45.2},
            "11.12(수), 11.16(일)에 문의가 한 건도 없습니다(보통 45건)",
        ),
        (
            {"code": "unclassified", "observed": 0.414, "usual": 0.05},
            "문의의 41%가 (미분류)입니다(전에는 5%)",
        ),
        (
            {"code": "ids_shared", "observed": 30.0, "usual": None},
            "한 티켓 번호가 30번 나옵니다(전에는 0번)",
        ),
        (RENAME, "아마 이름이 바뀜: 유저 / 이력서 → 자기소개서 (38 → 39건)"),
        ({"week": BASE, "code": "week_empty"}, "2025-W45에 문의가 한 건도 없어"),
    ],
)
def test_a_sentence_says_its_numbers(doubt: dict[str, Any], expected: str) -> None:
    assert expected in doubt_text(build_doubt(**doubt), KOREAN)


def test_a_doubt_as_json_has_its_numbers() -> None:
    lost = build_doubt(days=(date(2025, 11, 12),), observed=1.0, usual=15.0)
    assert doubt_as_json(lost, Texts("en")) == {
        "code": "days_lost",
        "week": "2025-W46",
        "is_incomplete": True,
        "text": "2025-W46: not one ticket on Wed 12 Nov (usually 15). Check whether their load is missing.",
        "numbers": {"observed": 1.0, "usual": 15.0, "days": ["2025-11-12"]},
    }
    renamed = doubt_as_json(build_doubt(days=(), is_incomplete=False, **RENAME), KOREAN)
    assert renamed["numbers"] == {
        "observed": 39.0,
        "usual": 38.0,
        "category": ["유저", "이력서"],
        "renamed_to": "자기소개서",
    }


@pytest.mark.parametrize(
    ("category", "is_part"),
    [
        (("유저", "이력서", "업로드"), True),
        (("유저", "자기소개서", "업로드"), True),
        (("유저", "이력서 등록", "업로드"), False),
        (("기업", "이력서", "업로드"), False),
    ],
)
def test_a_rename_is_remarked_at_both_names(category: Category, is_part: bool) -> None:
    assert bool(renames_of(category, [build_doubt(**RENAME), build_doubt()])) is is_part


def test_doubts_come_before_the_statuses_and_fewer_tickets_are_no_improvement() -> None:
    worse, better = build_change(), build_change("IMPROVED", ("기업", "결제", "오류"), 30, 3)
    (summary,) = build_composer().summary(build_report(worse, better, doubts=(build_doubt(),)))
    shown = [str(block) for block in summary.blocks]
    (doubted,) = (number for number, text in enumerate(shown) if "원천 데이터" in text)
    assert doubted < min(n for n, text in enumerate(shown) if "심각" in text)
    assert "기업 / 결제 / 오류" in shown[doubted]
    assert not any("기업 / 결제" in text for text in shown[doubted + 1 :])
    assert not any("개선" in text for text in shown[doubted + 1 :])
    assert "보류 *1*" in "".join(shown)
    assert summary.text.startswith("⚠️ 2025-W46: 11.12(수)")
    assert "개선 0" in summary.text


@pytest.mark.parametrize("status", ["IMPROVED", "STABLE"])
def test_a_week_without_a_change_to_announce_is_told_with_its_doubt(status: Any) -> None:
    change = build_change(status, base=30, comparison=3)
    (summary,) = build_composer().summary(build_report(change, doubts=(build_doubt(),)))
    assert summary.text.startswith("⚠️ 2025-W46")
    assert "한 건도 없습니다" in str(summary.blocks[0]) + str(summary.blocks[1])


def test_other_doubts_leave_the_improvement_and_the_notification() -> None:
    better = build_change("IMPROVED", base=30, comparison=3)
    for doubt in (
        build_doubt(week=BASE),
        build_doubt(code="unclassified", is_incomplete=False, days=()),
    ):
        (summary,) = build_composer().summary(build_report(better, doubts=(doubt,)))
        assert "개선 *1*" in str(summary.blocks)
        assert summary.text.startswith("VOC W46, ")
        assert doubt_text(doubt, KOREAN)[:30] in str(summary.blocks)


def test_a_renamed_category_carries_the_remark_wherever_it_is_shown() -> None:
    doubts = (build_doubt(is_incomplete=False, **RENAME),)
    old = build_change("IMPROVED", base=38, comparison=0)
    new = build_change(category=("유저", "자기소개서", "업로드 오류"), base=0, comparison=39)
    assert old.category == CATEGORY
    (summary,) = build_composer().summary(build_report(new, old, doubts=doubts))
    assert str(summary.blocks).count("⚠️ 아마 이름이 바뀜: 유저 / 이력서 → 자기소개서") == 2

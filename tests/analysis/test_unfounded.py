"""What has no place in the data is found, and what has is not."""

from __future__ import annotations

import pytest

from flows.report.values import Ticket
from tests.analysis.unfounded import unfounded
from tests.builders import CATEGORY, build_change, build_material

MATERIAL = build_material(
    build_change(base=20, comparison=43),
    tickets=(
        Ticket(
            CATEGORY, "comparison", "RM-101", "결제하면 30% 할인이 사라지고 E1042 오류가 나옵니다"
        ),
        Ticket(CATEGORY, "base", "RM-102", "결제가 두 번 됐어요"),
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "문의가 20건에서 43건으로 23건(115%) 늘었습니다.",
        "약 110% 늘어 2.2배가 되었습니다.",
        "RM-101은 “30% 할인이…오류가 나옵니다”라고 합니다.",
    ],
)
def test_what_the_data_holds_is_not_found(text: str) -> None:
    assert unfounded(text, MATERIAL) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("문의가 20건에서 44건으로 늘었습니다.", "44건"),
        ("116% 늘었습니다.", "116%"),
        ("고객은 “앱이 꺼져요”라고 합니다.", "“앱이 꺼져요”"),
        ('고객은 "앱이 꺼져요"라고 합니다.', '"앱이 꺼져요"'),
        ("RM-103을 보세요.", "RM-103"),
    ],
)
def test_an_invention_is_found(text: str, found: str) -> None:
    assert unfounded(text, MATERIAL) == [found]

"""What a model calls 지난주 or this week has one name, and nothing else is touched."""

from __future__ import annotations

import pytest

from flows.analysis.week_names import in_week_names
from flows.report.values import Week, WeekPair
from tests.analysis.test_answer import parse
from tests.builders import BASE, COMPARISON, WEEKS, build_material

NAMED = {
    "이번 주에는 지난주보다 늘었습니다.": "W46에는 전주(W45)보다 늘었습니다.",
    "지난 주 96건에서 이번주 158건으로": "전주(W45) 96건에서 W46 158건으로",
    "저번 주와 금주": "전주(W45)와 W46",
    "기준주와 비교주를": "전주(W45)와 W46을",
    "직전 주 대비": "전주(W45) 대비",
    "전주 대비": "전주(W45) 대비",
    "지난주입니다.": "전주(W45)입니다.",
    # Particles agree with a label, which is read as 사십육.
    "이번 주는 이번 주가 이번 주로": "W46은 W46이 W46으로",
    # The label stands beside it already.
    "지난주(W45)보다 이번 주(W46)에는": "전주(W45)보다 W46에는",
    "W45(지난주)와 2025-W46(이번 주)": "전주(W45)와 W46",
    "지난주(96건)보다 이번 주(158건)에": "전주(W45, 96건)보다 W46(158건)에",
    "Last week there were 96.": "The week before (W45) there were 96.",
    "up from last week, this week had 158": "up from the week before (W45), W46 had 158",
    "last week's total, the previous week": "W45's total, the week before (W45)",
    "than the week before.": "than the week before (W45).",
}
UNTOUCHED = [
    "전주(W45)",
    "전주(96건)",
    "전주시 배송",
    "전주 지역과 전주 공장",
    "전주에서 출발한 택배",
    "이번 주문과 지난 주말",
    "이번 주요 원인, 이번 주차 요금",
    "2주 전 주문, 그 전 주에는",
    "완전주의 전주곡",
    "“지난주부터 안 돼요”",
    "the week before last, in the last week of October",
    "W46에는",
]


@pytest.mark.parametrize(("said", "named"), NAMED.items())
def test_a_week_has_one_name(said: str, named: str) -> None:
    assert in_week_names(said, WEEKS) == named
    assert in_week_names(named, WEEKS) == named


@pytest.mark.parametrize("said", UNTOUCHED)
def test_what_is_no_week_stays(said: str) -> None:
    assert in_week_names(said, WEEKS) == said


@pytest.mark.parametrize(
    ("label", "named"), [("2025-W49", "W49는 W49로"), ("2026-W47", "W47은 W47로")]
)
def test_particles_agree_with_the_label(label: str, named: str) -> None:
    weeks = WeekPair(Week(COMPARISON.start, COMPARISON.end, label), BASE)
    assert in_week_names("이번 주는 이번 주로", weeks) == named


def test_summary_and_hypotheses_have_the_names_actions_and_quotations_the_models_words() -> None:
    analysis = parse(
        {
            "summary": "이번 주에는 지난주와 다른 오류가 보입니다.",
            "hypotheses": ["지난주 변경이 원인일 수 있습니다."],
            "actions": ["이번 주 안에 확인합니다."],
        },
        build_material(),
    )
    assert analysis.summary == "W46에는 전주(W45)와 다른 오류가 보입니다."
    assert analysis.hypotheses == ("전주(W45) 변경이 원인일 수 있습니다.",)
    assert analysis.actions == ("이번 주 안에 확인합니다.",)

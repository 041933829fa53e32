"""How clear a change is, in words: the mark, the usual range, the order, and what a week's alarms are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue import Texts
from flows import PROJECT_ROOT
from flows.report import evidence
from flows.report.evidence import (
    alarms_text,
    company_texts,
    evidence_text,
    explanation,
    footnote,
    mark_text,
)
from flows.report.values import Alarms, Change, most_urgent_first, to_look_at_first
from flows.runtime import project
from flows.runtime.errors import UsageError
from tests.builders import build_change

KO, EN = Texts("ko"), Texts("en")
SURGE: dict[str, Any] = {
    "evidence": "strong",
    "p_increase": 9.85e-6,
    "p_negative": 0.7,
    "usual_low": 26,
    "usual_high": 50,
    "usual_negative_ratio": 0.2,
    "weeks_before": 8,
}


def surge(**columns: Any) -> Change:
    return build_change(base=38, comparison=69, **SURGE | columns)


@pytest.mark.parametrize(
    ("columns", "korean", "english"),
    [
        (
            {},
            "평소 26–50건 · ◆ 뚜렷: 평소라면 1만 주에 한 번도 없는 수",
            "usual 26–50 · ◆ clear: not once in 10,000 weeks as usual",
        ),
        (
            {"p_increase": 2.04e-4},
            "평소 26–50건 · ◆ 뚜렷: 평소라면 4,900주에 한 번",
            "usual 26–50 · ◆ clear: once in 4,900 weeks as usual",
        ),
        (
            {"evidence": "weak", "p_increase": 0.11, "usual_low": 10, "usual_high": 27},
            "평소 10–27건 · ◇ 약함: 평소에도 9주에 한 번",
            "usual 10–27 · ◇ weak: one week in 9 is like this",
        ),
        (
            {"evidence": "weak", "p_increase": 0.8},
            "평소 26–50건 · ◇ 약함: 평소에도 흔함",
            "usual 26–50 · ◇ weak: most weeks are like this",
        ),
        # Clear by itself, but not among thousands of tests.
        (
            {"evidence": "weak", "p_increase": 1e-9},
            "평소 26–50건 · ◇ 약함: 평소에도 10,000주에 한 번",
            "usual 26–50 · ◇ weak: one week in 10,000 is like this",
        ),
        (
            {"status_reason": "negative_ratio", "p_negative": 2.1e-5},
            "평소 부정 20% 안팎 · ◆ 뚜렷: 평소라면 1만 주에 한 번도 없는 비율",
            "usually about 20% negative · ◆ clear: not once in 10,000 weeks as usual",
        ),
        (
            {"status_reason": "volume_increase+negative_ratio", "p_increase": 0.005},
            "평소 26–50건 · 평소 부정 20% 안팎 · ◆ 뚜렷: 평소라면 200주에 한 번",
            "usual 26–50 · usually about 20% negative · ◆ clear: once in 200 weeks as usual",
        ),
        (
            {"weeks_before": 3, "p_increase": 0.005},
            "평소 26–50건 (기록 3주) · ◆ 뚜렷: 평소라면 200주에 한 번",
            "usual 26–50 (3 weeks of history) · ◆ clear: once in 200 weeks as usual",
        ),
        (
            {"evidence": "weak", "p_increase": 0.5, "evidence_note": "back_to_usual"},
            "평소 26–50건 · ◇ 약함: 평소에도 2주에 한 번 · 평소 수준으로 돌아옴",
            "usual 26–50 · ◇ weak: one week in 2 is like this · back to its usual level",
        ),
        (
            {"evidence": "weak", "p_increase": 0.5, "evidence_note": "company_wide"},
            "평소 26–50건 · ◇ 약함: 평소에도 2주에 한 번 · 전체 문의도 함께 늘어남",
            "usual 26–50 · ◇ weak: one week in 2 is like this · all tickets rose alike",
        ),
        (
            {"p_increase": 0.005, "evidence_note": "new", "usual_low": 0, "usual_high": 1},
            "평소 0–1건 · ◆ 뚜렷: 평소라면 200주에 한 번 · 최근 8주 동안 없던 카테고리",
            "usual 0–1 · ◆ clear: once in 200 weeks as usual · not seen in 8 weeks",
        ),
        ({"p_increase": None}, "", ""),  # not tested
    ],
)
def test_a_change_is_told_with_what_is_usual(
    columns: dict[str, Any], korean: str, english: str
) -> None:
    assert evidence_text(surge(**columns), KO) == korean
    assert evidence_text(surge(**columns), EN) == english


def test_what_fell_is_told_by_the_lower_tail() -> None:
    gone = build_change(
        "IMPROVED", base=17, comparison=0, **SURGE | {"p_decrease": 4e-5, "evidence_note": "gone"}
    )
    assert evidence_text(gone, EN) == (
        "usual 26–50 · ◆ clear: not once in 10,000 weeks as usual · not one ticket"
    )
    fell = build_change(
        "IMPROVED",
        **SURGE | {"p_decrease": 0.2, "evidence": "weak", "evidence_note": "company_wide"},
    )
    assert evidence_text(fell, EN).endswith("one week in 5 is like this · all tickets fell alike")


def test_no_text_takes_p_for_the_probability_of_chance() -> None:
    said = [
        mark_text(surge(p_increase=p, evidence=mark), texts)
        for p in (1e-6, 1e-3, 0.5)
        for mark in ("strong", "weak")
        for texts in (KO, EN)
    ]
    assert not any(word in text for text in said for word in ("확률", "우연", "probab", "chance"))


@pytest.mark.parametrize(
    ("alarms", "strong", "chance", "korean", "english"),
    [
        (
            *(21, 2, 20.4),
            "경보 21건 중 뚜렷한 변화 2건 · 변화가 없어도 약 20건은 나옵니다",
            "21 alarms, 2 of them clear · about 20 would come without any change",
        ),
        (*(4, 3, 0.49), "경보 4건 중 뚜렷한 변화 3건", "4 alarms, 3 of them clear"),
        (
            *(1, 1, 0.5),
            "경보 1건 중 뚜렷한 변화 1건 · 변화가 없어도 약 1건은 나옵니다",
            "1 alarm, 1 of them clear · about 1 would come without any change",
        ),
        (
            *(4, 3, 13.2),
            "경보 4건 중 뚜렷한 변화 3건 · 우연만으로 나올 수보다 적습니다",
            "4 alarms, 3 of them clear · fewer than chance alone would give",
        ),
        (*(0, 0, 3.0), "", ""),
    ],
)
def test_the_alarms_are_told_with_what_chance_alone_would_give(
    alarms: int, strong: int, chance: float, korean: str, english: str
) -> None:
    week = Alarms(alarms, strong, chance, 1.0, 0.2, 0.2)
    assert alarms_text(week, KO) == korean
    assert alarms_text(week, EN) == english


@pytest.mark.parametrize(
    ("level", "share", "expected", "english"),
    [
        (0.63, 0.2, 0.2, ["all tickets are at 63 % of usual"]),
        (0.81, 0.2, 0.2, []),
        (0.8, 0.2, 0.2, ["all tickets are at 80 % of usual"]),
        (1.25, 0.2, 0.2, ["all tickets are at 125 % of usual"]),
        (
            *(1.0, 0.45, 0.33),
            [
                "the negative share moved (33 → 45 %) in all categories at once: has the classifier changed?"
            ],
        ),
        (1.0, 0.40, 0.33, []),
        (None, None, None, []),
        (1.0, 1.0, 0.3, []),  # every ticket negative: the source's fault, told as such
    ],
)
def test_what_moved_everywhere_is_told_once(
    level: float | None, share: float | None, expected: float | None, english: list[str]
) -> None:
    assert company_texts(Alarms(5, 0, 4.0, level, share, expected), EN) == english


def test_clear_ones_come_first_within_a_status_then_the_rarest() -> None:
    weak_critical = build_change(
        "CRITICAL", ("a", "b", "weak"), **SURGE | {"evidence": "weak", "p_increase": 0.02}
    )
    rarer = build_change("CRITICAL", ("a", "b", "rarer"), **SURGE | {"p_increase": 1e-7})
    rare = build_change(
        "CRITICAL", ("a", "b", "rare"), comparison=900, **SURGE | {"p_increase": 1e-3}
    )
    monitor = build_change("MONITOR", ("a", "b", "monitor"), **SURGE)
    untested = build_change("MONITOR", ("a", "b", "untested"))
    changes = most_urgent_first([untested, monitor, weak_critical, rare, rarer])
    assert changes == (rarer, rare, weak_critical, monitor, untested)
    assert to_look_at_first(changes) == rarer
    # A clear one to watch is worth more than an unclear critical one.
    assert to_look_at_first((weak_critical, monitor, untested)) == monitor
    assert to_look_at_first((weak_critical, untested)) == weak_critical
    assert to_look_at_first((build_change("STABLE"),)) is None


def test_the_footnote_and_the_explanation_name_the_rules() -> None:
    assert footnote(KO) == "◆ 최근 8주와 비교해 p ≤ 0.01, 같은 주 검정 전체에서 잘못된 표시 5% 이하"
    assert "p ≤ 0.01 against the last 8 weeks" in footnote(EN)
    assert "less than once in 100 weeks" in explanation(EN)[0]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("p", 0, "evidence_p is 0. Use a decimal number from 0.0001 to below 1"),
        ("p", 1.5, "evidence_p is 1.5"),
        ("q", -0.1, "evidence_q is -0.1"),
        ("q", "often", "evidence_q is 'often'"),
        ("baseline_weeks", 0, "evidence_baseline_weeks is 0. Use a whole number from 1 to 520"),
        ("baseline_weeks", 2.5, "evidence_baseline_weeks is 2.5"),
        ("spread_weeks", 5200, "evidence_spread_weeks is 5200"),
        ("spread_weeks", None, "has no var evidence_spread_weeks"),
    ],
)
def test_a_variable_out_of_range_is_refused_in_one_line(
    name: str, value: object, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text())["vars"]
    file = tmp_path / "dbt_project.yml"
    file.write_text(yaml.safe_dump({"vars": variables | {f"evidence_{name}": value}}))
    monkeypatch.setattr(project, "PROJECT_FILE", file)
    evidence.rules.cache_clear()
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        evidence.rules()

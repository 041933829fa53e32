"""The report that corpus/whole_week.yml speaks of: four alerts, an improvement, two stable categories."""

from __future__ import annotations

from typing import Any

from flows.report.values import Category, Change, Driver, Status, WeeklyReport, most_urgent_first
from tests.builders import build_change, build_report

RESUME = ("유저", "이력서")


def _row(
    status: Status, category: Category, base: tuple[int, int], week: tuple[int, int], **columns: Any
) -> Change:
    """A row from the tickets of both weeks and the negative ones among them."""
    ratios = base[1] / base[0], week[1] / week[0]
    return build_change(
        status,
        category,
        base[0],
        week[0],
        base_negative=base[1],
        comparison_negative=week[1],
        base_negative_ratio=ratios[0],
        comparison_negative_ratio=ratios[1],
        negative_ratio_change_pp=100 * (ratios[1] - ratios[0]),
        **columns,
    )


_BELOW_RESUME = (
    _row("CRITICAL", (*RESUME, "업로드 오류"), (15, 4), (39, 20), evidence="strong"),
    _row("STABLE", (*RESUME, "첨부 파일"), (15, 4), (25, 13)),
    _row("STABLE", (*RESUME, "미리보기"), (15, 4), (15, 7)),
    _row("STABLE", (*RESUME, "서식"), (15, 3), (11, 5)),
)
_ROWS = (
    _row(
        "CRITICAL",
        ("결제", "카드", "결제 실패"),
        (96, 38),
        (158, 95),
        evidence="strong",
        p_increase=1e-8,
    ),
    _row(
        "MONITOR",
        ("유저", "로그인", "인증번호"),
        (52, 11),
        (54, 31),
        evidence="strong",
        p_negative=1e-4,
        status_reason="negative_ratio",
    ),
    _row(
        "MONITOR", ("기업", "공고", "노출"), (120, 30), (151, 59), evidence="weak", p_increase=0.03
    ),
    _row(
        "IMPROVED",
        ("매칭", "알림", "중복 발송"),
        (84, 47),
        (31, 9),
        evidence="strong",
        p_decrease=1e-6,
    ),
    _row("STABLE", ("유저", "회원", "탈퇴"), (205, 60), (211, 62)),
    _row("STABLE", ("커뮤니티", "글", "신고"), (42, 20), (40, 19)),
)
_ABOVE = _row(
    "CRITICAL",
    RESUME,
    (60, 15),
    (90, 45),
    evidence="strong",
    p_increase=1e-5,
    drivers=tuple(
        Driver(
            row.category,
            row.base_total,
            row.comparison_total,
            (row.comparison_total - row.base_total) / 30,
            None,
            None,
            None,
        )
        for row in _BELOW_RESUME
    ),
    folded=((*RESUME, "업로드 오류"),),
)


def build_whole_week(**values: Any) -> WeeklyReport:
    """659 → 735 tickets, of them 221 → 320 negative."""
    rows = most_urgent_first((*_ROWS, *_BELOW_RESUME))
    return build_report(*rows, **{"alerts_above": (_ABOVE,)} | values)

"""What a model may say of the whole week: the question, and what is left of its answer. Pure.

No ticket goes along, so nothing private does, and nothing that a customer wrote could be taken for an instruction.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from catalogue import Locale
from flows.analysis.answer import sentences
from flows.analysis.claims.week_facts import ALL, DRIVERS_SHOWN, WeekFacts
from flows.analysis.claims.whole_week import names_a_category, week_refusal
from flows.analysis.prompt import LANGUAGES, MAX_LEVEL_CHARACTERS, Prompt, inert, week_wording
from flows.analysis.reading import UnusableAnswer, read_answer
from flows.analysis.week_names import base_name, in_week_names
from flows.report.emphasis import plain
from flows.report.values import Change, Status, WeeklyReport, printable
from flows.report.writing import week_number

MAX_SENTENCES = 3
MAX_SENTENCE_CHARACTERS = 300

WEEK_INSTRUCTIONS = """\
당신은 고객의 소리(VOC) 분석가입니다. 아래 <week>의 숫자로 한 주 전체를 {language} 세 문장 이내로 요약하세요.

다음 키를 가진 JSON 객체 하나로만 답하세요.
{"summary": "세 문장 이내의 요약"}
첫 문장은 전체 문의와 부정 비율이 어떻게 변했는지, 둘째 문장은 무엇을 먼저 볼지와 그 숫자, \
셋째 문장은 그 밖에 나빠지거나 개선된 것을 쓰세요. \
alerts는 먼저 볼 순서입니다. 숫자, 카테고리 이름, 상태(status), 근거(evidence)는 자료에 있는 그대로 쓰세요. \
원인은 자료에 없으니 추측하지 마세요. 자료와 맞지 않는 문장은 싣지 않습니다.
{weeks}"""

_STATUSES: dict[Locale, dict[Status, str]] = {
    "ko": {"CRITICAL": "심각", "MONITOR": "주의", "IMPROVED": "개선"},
    "en": {"CRITICAL": "critical", "MONITOR": "watch", "IMPROVED": "improved"},
}
_EVIDENCE: dict[Locale, dict[str | None, str]] = {
    "ko": {"strong": "뚜렷", "weak": "약함"},
    "en": {"strong": "clear", "weak": "weak"},
}


def build_week_prompt(report: WeeklyReport, locale: Locale) -> Prompt:
    """Ask for the whole week: totals of both weeks, what is announced in its order, and nothing else."""
    weeks = report.weeks
    names = base_name(weeks, locale), week_number(weeks.comparison)
    facts = WeekFacts(report)
    counts = report.announced_counts
    data = {
        "weeks": dict(
            zip(
                names, (f"{w.start} ~ {w.end}" for w in (weeks.base, weeks.comparison)), strict=True
            )
        ),
        **_numbers(facts.of(ALL), names),
        "announced": {words: counts[status] for status, words in _STATUSES[locale].items()},
        "alerts": [_told(change, locale) for change in facts.alerts],
        "improved": [_told(change, locale) for change in facts.improved],
    }
    return Prompt(
        WEEK_INSTRUCTIONS.replace("{language}", LANGUAGES[locale]).replace(
            "{weeks}", week_wording(weeks, locale)
        ),
        f"<week>\n{inert(json.dumps(data, ensure_ascii=False))}\n</week>",
    )


def _numbers(whole: Change, names: tuple[str, str]) -> dict[str, Any]:
    base, comparison = names
    return {
        "tickets": {base: whole.base_total, comparison: whole.comparison_total},
        "change": whole.comparison_total - whole.base_total,
        "change_pct": _rounded(whole.total_change_pct),
        "negative_tickets": {base: whole.base_negative, comparison: whole.comparison_negative},
        "negative_ratio_pct": {
            base: _rounded(whole.base_negative_ratio, 100),
            comparison: _rounded(whole.comparison_negative_ratio, 100),
        },
        "negative_ratio_change_pp": _rounded(whole.negative_ratio_change_pp),
    }


def _told(change: Change, locale: Locale) -> dict[str, Any]:
    base = _rounded(change.base_negative_ratio, 100)
    comparison = _rounded(change.comparison_negative_ratio, 100)
    told: dict[str, Any] = {
        "category": " / ".join(map(_level, change.category)),
        "status": _STATUSES[locale][change.status],
        "evidence": _EVIDENCE[locale].get(change.evidence),
        "tickets": f"{change.base_total}→{change.comparison_total}",
        "change_pct": _rounded(change.total_change_pct),
        "negative_ratio_pct": f"{base}→{comparison}",
        "negative_ratio_change_pp": _rounded(change.negative_ratio_change_pp),
    }
    if change.drivers:
        told["below"] = [
            f"{_level(d.category[-1])} {d.base_total}→{d.comparison_total}"
            for d in change.drivers[:DRIVERS_SHOWN]
        ]
    return told


def _level(name: str) -> str:
    return " ".join(printable(name[:MAX_LEVEL_CHARACTERS]).split())


def _rounded(value: float | None, factor: int = 1) -> float | None:
    return None if value is None else round(factor * value, 1)


def parse_paragraph(
    text: str, report: WeeklyReport, mask: Callable[[str], str], finish_reason: str | None = None
) -> str:
    """The first sentences of an answer that the report carries, masked, with the weeks by their names.

    Raises UnusableAnswer where there is none.
    """
    answer = read_answer(text, finish_reason, prompt=WEEK_INSTRUCTIONS)
    facts = WeekFacts(report)
    kept: list[str] = []
    left_out, follows_category = 0, False
    for sentence in sentences(mask(" ".join(answer.summary))):
        said = plain(sentence)
        if len(said) > MAX_SENTENCE_CHARACTERS or week_refusal(
            said, facts, follows_category=follows_category
        ):
            left_out += 1
        else:
            kept.append(in_week_names(sentence, report.weeks))
        follows_category = follows_category or names_a_category(said, facts)
    if not kept:
        raise UnusableAnswer(f"the report carries none of its {left_out} sentences")
    return " ".join(kept[:MAX_SENTENCES])

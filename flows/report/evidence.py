"""How clear a change is, in words: what is usual, its mark, what a week's alarms are worth. Pure.

The numbers come from SQL; docs/evidence.md explains them. No text calls p the probability that a change is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import floor, log10, sqrt

from catalogue import Texts
from flows.report.values import Alarms, Change, Mark
from flows.runtime.errors import UsageError
from flows.runtime.project import project_variable

MARKS: dict[Mark, str] = {"strong": "◆", "weak": "◇"}
RAREST = 10_000
"""Weeks beyond which nobody counts: two hundred years."""
MOST_WEEKS = 520
_UNUSUAL_LEVELS = 0.8, 1.25
_UNUSUAL_ODDS = 0.67, 1.5


@dataclass(frozen=True)
class Rules:
    """The variables of the evidence in dbt_project.yml: weeks of the baseline and the spread, limits of p and q."""

    baseline_weeks: int
    spread_weeks: int
    p: float
    q: float


@cache
def rules() -> Rules:
    """The project's rules. Raises UsageError for one that the models could not use."""
    found = {name: project_variable(f"evidence_{name}") for name in Rules.__dataclass_fields__}
    for name, value in found.items():
        if name.endswith("weeks"):
            if type(value) is not int or not 1 <= value <= MOST_WEEKS:
                raise UsageError(_wrong(name, value, f"a whole number from 1 to {MOST_WEEKS}"))
        elif type(value) is not float or not 1e-4 <= value < 1:
            # As SQL writes it: a number with an exponent would be another in the text of a query.
            raise UsageError(_wrong(name, value, "a decimal number from 0.0001 to below 1"))
    return Rules(**found)


def _wrong(name: str, value: object, wanted: str) -> str:
    return f"dbt_project.yml: evidence_{name} is {value!r}. Use {wanted}."


def usual_text(change: Change, texts: Texts) -> str:
    """What is usual of what the reasons name, tickets or negative share; and how short its history is."""
    if change.p is None or change.usual is None:
        return ""
    low, high = change.usual
    share = change.usual_negative_ratio if "negative_ratio" in change.reasons else None
    is_share_alone = share is not None and len(change.reasons) == 1
    words = [
        "" if is_share_alone else texts("evidence.usual", low=low, high=high),
        "" if share is None else texts("evidence.usual_share", percent=100 * share),
    ]
    weeks = change.weeks_before
    short = (
        ""
        if weeks is None or weeks >= rules().baseline_weeks
        else texts("evidence.history", weeks=weeks)
    )
    return " · ".join(filter(None, words)) + short


def mark_text(change: Change, texts: Texts) -> str:
    """The mark and how often a week as usual is like this; empty where nothing was tested."""
    if change.p is None or change.evidence is None:
        return ""
    return f"{MARKS[change.evidence]} {texts(f'evidence.{change.evidence}', often=_often(change, texts))}"


def note_text(change: Change, texts: Texts) -> str:
    """What else a reader of the mark has to know."""
    match change.evidence_note:
        case "company_wide":
            direction = "down" if "volume_decrease" in change.reasons else "up"
            return texts(f"evidence.company_wide_{direction}")
        case "new":
            return texts("evidence.new", weeks=change.weeks_before)
        case "back_to_usual" | "gone":
            return texts(f"evidence.{change.evidence_note}")
    return ""


def evidence_text(change: Change, texts: Texts) -> str:
    """All of that on one line."""
    parts = (usual_text, mark_text, note_text)
    return " · ".join(filter(None, (part(change, texts) for part in parts)))


def alarms_text(alarms: Alarms | None, texts: Texts, clear: int | None = None) -> str:
    """How many alarms, how many are clear, how many a week without any change would have; empty without alarms.

    `clear` counts what is announced and clear, where a level above stands for its alarms.
    """
    clear = alarms.strong_alarms if alarms and clear is None else clear
    if alarms is None or not (alarms.alarms or clear):
        return ""
    key = "evidence.one_alarm" if alarms.alarms == 1 else "evidence.alarms"
    counted = texts(key, alarms=alarms.alarms, strong=clear)
    chance = alarms.alarms_by_chance
    if chance < 0.5:
        return counted
    if alarms.alarms < chance - 2 * sqrt(chance):
        return f"{counted} · {texts('evidence.fewer_than_chance')}"
    return f"{counted} · {texts('evidence.by_chance', count=floor(chance + 0.5))}"


def company_texts(alarms: Alarms | None, texts: Texts) -> list[str]:
    """What moved in all categories at once: the tickets, or the negative share."""
    if alarms is None:
        return []
    found = []
    level = alarms.week_level
    if level is not None and not _UNUSUAL_LEVELS[0] < level < _UNUSUAL_LEVELS[1]:
        found.append(texts("evidence.week_level", percent=100 * level))
    share, expected = alarms.negative_share, alarms.negative_share_expected
    if share is not None and expected is not None and expected not in (0, 1) and share != 1:
        odds = share / (1 - share) / (expected / (1 - expected))
        if not _UNUSUAL_ODDS[0] < odds < _UNUSUAL_ODDS[1]:
            found.append(
                texts("evidence.negative_share", expected=100 * expected, share=100 * share)
            )
    return found


def footnote(texts: Texts) -> str:
    """What a clear change is."""
    return texts(
        "evidence.footnote",
        weeks=rules().baseline_weeks,
        p=rules().p,
        q=100 * rules().q,
    )


def explanation(texts: Texts) -> tuple[str, ...]:
    """What the marks mean, what they do not mean, and where they fail."""
    known = {"weeks": rules().baseline_weeks, "once": round(1 / rules().p)}
    return tuple(texts(f"html.evidence_{part}", **known) for part in ("what", "not", "limits"))


def _often(change: Change, texts: Texts) -> str:
    assert change.p is not None
    if change.p * RAREST < 1:
        if change.evidence == "strong":
            is_share = change.p == change.p_negative and "negative_ratio" in change.reasons
            return texts("evidence.never_share" if is_share else "evidence.never")
        weeks = RAREST
    else:
        weeks = _two_digits(1 / change.p)
    if weeks == 1:
        return texts("evidence.always")
    return texts(f"evidence.once_{change.evidence}", weeks=weeks)


def _two_digits(value: float) -> int:
    return int(round(value, 1 - max(floor(log10(value)), 1)))

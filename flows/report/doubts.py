"""What makes a week's tickets doubtful, in words; `fct_voc_source_doubts` finds it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from catalogue import Texts
from flows.report.values import Category, Doubt, printable
from flows.report.writing import category_name

_SHARES = ("unclassified", "emotion_missing", "emotion_unknown", "ids_repeated")


def doubt_text(doubt: Doubt, texts: Texts) -> str:
    """The sentence for one doubt, with its week and its numbers; categories are quoted as they are."""
    factor = 100 if doubt.code in _SHARES else 1
    return texts(
        f"doubt.{doubt.code}",
        week=doubt.week.label,
        days=", ".join(_day(day, texts) for day in doubt.days),
        observed=factor * doubt.observed,
        usual=factor * (doubt.usual or 0.0),
        renamed=rename_text(doubt, texts) if doubt.renamed_to else "",
    )


def rename_text(doubt: Doubt, texts: Texts) -> str:
    """The remark beside the categories of a rename."""
    assert doubt.renamed_to is not None
    new = printable(doubt.renamed_to)
    return texts("doubt.remark", old=category_name(doubt.category), new=new)


def renames_of(category: Category, doubts: Sequence[Doubt]) -> tuple[Doubt, ...]:
    """The renames that a category is part of, under its old name or its new one."""
    return tuple(
        doubt
        for doubt in doubts
        if doubt.renamed_to is not None
        and (
            category[: len(doubt.category)] == doubt.category
            or category[: len(doubt.category)] == (*doubt.category[:-1], doubt.renamed_to)
        )
    )


def doubt_as_json(doubt: Doubt, texts: Texts) -> dict[str, object]:
    """A doubt as `voc run --json` prints it; shares are 0 to 1."""
    numbers: dict[str, object] = {"observed": doubt.observed, "usual": doubt.usual}
    if doubt.days:
        numbers["days"] = [day.isoformat() for day in doubt.days]
    if doubt.renamed_to is not None:
        numbers |= {"category": list(doubt.category), "renamed_to": doubt.renamed_to}
    return {
        "code": doubt.code,
        "week": doubt.week.label,
        "is_incomplete": doubt.is_incomplete,
        "text": doubt_text(doubt, texts),
        "numbers": numbers,
    }


def _day(day: date, texts: Texts) -> str:
    weekday = texts("doubt.weekdays").split()[day.weekday()]
    return texts("doubt.day", day=day, weekday=weekday)

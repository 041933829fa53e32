"""Checks the seed that says who looks after a category, before dbt reads it."""

from __future__ import annotations

import re
from pathlib import Path

from flows import PROJECT_ROOT
from flows.source.seeds import LEVELS, Row, read_seed

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "category_owners.csv"
_FORMS = {
    "owner": ("[UWS][A-Z0-9]{2,}", "a Slack user's id (U0123ABCD) or a user group's (S0123ABCD)"),
    "channel": ("[CG][A-Z0-9]{2,}", "a channel id (C0123ABCD)"),
    "language": ("ko|en", "ko or en"),
}


def check_owners(seed: Path | None = None) -> list[Row]:
    """The rows of a seed (default: the project's). Raises UsageError for the first that dbt could not use."""
    return read_seed(seed or SEED, (*LEVELS, *_FORMS), _problem, lambda row: "")


def _problem(row: Row) -> str | None:
    for column, (form, wanted) in _FORMS.items():
        if row[column] and not re.fullmatch(form, row[column]):
            return f"{column} {row[column]!r} is not {wanted}"
    return None

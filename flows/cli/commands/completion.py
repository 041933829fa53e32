"""What Tab offers; Typer picks what begins with the word. dbt and Prefect are not imported, BigQuery is not asked.

flows.cli.main drops every error from here, and the shell then offers nothing.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.warehouse.connection import Warehouse

# Names come from tickets. These characters do something in one shell or another even between quotes.
_LIVE_IN_QUOTES = re.compile(r"""[$`"'\\!\x00-\x1f]""")
_SPECIAL_IN_BASH = re.compile(r"""[ \t!"#$&'()*;<>?[\\\]^`{|}~]""")


def statuses(incomplete: str) -> list[str]:
    """The statuses, in the case in which the user began one."""
    from flows.report.values import STATUSES

    return [status.lower() if incomplete.islower() else status for status in STATUSES]


def targets() -> list[str]:
    """The places where the tables may be."""
    return ["duckdb", "bigquery"]


def weeks() -> list[str]:
    """The weeks that the last run's tables can report, newest first."""
    from flows.warehouse.marts import read_week_labels

    return list(read_week_labels(_last_warehouse()))


def categories() -> list[str]:
    """The categories of the last run's tables, and the levels above them."""
    from flows.report.categories import levels_by_name
    from flows.warehouse.marts import read_categories

    names = levels_by_name(read_categories(_last_warehouse()))
    return [name for name in names if not _LIVE_IN_QUOTES.search(name)]


def quoted_for_bash(offered: str) -> str:
    """What bash gets. It puts a line into the command as it is; other shells do the necessary quoting themselves."""
    if "COMP_WORDS" not in os.environ:
        return offered
    words, current = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
    if words[current].startswith(("'", '"')):
        return offered
    # A backslash, because readline does not accept quotes that the word did not begin with.
    return _SPECIAL_IN_BASH.sub(r"\\\g<0>", offered)


def _last_warehouse() -> Warehouse:
    from flows.runtime.assembly import Assembly
    from flows.runtime.settings import load_settings

    parts = Assembly(load_settings(target="duckdb"))
    return parts.warehouse(parts.workspaces.of(None))

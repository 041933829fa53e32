"""Whose words are to be removed: those of weeks that end before a date, or of one ticket. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from catalogue.weeks import as_of_week


@dataclass(frozen=True)
class Words:
    """One of the two is given.

    Args:
        before: the weeks that end before this date.
        ticket: a ticket's id.
        weeks: Mondays of the weeks whose reports are known to have read the ticket.
    """

    before: date | None = None
    ticket: str | None = None
    weeks: frozenset[date] = frozenset()

    def are_in_report(self, week: str, texts: Iterable[str]) -> bool:
        """Whether a report holds them.

        Args:
            week: the report's week (2026-W46). The report quotes the week before as well. A note on something else
                than a week has no customer's words, unless it names the ticket.
            texts: what was written of the report, read for a ticket only.
        """
        try:
            monday = as_of_week(week) - timedelta(days=7)
        except ValueError:
            monday = date.max
        if self.before is not None:
            return monday <= self.before
        return monday in self.weeks or any(map(self._are_named_in, texts))

    def _are_named_in(self, text: str) -> bool:
        assert self.ticket is not None
        spellings = {self.ticket, html.escape(self.ticket), json.dumps(self.ticket)[1:-1]}
        any_spelling = "|".join(map(re.escape, spellings))
        return re.search(rf"(?<!\w)(?:{any_spelling})(?!\w)", text) is not None

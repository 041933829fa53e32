"""What a command's options say about its source file, as they were typed: no setting, and for this process alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AskedSource:
    """Args:
    columns: of --map, such as `id=Ticket ID`.
    emotions: of --map-emotion, such as `부정=negative,bad`.
    sheet: of --sheet.
    date_order: of --date-order.
    """

    columns: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    sheet: str | None = None
    date_order: str | None = None

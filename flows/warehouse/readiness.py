"""Whether BigQuery's source table, which is loaded by the day, reaches the end of the report week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flows.report.values import Week, WeekPair
from flows.runtime.errors import SourceError
from flows.warehouse.bigquery.connection import BigQuery


@dataclass(frozen=True)
class Readiness:
    """How far the source reaches, at the date as of which `weeks` is to be reported."""

    weeks: WeekPair
    last_day: date | None
    is_ready: bool


def read_readiness(bigquery: BigQuery, as_of: date, timezone: str) -> Readiness:
    """Whether BigQuery's source reaches the last day of the report week: it is loaded by the day."""
    (row,) = bigquery.rows(
        f"""
        with bounds as (select date_sub(date_trunc(@as_of, week(monday)), interval 1 day) as week_end),

        loaded as (
            select date(max(event_create_time), @timezone) as last_day
            from `{bigquery.config.source_table}`
            where event_create_time >= timestamp(date_sub(@as_of, interval 14 day))
                and event_create_time < timestamp(date_add(@as_of, interval 2 day))
        )

        select
            loaded.last_day,
            coalesce(loaded.last_day >= bounds.week_end, false) as is_ready,
            date_sub(bounds.week_end, interval 6 day) as week_start,
            bounds.week_end,
            format_date('%G-W%V', bounds.week_end) as week_label,
            date_sub(bounds.week_end, interval 13 day) as base_start,
            date_sub(bounds.week_end, interval 7 day) as base_end,
            format_date('%G-W%V', date_sub(bounds.week_end, interval 7 day)) as base_label
        from bounds
        cross join loaded
        """,
        as_of=as_of,
        timezone=timezone,
    )
    weeks = WeekPair(
        comparison=Week(row["week_start"], row["week_end"], row["week_label"]),
        base=Week(row["base_start"], row["base_end"], row["base_label"]),
    )
    return Readiness(weeks, row["last_day"], row["is_ready"])


def read_newest_ticket(bigquery: BigQuery) -> datetime:
    """When the newest ticket of BigQuery's source table was created (UTC), looking back two weeks."""
    (row,) = bigquery.rows(
        f"""
        select max(event_create_time) as newest_at
        from `{bigquery.config.source_table}`
        where event_create_time >= current_timestamp - interval 14 day
        """
    )
    if row["newest_at"] is None:
        raise SourceError(
            f"{bigquery.config.source_table} has no ticket of the last 14 days. Check the upstream load."
        )
    newest: datetime = row["newest_at"]
    return newest

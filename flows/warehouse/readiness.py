"""Whether BigQuery's source table, which is loaded by the day, has every day of the report week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flows.report.values import Week, WeekPair
from flows.runtime.errors import SourceError
from flows.warehouse.bigquery.connection import BigQuery
from flows.warehouse.connection import dates_in

COUNTS = "fct_voc_weekly_counts"
WEEKDAY_COUNTS = tuple(
    f"{day}_count"
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
)


@dataclass(frozen=True)
class Readiness:
    """Which days of the report week the source has, at the date as of which `weeks` is to be reported.

    `last_day` is the newest day with tickets since the week began, `missing_days` are days of the week that usually
    have tickets and have none yet.
    """

    weeks: WeekPair
    last_day: date | None
    is_ready: bool
    missing_days: tuple[date, ...] = ()


def read_readiness(bigquery: BigQuery, as_of: date, timezone: str) -> Readiness:
    """Whether BigQuery's source has every day of the report week on which there usually are tickets, in one job.

    Usual is a weekday with tickets in three quarters of the eight weeks before, as counted by the models; before the
    first run as found in the source. A day is missing no longer once the source has gone on: past the week for its
    last days, and one whole day further for a day before one that has tickets.

    The days are counted from the tickets, because a partition is a day of UTC, so that tickets of Monday morning fill
    the partition of a Sunday without tickets. It reads one column, and BigQuery bills as little for it as for a look
    at the partitions' metadata.
    """
    has_counts = set(WEEKDAY_COUNTS) <= bigquery.columns_of(COUNTS)
    (row,) = bigquery.rows(
        f"""
        with bounds as (select date_sub(date_trunc(@as_of, week(monday)), interval 7 day) as week_start),

        tickets as (
            select date(event_create_time, @timezone) as day
            from `{bigquery.config.source_table}`
            -- A day earlier, because everywhere east of Greenwich Monday begins on Sunday.
            where event_create_time >= timestamp(
                    date_sub(date_trunc(@as_of, week(monday)), interval {8 if has_counts else 64} day)
                )
                and event_create_time < timestamp(date_add(@as_of, interval 2 day))
        ),

        days_counted as (
            select day, count(*) as ticket_count
            from tickets
            group by day
        ),

        days_before as (
            {_DAYS_OF_THE_MODELS if has_counts else "select day, ticket_count from days_counted"}
        ),

        weekdays_before as (
            select
                mod(extract(dayofweek from day) + 5, 7) as weekday,
                count(distinct if(ticket_count > 0, date_trunc(day, week(monday)), null)) as weeks_with_tickets
            from days_before
            cross join bounds
            where day >= date_sub(week_start, interval 56 day) and day < week_start
            group by weekday
        ),

        weeks_before as (
            select count(distinct date_trunc(day, week(monday))) as week_count
            from days_before
            cross join bounds
            where day >= date_sub(week_start, interval 56 day) and day < week_start and ticket_count > 0
        ),

        days_of_week as (
            select
                date_add(week_start, interval weekday day) as day,
                coalesce(ticket_count, 0) as ticket_count,
                week_count = 0 or 4 * coalesce(weeks_with_tickets, 0) >= 3 * week_count as is_usual
            from bounds
            cross join unnest([0, 1, 2, 3, 4, 5, 6]) as weekday
            cross join weeks_before
            left join weekdays_before using (weekday)
            left join days_counted on days_counted.day = date_add(week_start, interval weekday day)
        ),

        reached as (
            select
                max(day) as last_day,
                max(if(day < date_add(week_start, interval 7 day), day, null)) as last_day_of_week
            from days_counted
            cross join bounds
            where day >= week_start
        ),

        days_missing as (
            select day
            from days_of_week
            cross join bounds
            cross join reached
            where
                ticket_count = 0
                and is_usual
                and coalesce(
                    last_day < date_add(week_start, interval if(day < last_day_of_week, 8, 7) day), true
                )
        )

        select
            (select last_day from reached) as last_day,
            (select count(*) = 0 from days_missing) as is_ready,
            (select string_agg(cast(day as string), ',' order by day) from days_missing) as missing_days,
            week_start,
            date_add(week_start, interval 6 day) as week_end,
            format_date('%G-W%V', week_start) as week_label,
            date_sub(week_start, interval 7 day) as base_start,
            date_sub(week_start, interval 1 day) as base_end,
            format_date('%G-W%V', date_sub(week_start, interval 7 day)) as base_label
        from bounds
        """,
        as_of=as_of,
        timezone=timezone,
    )
    weeks = WeekPair(
        comparison=Week(row["week_start"], row["week_end"], row["week_label"]),
        base=Week(row["base_start"], row["base_end"], row["base_label"]),
    )
    missing = dates_in(row["missing_days"])
    return Readiness(weeks, row["last_day"], row["is_ready"], missing)


_DAYS_OF_THE_MODELS = f"""
            select date_add(counts.week_start, interval weekday day) as day, sum(
                case weekday {" ".join(f"when {n} then {name}" for n, name in enumerate(WEEKDAY_COUNTS))} end
            ) as ticket_count
            from {COUNTS} as counts
            cross join bounds
            cross join unnest([0, 1, 2, 3, 4, 5, 6]) as weekday
            where counts.week_start >= date_sub(bounds.week_start, interval 56 day)
                and counts.week_start < bounds.week_start
            group by day
"""


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

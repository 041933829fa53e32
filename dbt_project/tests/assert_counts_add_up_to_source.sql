-- The parts add up: in the weeks looked at, each row of the source belongs to exactly one counted ticket, each ticket
-- has one day, and no week is counted that has no ticket any more. Lost rows make the counted ones fewer, doubled ones
-- more.
with source_rows as (
    select {{ monday_of(local_date('event_create_time')) }} as week_start
    from {{ source('zendesk', 'tickets') }}
    where
        {{ created_in_weeks(weeks_to_check()) }}
),

expected as (
    select
        week_start,
        count(*) as row_count
    from source_rows
    group by week_start
),

counted as (
    select
        week_start,
        sum(source_row_count) as row_count,
        sum(total_count) as ticket_count,
        sum(
            monday_count
            + tuesday_count
            + wednesday_count
            + thursday_count
            + friday_count
            + saturday_count
            + sunday_count
        ) as ticket_count_of_days
    from {{ ref('fct_voc_weekly_counts') }}
    where {{ in_weeks('week_start', weeks_to_check()) }}
    group by week_start
)

select
    week_start,
    expected.row_count as expected_count,
    counted.row_count as counted_count
from expected
full outer join counted using (week_start)
where
    coalesce(counted.row_count, 0) != coalesce(expected.row_count, 0)
    or coalesce(counted.ticket_count_of_days, 0) != coalesce(counted.ticket_count, 0)
    or coalesce(counted.ticket_count, 0) > coalesce(counted.row_count, 0)

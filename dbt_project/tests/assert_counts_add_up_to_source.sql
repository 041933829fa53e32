-- The parts add up: over the weeks that this run counted, each (week, ticket id) of the source is counted once. A
-- ticket without an id is counted, but is none of the source's ids, and so fails here too: a test of its own would
-- have to scan the source once more.
with source_tickets as (
    select
        id,
        {{ monday_of(local_date('event_create_time')) }} as week_start
    from {{ source('zendesk', 'tickets') }}
    where
        {{ created_in_weeks(first_week_to_count(), last_week_to_count()) }}
),

expected as (
    select
        week_start,
        count(distinct id) as ticket_count
    from source_tickets
    group by week_start
),

counted as (
    select
        week_start,
        sum(total_count) as ticket_count
    from {{ ref('fct_voc_weekly_counts') }}
    group by week_start
)

select
    expected.week_start,
    expected.ticket_count as expected_count,
    counted.ticket_count as counted_count
from expected
left join counted
    on expected.week_start = counted.week_start
where coalesce(counted.ticket_count, 0) != expected.ticket_count

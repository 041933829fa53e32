-- The parts add up: over the weeks that this run has counted, each (week, ticket id) of the source is counted once, and
-- no week is counted that has no ticket any more.
with source_tickets as (
    select
        {{ normalised_text('id') }} as ticket_id,
        {{ monday_of(local_date('event_create_time')) }} as week_start
    from {{ source('zendesk', 'tickets') }}
    where
        {{ created_in_weeks(weeks_to_count()) }}
),

expected as (
    select
        week_start,
        count(distinct ticket_id) as ticket_count
    from source_tickets
    group by week_start
),

counted as (
    select
        week_start,
        sum(total_count) as ticket_count
    from {{ ref('fct_voc_weekly_counts') }}
    where {{ in_weeks('week_start', weeks_to_count()) }}
    group by week_start
)

select
    week_start,
    expected.ticket_count as expected_count,
    counted.ticket_count as counted_count
from expected
full outer join counted using (week_start)
where coalesce(counted.ticket_count, 0) != coalesce(expected.ticket_count, 0)

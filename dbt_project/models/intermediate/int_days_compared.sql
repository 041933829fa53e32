with weeks as (
    select * from {{ ref('int_weeks_summed') }}
),

days as (
    select
        week_start,
        days_after_monday,
        week_start + days_after_monday as ticket_date,
        case days_after_monday
            {%- for day in weekdays() %}
            when {{ loop.index0 }} then {{ day }}_count
            {%- endfor %}
        end as ticket_count
    from weeks
    cross join {{ unnested('[0, 1, 2, 3, 4, 5, 6]', 'days_after_monday') }}
)

-- Beside the same weekday of the eight weeks before: a Sunday without tickets may be every Sunday.
select
    week_start,
    ticket_date,
    ticket_count,
    avg(ticket_count) over before as usual_count,
    avg(case when ticket_count > 0 then 1 else 0 end) over before as share_with_tickets,
    count(*) over before as weeks_before
from days
window before as (partition by days_after_monday order by week_start rows between 8 preceding and 1 preceding)

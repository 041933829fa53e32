with tickets as (
    select * from {{ ref('int_flagged_tickets_masked') }}
),

-- What is announced, and the alarms that are folded into it.
flagged_names as (
    select
        week_start,
        category1,
        category2,
        category3
    from {{ ref('fct_voc_weekly_drivers') }}
    where
        week_start = {{ report_week_start() }}
        and (alert_level = level or (level = 3 and alert_level is not null))
)

select
    flagged_names.week_start,
    flagged_names.category1,
    flagged_names.category2,
    flagged_names.category3,
    tickets.category2 as ticket_category2,
    tickets.category3 as ticket_category3,
    tickets.ticket_id,
    tickets.ticket_created_at,
    tickets.ticket_date,
    tickets.week_role,
    tickets.is_negative,
    tickets.title,
    tickets.detail,
    tickets.keywords
from tickets
inner join flagged_names
    on
        tickets.category1 = flagged_names.category1
        and flagged_names.category2 in ('', tickets.category2)
        and flagged_names.category3 in ('', tickets.category3)

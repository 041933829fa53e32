with texts as (
    select * from {{ ref('stg_zendesk__ticket_texts') }}
),

{{ category_names_masked('texts') }},

changes as (
    select * from {{ ref('fct_voc_weekly_drivers') }}
    where week_start = {{ report_week_start() }}
),

-- The alarms, and all that is below a level that is announced.
flagged_categories as (
    select distinct
        changes.week_start,
        changes.category1,
        changes.category2,
        changes.category3
    from changes
    left join changes as alerts
        on
            changes.category1 = alerts.category1
            and alerts.category2 in ('', changes.category2)
            and alerts.level < 3
            and alerts.alert_level = alerts.level
    where
        changes.level = 3
        and (changes.status in ('CRITICAL', 'MONITOR') or alerts.level is not null)
),

-- All others with their keywords only, which words rise in all tickets is counted from.
tickets_flagged as (
    select
        {{ report_week_start() }} as week_start,
        tickets.category1,
        tickets.category2,
        tickets.category3,
        flagged_categories.week_start is not null as is_flagged,
        tickets.ticket_id,
        tickets.ticket_created_at,
        tickets.ticket_date,
        case when tickets.week_start = {{ report_week_start() }} then 'comparison' else 'base' end as week_role,
        tickets.is_negative,
        case when flagged_categories.week_start is not null then tickets.title end as title,
        case when flagged_categories.week_start is not null then tickets.detail end as detail,
        tickets.keywords
    from names_masked as tickets
    left join flagged_categories
        on
            tickets.category1 = flagged_categories.category1
            and tickets.category2 = flagged_categories.category2
            and tickets.category3 = flagged_categories.category3
),

-- Masked here, before anything is stored or leaves the warehouse.
{{ masked_in_steps('tickets_flagged', ['title', 'detail', 'keywords']) }}

select
    week_start,
    category1,
    category2,
    category3,
    is_flagged,
    ticket_id,
    ticket_created_at,
    ticket_date,
    week_role,
    is_negative,
    title,
    detail,
    keywords
from masked

with texts as (
    select * from {{ ref('stg_zendesk__ticket_texts') }}
),

{{ category_names_masked('texts') }},

flagged_categories as (
    select
        week_start,
        category1,
        category2,
        category3
    from {{ ref('fct_voc_weekly_status') }}
    where
        week_start = {{ report_week_start() }}
        and status in ('CRITICAL', 'MONITOR')
),

flagged_tickets as (
    select
        flagged_categories.week_start,
        flagged_categories.category1,
        flagged_categories.category2,
        flagged_categories.category3,
        tickets.ticket_id,
        tickets.ticket_created_at,
        tickets.ticket_date,
        case when tickets.week_start = flagged_categories.week_start then 'comparison' else 'base' end as week_role,
        tickets.is_negative,
        tickets.title,
        tickets.detail,
        tickets.keywords
    from names_masked as tickets
    inner join flagged_categories
        on
            tickets.category1 = flagged_categories.category1
            and tickets.category2 = flagged_categories.category2
            and tickets.category3 = flagged_categories.category3
),

-- Masked here, before anything is stored or leaves the warehouse.
{{ masked_in_steps('flagged_tickets', ['title', 'detail', 'keywords']) }}

select
    week_start,
    category1,
    category2,
    category3,
    ticket_id,
    ticket_created_at,
    ticket_date,
    week_role,
    is_negative,
    title,
    detail,
    keywords
from masked

with texts as (
    select * from {{ ref('stg_zendesk__ticket_texts') }}
),

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
        texts.ticket_id,
        texts.ticket_created_at,
        texts.ticket_date,
        case when texts.week_start = flagged_categories.week_start then 'comparison' else 'base' end as week_role,
        texts.is_negative,
        texts.title,
        texts.detail,
        texts.keywords
    from texts
    inner join flagged_categories
        on
            texts.category1 = flagged_categories.category1
            and texts.category2 = flagged_categories.category2
            and texts.category3 = flagged_categories.category3
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

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
)

-- Masked here, before anything is stored or leaves the warehouse.
select
    flagged_categories.week_start,
    flagged_categories.category1,
    flagged_categories.category2,
    flagged_categories.category3,
    texts.ticket_id,
    texts.ticket_created_at,
    {{ local_date('texts.ticket_created_at') }} as ticket_date,
    case when texts.week_start = flagged_categories.week_start then 'comparison' else 'base' end as week_role,
    texts.is_negative,
    {{ mask_pii('texts.title') }} as title,
    {{ mask_pii('texts.detail') }} as detail,
    {{ mask_pii('texts.keywords') }} as keywords
from texts
inner join flagged_categories
    on
        texts.category1 = flagged_categories.category1
        and texts.category2 = flagged_categories.category2
        and texts.category3 = flagged_categories.category3

with tickets as (
    select * from {{ ref('stg_zendesk__tickets') }}
),

tickets_counted_by_week as (
    select
        week_start,
        category1,
        category2,
        category3,
        count(*) as total_count,
        count(case when is_negative then 1 end) as negative_count
    from tickets
    group by week_start, category1, category2, category3
)

select
    week_start,
    category1,
    category2,
    category3,
    total_count,
    negative_count,
    negative_count / total_count as negative_ratio
from tickets_counted_by_week

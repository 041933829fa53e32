with thresholds as (
    select * from {{ ref('int_status_thresholds') }}
),

categories as (
    select distinct
        category1,
        category2,
        category3
    from {{ ref('fct_voc_weekly_counts') }}
),

thresholds_matched as (
    select distinct
        thresholds.status,
        thresholds.category1,
        thresholds.category2,
        thresholds.category3
    from thresholds
    inner join categories
        on {{ matches_pattern('thresholds', 'categories') }}
    where thresholds.specificity > 0
)

select
    thresholds.status,
    thresholds.status_rank,
    thresholds.category1,
    thresholds.category2,
    thresholds.category3,
    thresholds.specificity > 0 as is_override,
    thresholds.min_total,
    thresholds.min_increase_pct,
    thresholds.min_negative_ratio_increase_pp,
    thresholds.min_decrease_pct,
    thresholds.specificity = 0 or thresholds_matched.status is not null as is_used
from thresholds
left join thresholds_matched
    on
        thresholds.status = thresholds_matched.status
        and coalesce(thresholds.category1, '') = coalesce(thresholds_matched.category1, '')
        and coalesce(thresholds.category2, '') = coalesce(thresholds_matched.category2, '')
        and coalesce(thresholds.category3, '') = coalesce(thresholds_matched.category3, '')

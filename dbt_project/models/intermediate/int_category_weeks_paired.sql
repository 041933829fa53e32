with counts as (
    select * from {{ ref('fct_voc_weekly_counts') }}
),

weeks as (
    select * from {{ ref('dim_voc_weeks') }}
),

-- Each count is the comparison week of its own week and the base week of the next one.
comparison_weeks as (
    select
        week_start,
        category1,
        category2,
        category3,
        total_count,
        negative_count
    from counts
    where {{ in_weeks('week_start', weeks_to_judge()) }}
),

base_weeks as (
    select
        week_start + 7 as week_start,
        category1,
        category2,
        category3,
        total_count,
        negative_count
    from counts
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=1, last_before=1) }}
),

weeks_paired as (
    select
        week_start,
        category1,
        category2,
        category3,
        coalesce(base_weeks.total_count, 0) as base_total,
        coalesce(comparison_weeks.total_count, 0) as comparison_total,
        coalesce(base_weeks.negative_count, 0) as base_negative,
        coalesce(comparison_weeks.negative_count, 0) as comparison_negative
    from comparison_weeks
    full outer join base_weeks using (week_start, category1, category2, category3)
),

-- Weeks without a base week (the first) and weeks not yet complete (after the last) have no pair.
weeks_compared as (
    select weeks_paired.*
    from weeks_paired
    inner join weeks
        on weeks_paired.week_start = weeks.week_start
    where weeks.base_week_start is not null
)

{{ at_every_level('weeks_compared', ['base_total', 'comparison_total', 'base_negative', 'comparison_negative']) }}

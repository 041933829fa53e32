with category_weeks as (
    select * from {{ ref('int_category_weeks') }}
),

-- Three tickets a week and more: below that the quotient jumps.
steady_categories as (
    select
        week_start,
        (total_count + 5e-1) / ((baseline_total + 5e-1) / weeks_before) as quotient
    from category_weeks
    where weeks_before >= 1 and baseline_total >= 3 * weeks_before
),

levels_ranked as (
    select
        week_start,
        quotient,
        row_number() over (partition by week_start order by quotient) as quotient_rank,
        count(*) over (partition by week_start) as category_count
    from steady_categories
)

-- The median, the lower one of two. A ratio of totals would follow the largest category alone.
select
    week_start,
    quotient as week_level
from levels_ranked
where category_count >= 5 and 2 * quotient_rank between category_count and category_count + 1

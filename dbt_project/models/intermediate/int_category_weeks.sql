{%- set weeks_needed = var('evidence_spread_weeks') + var('evidence_baseline_weeks') -%}
with counts as (
    {{ at_every_level(ref('fct_voc_weekly_counts'), ['total_count', 'negative_count']) }}
),

weeks as (
    select * from {{ ref('dim_voc_weeks') }}
),

weeks_numbered as (
    select
        week_start,
        row_number() over (order by week_start) - 1 as week_number
    from weeks
),

-- Over all counts: a category that was silent for a year is not new.
first_weeks as (
    select
        category1,
        category2,
        category3,
        min(week_start) as first_week_start
    from counts
    group by category1, category2, category3
),

-- With a short key: millions of rows are sorted by it.
categories as (
    select
        row_number() over (
            order by first_weeks.category1, first_weeks.category2, first_weeks.category3
        ) as category_id,
        first_weeks.category1,
        first_weeks.category2,
        first_weeks.category3,
        first_weeks.first_week_start,
        weeks_numbered.week_number as first_week_number
    from first_weeks
    inner join weeks_numbered
        on first_weeks.first_week_start = weeks_numbered.week_start
),

-- A week shows the spread of the weeks before it, and each of those its own baseline.
recent_weeks as (
    select * from weeks_numbered
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=weeks_needed) }}
),

recent_counts as (
    select
        categories.category_id,
        counts.week_start,
        counts.total_count,
        counts.negative_count
    from counts
    inner join categories
        on
            counts.category1 = categories.category1
            and counts.category2 = categories.category2
            and counts.category3 = categories.category3
    where {{ in_weeks('counts.week_start', weeks_to_judge(), first_before=weeks_needed) }}
),

-- A week without tickets counts 0. The first week is judged by the zeros of the weeks before it.
weeks_filled as (
    select
        recent_weeks.week_start,
        categories.category_id,
        categories.category1,
        categories.category2,
        categories.category3,
        categories.first_week_start,
        least(
            {{ var('evidence_baseline_weeks') }},
            case
                when recent_weeks.week_number > categories.first_week_number
                    then recent_weeks.week_number - categories.first_week_number
                else recent_weeks.week_number
            end
        ) as weeks_before,
        coalesce(recent_counts.total_count, 0) as total_count,
        coalesce(recent_counts.negative_count, 0) as negative_count
    from categories
    inner join recent_weeks
        on categories.first_week_number <= recent_weeks.week_number
    left join recent_counts
        on
            recent_weeks.week_start = recent_counts.week_start
            and categories.category_id = recent_counts.category_id
),

baselines_summed as (
    select
        *,
        cast(coalesce(sum(total_count) over baseline, 0) as int64) as baseline_total,
        cast(coalesce(sum(negative_count) over baseline, 0) as int64) as baseline_negative
    from weeks_filled
    window
        baseline as (
            partition by category_id
            order by week_start
            rows between {{ var('evidence_baseline_weeks') }} preceding and 1 preceding
        )
)

-- Further back, the baselines are cut off.
select
    week_start,
    category_id,
    category1,
    category2,
    category3,
    first_week_start,
    weeks_before,
    total_count,
    negative_count,
    baseline_total,
    baseline_negative
from baselines_summed
where {{ in_weeks('week_start', weeks_to_judge(), first_before=var('evidence_spread_weeks')) }}

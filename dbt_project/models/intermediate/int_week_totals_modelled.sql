{#- Which weeks are judged again is asked there first, and not twice at the same time. -#}
{%- set asked_first = ref('int_category_weeks_paired') -%}
{%- set weeks_needed = var('evidence_spread_weeks') + var('evidence_baseline_weeks') -%}
with weeks as (
    select * from {{ ref('dim_voc_weeks') }}
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=weeks_needed) }}
),

counts as (
    select * from {{ ref('fct_voc_weekly_counts') }}
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=weeks_needed) }}
),

totals as (
    select
        weeks.week_start,
        cast(coalesce(sum(counts.total_count), 0) as int64) as total_count,
        cast(coalesce(sum(counts.negative_count), 0) as int64) as negative_count
    from weeks
    left join counts
        on weeks.week_start = counts.week_start
    group by weeks.week_start
),

beside_weeks_before as (
    select
        *,
        lag(total_count) over (order by week_start) as base_total,
        lag(negative_count) over (order by week_start) as base_negative,
        count(*) over baseline as weeks_before,
        sum(total_count) over baseline as baseline_total
    from totals
    window
        baseline as (
            order by week_start
            rows between {{ var('evidence_baseline_weeks') }} preceding and 1 preceding
        )
),

-- A category is judged as if it had moved with all others; all of them have nothing to move with.
expected as (
    select
        *,
        (baseline_total + 5e-1) / weeks_before as own_mean
    from beside_weeks_before
    where weeks_before > 0
),

errors as (
    select
        *,
        case
            when weeks_before >= 2 and baseline_total >= weeks_before
                then abs(total_count - own_mean) / sqrt(own_mean * (1e0 + 1e0 / weeks_before))
        end as volume_error
    from expected
),

-- A new company begins with 20 weeks of errors, as its categories do.
errors_averaged as (
    select
        *,
        (20 * 126e-2 + coalesce(sum(volume_error) over spread, 0e0)) / (20 + count(volume_error) over spread)
            as mean_volume_error
    from errors
    window
        spread as (
            order by week_start
            rows between {{ var('evidence_spread_weeks') }} preceding and 1 preceding
        )
),

spread_measured as (
    select
        *,
        {{ spread_of('mean_volume_error') }} * (1e0 + 1e0 / weeks_before) as variance_ratio
    from errors_averaged
),

widths as (
    select
        *,
        {{ usual_width('variance_ratio', 'own_mean') }} as width
    from spread_measured
)

select
    week_start,
    base_total,
    total_count as comparison_total,
    base_negative,
    negative_count as comparison_negative,
    {{ usual_low('own_mean', 'width') }} as usual_low,
    {{ usual_high('own_mean', 'width') }} as usual_high
from widths
where {{ in_weeks('week_start', weeks_to_judge()) }}

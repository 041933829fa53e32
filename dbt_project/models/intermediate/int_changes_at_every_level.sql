with judged as (
    select * from {{ ref('int_category_weeks_judged') }}
),

evidence as (
    select * from {{ ref('int_evidence') }}
),

counts as (
    select
        week_start,
        category1,
        category2,
        category3,
        total_count
    from {{ ref('fct_voc_weekly_counts') }}
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=7) }}
),

counts_at_every_level as (
    {{ at_every_level('counts', ['total_count']) }}
),

totals_of_recent_weeks as (
    select
        judged.week_start,
        judged.category1,
        judged.category2,
        judged.category3,
        array_agg(coalesce(counts_at_every_level.total_count, 0) order by weeks_ago desc) as total_last_8_weeks
    from judged
    cross join {{ unnested('[0, 1, 2, 3, 4, 5, 6, 7]', 'weeks_ago') }}
    left join counts_at_every_level
        on
            judged.category1 = counts_at_every_level.category1
            and judged.category2 = counts_at_every_level.category2
            and judged.category3 = counts_at_every_level.category3
            and judged.week_start - 7 * weeks_ago = counts_at_every_level.week_start
    group by judged.week_start, judged.category1, judged.category2, judged.category3
)

select
    judged.week_start,
    judged.category1,
    judged.category2,
    judged.category3,
    case when judged.category2 = '' then 1 when judged.category3 = '' then 2 else 3 end as level,
    judged.status,
    judged.status_rank,
    judged.status_reason,
    judged.base_total,
    judged.comparison_total,
    judged.base_negative,
    judged.comparison_negative,
    100 * (judged.comparison_total - judged.base_total) / nullif(judged.base_total, 0) as total_change_pct,
    judged.base_negative / nullif(judged.base_total, 0) as base_negative_ratio,
    judged.comparison_negative / nullif(judged.comparison_total, 0) as comparison_negative_ratio,
    -- One division of whole numbers, so that a change of exactly 20 points reads as 20.
    100 * (judged.comparison_negative * judged.base_total - judged.base_negative * judged.comparison_total)
    / nullif(judged.base_total * judged.comparison_total, 0) as negative_ratio_change_pp,
    judged.base_total = 0 as is_new,
    totals_of_recent_weeks.total_last_8_weeks,
    judged.threshold_min_total,
    judged.threshold_min_increase_pct,
    judged.threshold_min_negative_ratio_increase_pp,
    judged.threshold_min_decrease_pct,
    judged.is_threshold_override,
    evidence.first_week_start,
    evidence.weeks_before,
    evidence.expected_total,
    evidence.usual_low,
    evidence.usual_high,
    evidence.usual_negative_ratio,
    evidence.p_increase,
    evidence.p_decrease,
    evidence.p_negative,
    evidence.q_increase,
    evidence.q_decrease,
    evidence.q_negative,
    evidence.chance_of_alarm,
    evidence.evidence,
    evidence.evidence_note,
    evidence.is_unusual,
    coalesce(evidence.is_increase_clear, false) as is_increase_clear,
    coalesce(evidence.is_negative_clear, false) as is_negative_clear,
    evidence.expected_negative
from judged
inner join totals_of_recent_weeks
    on
        judged.week_start = totals_of_recent_weeks.week_start
        and judged.category1 = totals_of_recent_weeks.category1
        and judged.category2 = totals_of_recent_weeks.category2
        and judged.category3 = totals_of_recent_weeks.category3
left join evidence
    on
        judged.week_start = evidence.week_start
        and judged.category1 = evidence.category1
        and judged.category2 = evidence.category2
        and judged.category3 = evidence.category3

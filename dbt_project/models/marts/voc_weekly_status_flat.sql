with statuses as (
    select * from {{ ref('fct_voc_weekly_status') }}
),

weeks as (
    select * from {{ ref('dim_voc_weeks') }}
)

select
    statuses.week_start,
    weeks.week_label,
    weeks.is_latest_week,
    statuses.category1,
    statuses.category2,
    statuses.category3,
    statuses.status,
    statuses.status_rank,
    statuses.status_reason,
    statuses_before.status as status_week_before,
    statuses.base_total,
    statuses.comparison_total,
    statuses.comparison_total - statuses.base_total as total_change,
    statuses.total_change_pct,
    statuses.base_negative,
    statuses.comparison_negative,
    statuses.base_negative_ratio,
    statuses.comparison_negative_ratio,
    statuses.negative_ratio_change_pp,
    statuses.is_new,
    statuses.usual_low,
    statuses.usual_high,
    statuses.evidence,
    statuses.evidence_note,
    statuses.is_unusual,
    {{ item_of('statuses.total_last_8_weeks', 1) }} as total_7_weeks_ago,
    {{ item_of('statuses.total_last_8_weeks', 2) }} as total_6_weeks_ago,
    {{ item_of('statuses.total_last_8_weeks', 3) }} as total_5_weeks_ago,
    {{ item_of('statuses.total_last_8_weeks', 4) }} as total_4_weeks_ago,
    {{ item_of('statuses.total_last_8_weeks', 5) }} as total_3_weeks_ago,
    {{ item_of('statuses.total_last_8_weeks', 6) }} as total_2_weeks_ago,
    {{ item_of('statuses.total_last_8_weeks', 7) }} as total_1_week_ago
from statuses
inner join weeks
    on statuses.week_start = weeks.week_start
left join statuses as statuses_before
    on
        statuses.week_start - 7 = statuses_before.week_start
        and statuses.category1 = statuses_before.category1
        and statuses.category2 = statuses_before.category2
        and statuses.category3 = statuses_before.category3

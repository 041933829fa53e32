with weeks as (
    select * from {{ ref('dim_voc_weeks') }}
),

judged as (
    select * from {{ ref('int_category_weeks_judged') }}
),

evidence as (
    select * from {{ ref('int_evidence') }}
),

modelled as (
    select * from {{ ref('int_category_weeks_judged_modelled') }}
),

weeks_numbered as (
    select
        week_start,
        row_number() over (order by week_start) - 1 as weeks_of_history
    from weeks
),

alarms_counted as (
    select
        judged.week_start,
        count(case when judged.status in ('CRITICAL', 'MONITOR') then 1 end) as alarms,
        count(
            case when judged.status in ('CRITICAL', 'MONITOR') and evidence.evidence = 'strong' then 1 end
        ) as strong_alarms,
        sum(evidence.chance_of_alarm) as alarms_by_chance
    from judged
    left join evidence
        on
            judged.week_start = evidence.week_start
            and judged.category1 = evidence.category1
            and judged.category2 = evidence.category2
            and judged.category3 = evidence.category3
    group by judged.week_start
),

-- Of the categories that have a share: a new one's is a guess, and many small ones' guesses would add up.
shares_summed as (
    select
        week_start,
        max(test_count) as tests,
        max(week_level) as week_level,
        sum(is_in_company_share * comparison_negative)
        / nullif(sum(is_in_company_share * comparison_total), 0) as negative_share,
        sum(is_in_company_share * comparison_total * usual_share)
        / nullif(sum(is_in_company_share * comparison_total), 0) as negative_share_expected
    from modelled
    group by week_start
)

select
    weeks_numbered.week_start,
    coalesce(alarms_counted.alarms, 0) as alarms,
    coalesce(alarms_counted.strong_alarms, 0) as strong_alarms,
    coalesce(alarms_counted.alarms_by_chance, 0e0) as alarms_by_chance,
    coalesce(shares_summed.tests, 0) as tests,
    shares_summed.week_level,
    shares_summed.negative_share,
    shares_summed.negative_share_expected,
    weeks_numbered.weeks_of_history
from weeks_numbered
left join alarms_counted
    on weeks_numbered.week_start = alarms_counted.week_start
left join shares_summed
    on weeks_numbered.week_start = shares_summed.week_start
where weeks_numbered.weeks_of_history > 0 and ({{ in_weeks('weeks_numbered.week_start', weeks_to_judge()) }})

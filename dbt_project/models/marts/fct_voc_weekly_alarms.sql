-- depends_on: {{ ref('fct_voc_source_doubts') }}, {{ ref('fct_voc_weekly_drivers') }}
-- What is recorded here has been judged: the other way round, a run that fails in between would lose a week.
with weeks as (
    select * from {{ ref('dim_voc_weeks') }}
),

statuses as (
    select * from {{ ref('fct_voc_weekly_status') }}
    where {{ in_weeks('week_start', weeks_to_judge()) }}
),

modelled as (
    select * from {{ ref('int_category_weeks_judged_modelled') }}
    where category3 != ''
),

totals as (
    select * from {{ ref('int_week_totals_modelled') }}
),

rules as (
    select {{ judging_version(ref('int_status_thresholds')) }} as judging_version
),

weeks_numbered as (
    select
        week_start,
        row_number() over (order by week_start) - 1 as weeks_of_history
    from weeks
),

alarms_counted as (
    select
        week_start,
        count(case when status in ('CRITICAL', 'MONITOR') then 1 end) as alarms,
        count(case when status in ('CRITICAL', 'MONITOR') and evidence = 'strong' then 1 end) as strong_alarms,
        sum(chance_of_alarm) as alarms_by_chance
    from statuses
    group by week_start
),

-- Of the categories that have a share: a new one's is a guess, and many small ones' guesses would add up.
shares_summed as (
    select
        week_start,
        max(test_count) as tests,
        max(week_level) as week_level,
        max(company_spread) as volume_spread,
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
    shares_summed.volume_spread,
    shares_summed.negative_share,
    shares_summed.negative_share_expected,
    weeks_numbered.weeks_of_history,
    totals.base_total,
    totals.comparison_total,
    totals.base_negative,
    totals.comparison_negative,
    totals.usual_low,
    totals.usual_high,
    '{{ flow_run_id() }}' as flow_run_id,
    {{ moment_of_run() }} as judged_at,
    rules.judging_version
from weeks_numbered
cross join rules
left join alarms_counted
    on weeks_numbered.week_start = alarms_counted.week_start
left join shares_summed
    on weeks_numbered.week_start = shares_summed.week_start
left join totals
    on weeks_numbered.week_start = totals.week_start
where weeks_numbered.weeks_of_history > 0 and ({{ in_weeks('weeks_numbered.week_start', weeks_to_judge()) }})

-- The alarms of past weeks under other thresholds than the seed's, beside those that the marts hold. A row a week,
-- without a category, and a row for each clear alarm that would be lost. `voc backtest` compiles this, with its
-- thresholds in VOC_BACKTEST; nothing is built.
{%- set asked = backtest() or {'first_week': '2000-01-03', 'last_week': '2000-01-03'} %}
with judged as (
    select * from {{ ref('int_category_weeks_judged') }}
    where category3 != ''
),

evidence as (
    select * from {{ ref('int_evidence') }}
),

today as (
    select
        week_start,
        category1,
        category2,
        category3,
        status in ('CRITICAL', 'MONITOR') as is_alarm_today,
        coalesce(evidence = 'strong', false) as is_strong_today,
        chance_of_alarm as chance_today
    from {{ ref('fct_voc_weekly_status') }}
    where week_start between date '{{ asked.first_week }}' and date '{{ asked.last_week }}'
),

candidate as (
    select
        judged.week_start,
        judged.category1,
        judged.category2,
        judged.category3,
        judged.status in ('CRITICAL', 'MONITOR') as is_alarm,
        coalesce(evidence.evidence = 'strong', false) as is_strong,
        evidence.chance_of_alarm as chance
    from judged
    left join evidence
        on
            judged.week_start = evidence.week_start
            and judged.category1 = evidence.category1
            and judged.category2 = evidence.category2
            and judged.category3 = evidence.category3
),

compared as (
    select
        candidate.*,
        today.chance_today,
        case
            when candidate.is_alarm and today.is_alarm_today then 'kept'
            when candidate.is_alarm then 'gained'
            when today.is_alarm_today then 'lost'
        end as change,
        case when candidate.is_alarm then candidate.is_strong else today.is_strong_today end as is_change_strong
    from candidate
    inner join today
        on
            candidate.week_start = today.week_start
            and candidate.category1 = today.category1
            and candidate.category2 = today.category2
            and candidate.category3 = today.category3
)

select
    week_start,
    cast(null as {{ dbt.type_string() }}) as category1,
    cast(null as {{ dbt.type_string() }}) as category2,
    cast(null as {{ dbt.type_string() }}) as category3,
    {%- for change in ['kept', 'gained', 'lost'] %}
    count(case when change = '{{ change }}' then 1 end) as {{ change }},
    count(case when change = '{{ change }}' and is_change_strong then 1 end) as {{ change }}_strong,
    {%- endfor %}
    coalesce(sum(chance_today), 0e0) as alarms_by_chance,
    coalesce(sum(chance), 0e0) as alarms_by_chance_candidate
from compared
group by week_start
union all
select
    week_start,
    category1,
    category2,
    category3,
    0 as kept,
    0 as kept_strong,
    0 as gained,
    0 as gained_strong,
    1 as lost,
    1 as lost_strong,
    chance_today as alarms_by_chance,
    chance as alarms_by_chance_candidate
from compared
where change = 'lost' and is_change_strong
order by week_start, category1, category2, category3

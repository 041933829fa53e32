with changes as (
    select * from {{ ref('fct_voc_weekly_drivers') }}
    where level = 3 and ({{ in_weeks('week_start', weeks_to_judge()) }})
)

select
    {%- for column in columns_of_change() %}
    {{ column }},
    {%- endfor %}
    alarm_weeks,
    weeks_since_alarm,
    alert_status_before,
    resolution,
    flow_run_id,
    judged_at,
    judging_version
from changes

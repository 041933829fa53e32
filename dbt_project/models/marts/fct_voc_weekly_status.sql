with changes as (
    select * from {{ ref('int_changes_at_every_level') }}
    where level = 3
),

rules as (
    select {{ judging_version(ref('int_status_thresholds')) }} as judging_version
)

select
    {%- for column in columns_of_change() %}
    changes.{{ column }},
    {%- endfor %}
    changes.threshold_min_total,
    changes.threshold_min_increase_pct,
    changes.threshold_min_negative_ratio_increase_pp,
    changes.threshold_min_decrease_pct,
    changes.is_threshold_override,
    changes.chance_of_alarm,
    '{{ flow_run_id() }}' as flow_run_id,
    {{ moment_of_run() }} as judged_at,
    rules.judging_version
from changes
cross join rules

{%- set told = ['week_start', 'category1', 'category2', 'category3', 'alert_level', 'alert_status', 'alert_reason'] -%}
with alerts as (
    select * from {{ ref('int_alerts_at_every_level') }}
),

-- Of all weeks: those that are judged now, and those that earlier runs judged. A week that changes has all later ones
-- judged again.
told as (
    select
        {{ told | join(',\n        ') }}
    from alerts
    where alert_level is not null
    {%- if is_incremental() %}
    union all
    select
        {{ told | join(',\n        ') }}
    from {{ this }}
    where alert_level is not null and not ({{ in_weeks('week_start', weeks_to_judge()) }})
    {%- endif %}
),

told_numbered as (
    select
        *,
        row_number() over name_by_week as told_number,
        lag(week_start) over name_by_week as week_told_before
    from told
    window name_by_week as (partition by category1, category2, category3 order by week_start)
),

-- Weeks in a row are as far from their numbers.
told_in_a_row as (
    select
        *,
        {{ integer_division(days_between("date '1970-01-05'", 'week_start'), 7) }} - told_number as row_of_weeks,
        case
            when week_told_before < week_start - 7
                then {{ integer_division(days_between('week_told_before', 'week_start'), 7) }}
        end as weeks_without
    from told_numbered
),

alarm_history as (
    select
        week_start,
        category1,
        category2,
        category3,
        row_number() over (
            partition by category1, category2, category3, row_of_weeks order by week_start
        ) as alarm_weeks,
        max(weeks_without) over (partition by category1, category2, category3, row_of_weeks) as weeks_since_alarm
    from told_in_a_row
),

-- What was announced one week and is no alarm the next, by itself or in parts, is over unless it has stayed as it was.
announced_before as (
    select
        week_start + 7 as week_start,
        category1,
        category2,
        category3,
        alert_status as alert_status_before,
        alert_reason as alert_reason_before
    from told
    where alert_status is not null
),

rules as (
    select {{ judging_version(ref('int_status_thresholds')) }} as judging_version
)

select
    {%- for column in columns_of_change() %}
    alerts.{{ column }},
    {%- endfor %}
    alerts.level,
    alerts.alert_level,
    alerts.alert_status,
    alerts.alert_reason,
    alerts.explains_alert,
    alerts.total_effect,
    alerts.excess,
    alerts.excess_share,
    alerts.rate_effect,
    alerts.mix_effect,
    coalesce(alarm_history.alarm_weeks, 0) as alarm_weeks,
    alarm_history.weeks_since_alarm,
    announced_before.alert_status_before,
    case
        when announced_before.alert_status_before is null or alerts.is_told_at_or_below then null
        when
            (
                announced_before.alert_reason_before like '%volume_increase%'
                and alerts.comparison_total > alerts.usual_high
            )
            or (
                announced_before.alert_reason_before like '%negative_ratio%'
                and coalesce(alerts.p_negative <= {{ var('evidence_p') }}e0, false)
            )
            then 'still_raised'
        else 'resolved'
    end as resolution,
    '{{ flow_run_id() }}' as flow_run_id,
    {{ moment_of_run() }} as judged_at,
    rules.judging_version
from alerts
cross join rules
left join alarm_history
    on
        alerts.week_start = alarm_history.week_start
        and alerts.category1 = alarm_history.category1
        and alerts.category2 = alarm_history.category2
        and alerts.category3 = alarm_history.category3
left join announced_before
    on
        alerts.week_start = announced_before.week_start
        and alerts.category1 = announced_before.category1
        and alerts.category2 = announced_before.category2
        and alerts.category3 = announced_before.category3

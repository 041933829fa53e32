{%- set kinds = ['increase', 'decrease', 'negative'] -%}
with judged_modelled as (
    select * from {{ ref('int_category_weeks_judged_modelled') }}
),

volume_p_values as (
    select * from {{ ref('int_volume_p_values') }}
),

share_p_values as (
    select * from {{ ref('int_share_p_values') }}
),

chance_alarms as (
    select * from {{ ref('int_chance_alarms') }}
),

p_values as (
    select
        judged_modelled.*,
        volume_p_values.p_increase,
        volume_p_values.p_decrease,
        volume_p_values.p_increase_own,
        volume_p_values.p_decrease_own,
        share_p_values.p_negative,
        case when judged_modelled.level = 3 then coalesce(chance_alarms.chance_of_alarm, 1e0) end as chance_of_alarm,
        {{ usual_width('judged_modelled.variance_ratio', 'judged_modelled.expected_total') }} as usual_width
    from judged_modelled
    left join volume_p_values
        on judged_modelled.row_id = volume_p_values.row_id
    left join share_p_values
        on judged_modelled.row_id = share_p_values.row_id
    left join chance_alarms
        on judged_modelled.row_id = chance_alarms.row_id
),

-- Benjamini and Hochberg: equal values share the last of their ranks.
p_values_ranked as (
    select
        *,
        {%- for kind in kinds %}
        count(p_{{ kind }}) over (
            partition by week_start, level order by coalesce(p_{{ kind }}, 2e0)
        ) as {{ kind }}_rank,
        {%- endfor %}
        {{ usual_low('expected_total', 'usual_width') }} as usual_low,
        {{ usual_high('expected_total', 'usual_width') }} as usual_high
    from p_values
),

p_values_adjusted as (
    select
        *,
        {%- for kind in kinds %}
        case
            when p_{{ kind }} is not null
                then
                    least(
                        min(p_{{ kind }} * (test_count / nullif({{ kind }}_rank, 0))) over (
                            partition by week_start, level order by coalesce(p_{{ kind }}, 2e0) desc
                        ),
                        1e0
                    )
        end as q_{{ kind }},
        {%- endfor %}
        comparison_total between usual_low and usual_high as is_usual
    from p_values_ranked
),

compared as (
    select
        *,
        {%- for kind in kinds %}
        coalesce(
            p_{{ kind }} <= {{ var('evidence_p') }}e0 and q_{{ kind }} <= {{ var('evidence_q') }}e0, false
        ) as is_{{ kind }}_strong,
        {%- endfor %}
        coalesce(status_reason like '%volume_increase%', false) as is_increase_met,
        coalesce(status_reason like '%volume_decrease%', false) as is_decrease_met,
        coalesce(status_reason like '%negative_ratio%', false) as is_negative_met
    from p_values_adjusted
)

select
    week_start,
    category1,
    category2,
    category3,
    first_week_start,
    weeks_before,
    expected_total,
    usual_low,
    usual_high,
    case when baseline_total > 0 then usual_share end as usual_negative_ratio,
    {%- for kind in kinds %}
    p_{{ kind }},
    {%- endfor %}
    {%- for kind in kinds %}
    q_{{ kind }},
    {%- endfor %}
    chance_of_alarm,
    -- A level above is an alarm by its evidence: its thresholds are the categories'.
    case
        {%- for kind in kinds %}
        when
            is_{{ kind }}_strong and (is_{{ kind }}_met{% if kind != 'decrease' %} or level < 3{% endif %})
            then 'strong'
        {%- endfor %}
        when status = 'STABLE' then null
        else 'weak'
    end as evidence,
    case
        when status = 'STABLE' then null
        when baseline_total = 0 and comparison_total > 0 then 'new'
        when comparison_total = 0 then 'gone'
        when is_increase_met and is_usual and base_total < usual_low then 'back_to_usual'
        when is_decrease_met and is_usual and base_total > usual_high then 'back_to_usual'
        {%- for kind in ['increase', 'decrease'] %}
        when
            is_{{ kind }}_met
            and p_{{ kind }}_own <= {{ var('evidence_p') }}e0
            and p_{{ kind }} > {{ var('evidence_p') }}e0
            then 'company_wide'
        {%- endfor %}
        when (is_increase_met or is_decrease_met) and is_usual then 'within_usual'
    end as evidence_note,
    is_increase_strong or is_decrease_strong or is_negative_strong as is_unusual,
    is_increase_strong and (is_increase_met or level < 3) as is_increase_clear,
    is_negative_strong and (is_negative_met or level < 3) as is_negative_clear,
    comparison_total * share_now as expected_negative
from compared

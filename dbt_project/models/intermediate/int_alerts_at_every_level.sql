with changes as (
    select
        *,
        case when level > 1 then category1 else '' end as parent1,
        case when level > 2 then category2 else '' end as parent2,
        greatest(comparison_total - expected_total, 0e0) as increase_excess,
        greatest(comparison_negative - expected_negative, 0e0) as negative_excess
    from {{ ref('int_changes_at_every_level') }}
),

-- Those of one parent, which add up to it; the top level's add up to all tickets.
beside_siblings as (
    select
        *,
        sum(base_total) over siblings as parent_base_total,
        sum(comparison_total) over siblings as parent_comparison_total,
        sum(base_negative) over siblings as parent_base_negative,
        sum(comparison_negative) over siblings as parent_comparison_negative,
        sum(increase_excess) over siblings as siblings_excess
    from changes
    window siblings as (partition by week_start, level, parent1, parent2)
),

-- One without tickets in a week has the ratio of the other week: all of its effect is mix.
weighed as (
    select
        *,
        base_total / nullif(parent_base_total, 0) as base_weight,
        comparison_total / nullif(parent_comparison_total, 0) as comparison_weight,
        coalesce(base_negative_ratio, comparison_negative_ratio) as base_rate,
        coalesce(comparison_negative_ratio, base_negative_ratio) as comparison_rate,
        (
            parent_base_negative / nullif(parent_base_total, 0)
            + parent_comparison_negative / nullif(parent_comparison_total, 0)
        )
        / 2e0 as parent_rate
    from beside_siblings
),

-- What is clear below a level and holds half of what is beyond the expected is the cause.
causes_looked_for as (
    select
        *,
        {{ held_below('increase') }} as is_increase_held_below,
        {{ held_below('negative') }} as is_negative_held_below
    from weighed
),

-- From the top: what is told of a level is not told of those below it.
told_at_level_1 as (
    select
        *,
        {{ told_at(1, 'increase') }} as is_increase_told_at_1,
        {{ told_at(1, 'negative') }} as is_negative_told_at_1
    from causes_looked_for
),

told_at_level_2 as (
    select
        *,
        {{ told_at(2, 'increase') }} as is_increase_told_at_2,
        {{ told_at(2, 'negative') }} as is_negative_told_at_2
    from told_at_level_1
),

-- What is clear for a reason that is told of no level above is told of the row itself.
with_own_reasons as (
    select
        *,
        case
            when level = 3 then status in ('CRITICAL', 'MONITOR')
            else is_increase_clear or is_negative_clear
        end as is_alarm,
        (is_increase_clear and not is_increase_told_at_1)
        or (is_negative_clear and not is_negative_told_at_1) as has_reason_untold_at_1,
        (is_increase_clear and not is_increase_told_at_1 and not is_increase_told_at_2)
        or (is_negative_clear and not is_negative_told_at_1 and not is_negative_told_at_2) as has_reason_untold_at_2
    from told_at_level_2
),

with_alert_level as (
    select
        *,
        case
            when not is_alarm then null
            when (is_increase_told_at_1 or is_negative_told_at_1) and not has_reason_untold_at_1 then 1
            when
                level > 1
                and (is_increase_told_at_2 or is_negative_told_at_2)
                and not has_reason_untold_at_2
                then 2
            when level = 3 then 3
        end as alert_level
    from with_own_reasons
),

alerts as (
    select
        *,
        case
            when alert_level = level then case when status = 'CRITICAL' then 'CRITICAL' else 'MONITOR' end
        end as alert_status,
        case
            when alert_level = level
                then
                    substr(
                        concat(
                            case
                                when is_increase_clear or status_reason like '%volume_increase%' then '+volume_increase'
                                else ''
                            end,
                            case
                                when is_negative_clear or status_reason like '%negative_ratio%' then '+negative_ratio'
                                else ''
                            end
                        ),
                        2
                    )
        end as alert_reason,
        case level
            {%- for level in [1, 2] %}
            when {{ level }} then max(alert_level) over {{ below_level(level) }}
            {%- endfor %}
            else alert_level
        end is not null as is_told_at_or_below
    from with_alert_level
)

select
    {%- for column in columns_of_change() %}
    {{ column }},
    {%- endfor %}
    level,
    alert_level,
    alert_status,
    alert_reason,
    is_told_at_or_below,
    case level
        when 1 then false
        {%- for level in [1, 2] %}
        when {{ level + 1 }}
            then
                max(case when level = {{ level }} and alert_level = {{ level }} then 1 else 0 end)
                    over {{ below_level(level) }}
                = 1
        {%- endfor %}
    end as explains_alert,
    comparison_total - base_total as total_effect,
    comparison_total - expected_total as excess,
    increase_excess / nullif(siblings_excess, 0) as excess_share,
    (base_weight + comparison_weight) / 2e0 * (comparison_rate - base_rate) as rate_effect,
    ((base_rate + comparison_rate) / 2e0 - parent_rate)
    * (comparison_weight - base_weight) as mix_effect
from alerts

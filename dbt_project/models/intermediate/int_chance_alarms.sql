{%- set statuses = ['critical', 'monitor'] -%}
with judged_modelled as (
    select * from {{ ref('int_category_weeks_judged_modelled') }}
    where category3 != ''
),

thresholds as (
    select * from {{ ref('int_status_thresholds') }}
),

categories as (
    select distinct
        category1,
        category2,
        category3
    from judged_modelled
),

thresholds_ranked as (
    select
        categories.category1,
        categories.category2,
        categories.category3,
        thresholds.status,
        thresholds.min_total,
        thresholds.min_increase_pct,
        thresholds.min_negative_ratio_increase_pp,
        row_number() over (
            partition by categories.category1, categories.category2, categories.category3, thresholds.status
            order by thresholds.specificity desc
        ) as threshold_rank
    from categories
    inner join thresholds
        on {{ matches_pattern('thresholds', 'categories') }}
),

thresholds_of_categories as (
    select
        category1,
        category2,
        category3,
        max(case when status = 'CRITICAL' then min_total end) as critical_min_total,
        max(case when status = 'CRITICAL' then min_increase_pct end) as critical_pct,
        max(case when status = 'CRITICAL' then min_negative_ratio_increase_pp end) as critical_pp,
        max(case when status = 'MONITOR' then min_total end) as monitor_min_total,
        max(case when status = 'MONITOR' then min_increase_pct end) as monitor_pct,
        max(case when status = 'MONITOR' then min_negative_ratio_increase_pp end) as monitor_pp
    from thresholds_ranked
    where threshold_rank = 1
    group by category1, category2, category3
),

-- The fewest tickets that would be an alarm after this base week, whatever their emotion.
least_totals as (
    select
        judged_modelled.row_id,
        judged_modelled.base_total,
        judged_modelled.base_negative,
        judged_modelled.baseline_total,
        judged_modelled.expected_total,
        judged_modelled.variance_ratio,
        judged_modelled.share_now,
        judged_modelled.share_spread,
        {%- for name in statuses %}
        thresholds_of_categories.{{ name }}_min_total,
        thresholds_of_categories.{{ name }}_pp,
        case
            when thresholds_of_categories.{{ name }}_pct is not null
                then
                    greatest(
                        {{ integer_division(
                            '(100 + thresholds_of_categories.' ~ name ~ '_pct) * judged_modelled.base_total + 99', '100'
                        ) }},
                        case
                            when judged_modelled.base_total >= thresholds_of_categories.{{ name }}_min_total then 1
                            else greatest(thresholds_of_categories.{{ name }}_min_total, 1)
                        end
                    )
        end as {{ name }}_least_total,
        {%- endfor %}
        judged_modelled.expected_total / (judged_modelled.variance_ratio - 1e0) as r
    from judged_modelled
    left join thresholds_of_categories
        on
            judged_modelled.category1 = thresholds_of_categories.category1
            and judged_modelled.category2 = thresholds_of_categories.category2
            and judged_modelled.category3 = thresholds_of_categories.category3
),

-- Fewer tickets than that are an alarm by their negative share alone. Beyond these bounds there is no probability left.
totals_bounded as (
    select
        *,
        cast(floor(greatest(expected_total - 7e0 * sqrt(variance_ratio * expected_total), 0e0)) as int64) as first_k,
        cast(
            ceil(expected_total + 8e0 * sqrt(variance_ratio * expected_total) + 15e0 * variance_ratio) as int64
        ) as last_likely_k,
        least(
            {%- for name in statuses %}
            coalesce({{ name }}_least_total, 1000000000){{ ',' if not loop.last }}
            {%- endfor %}
        ) as least_total
    from least_totals
),

constants as (
    select
        *,
        -({{ ln_gamma('r') }} + r * ln(variance_ratio)) as ln_constant,
        ln((variance_ratio - 1e0) / variance_ratio) as ln_success
    from totals_bounded
),

totals as (
    select
        *,
        k + r as k_r,
        k + 1e0 as k_1
    from constants
    cross join {{ unnested(whole_numbers_between('first_k', 'least(least_total - 1, last_likely_k)'), 'k') }}
),

-- The fewest negative tickets that would be an alarm among k; one more than there are where none would.
least_negatives as (
    select
        row_id,
        k,
        baseline_total,
        share_now,
        share_spread,
        {{ ln_gamma('k_r') }} - {{ ln_gamma('k_1') }} + (k * ln_success + ln_constant) as ln_chance,
        least(
            {%- for name in statuses %}
            case
                when base_total > 0 and {{ name }}_pp is not null and greatest(base_total, k) >= {{ name }}_min_total
                    then {{ integer_division(
                        name ~ '_pp * base_total * k + 100 * base_negative * k + 100 * base_total - 1',
                        '100 * greatest(base_total, 1)'
                    ) }}
                else k + 1
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ) as least_negative
    from totals
),

-- The negative ones among k, as a normal distribution; beyond 6 standard deviations there is no probability left.
scored as (
    select
        row_id,
        ln_chance,
        case
            when k > 0 and least_negative <= k
                then
                    greatest(
                        least(
                            (k * share_now - least_negative + 5e-1)
                            / sqrt(
                                k * share_now * (1e0 - share_now) * share_spread
                                * (1e0 + k / greatest(baseline_total, 1))
                            ),
                            6e0
                        ),
                        -6e0
                    )
        end as z
    from least_negatives
)

select
    row_id,
    greatest(
        1e0 - sum(
            case
                when z is null then exp(ln_chance)
                else exp(ln_chance) / (1e0 + exp(z * (15976e-4 + 70566e-6 * z * z)))
            end
        ),
        0e0
    ) as chance_of_alarm
from scored
group by row_id

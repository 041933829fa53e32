{#-
  A relation's p values of its numbers of tickets, as a chain of CTEs that ends in `volume_p_values`: the greater of two
  negative binomial tails, with the row's own expectation and with that of a row that moved with all others.

  It has row_id, comparison_total, own_mean, own_variance_ratio, expected_total and variance_ratio (variance ÷ mean, above 1).
-#}
{% macro volume_p_values(relation) -%}
-- Once as if all tickets had stayed as they were, once as if the category had moved with all others.
expectations as (
    select
        row_id,
        comparison_total as observed,
        own_mean as expected,
        own_variance_ratio as variance_ratio,
        true as is_own
    from {{ relation }}
    union all
    select
        row_id,
        comparison_total as observed,
        expected_total as expected,
        variance_ratio,
        false as is_own
    from {{ relation }}
),

-- The tail that begins at the observed number, and away from the mean: small numbers keep their digits.
tails_bounded as (
    select
        *,
        observed >= expected as is_upper_tail,
        expected / (variance_ratio - 1e0) as r,
        sqrt(variance_ratio * expected) as deviation
    from expectations
),

tails_cut as (
    select
        *,
        case
            when is_upper_tail then observed
            else cast(floor(greatest(observed - 8e0 * deviation - 1e0, 0e0)) as int64)
        end as first_k,
        case
            when is_upper_tail then cast(ceil(observed + 6e0 * deviation + 30e0 * variance_ratio) as int64)
            else observed
        end as last_k
    from tails_bounded
),

-- The probability of k is exp(ln_constant + ln_gamma(k + r) - ln_gamma(k + 1) + k * ln_success).
constants as (
    select
        *,
        -({{ ln_gamma('r') }} + r * ln(variance_ratio)) as ln_constant,
        ln((variance_ratio - 1e0) / variance_ratio) as ln_success
    from tails_cut
),

outcomes as (
    select
        row_id,
        is_own,
        is_upper_tail,
        k = observed as is_observed,
        k * ln_success + ln_constant as ln_factor,
        k + r as k_r,
        k + 1e0 as k_1
    from constants
    cross join {{ unnested(whole_numbers_between('first_k', 'last_k'), 'k') }}
),

outcomes_weighed as (
    select
        row_id,
        is_own,
        is_upper_tail,
        is_observed,
        {{ ln_gamma('k_r') }} - {{ ln_gamma('k_1') }} + ln_factor as ln_chance
    from outcomes
),

tails_summed as (
    select
        row_id,
        is_own,
        is_upper_tail,
        least(sum(exp(ln_chance)), 1e0) as tail,
        sum(case when is_observed then exp(ln_chance) else 0e0 end) as chance_of_observed
    from outcomes_weighed
    group by row_id, is_own, is_upper_tail
),

both_tails as (
    select
        row_id,
        is_own,
        case when is_upper_tail then tail else greatest(1e0 - tail + chance_of_observed, 0e0) end as p_increase,
        case when is_upper_tail then greatest(1e0 - tail + chance_of_observed, 0e0) else tail end as p_decrease
    from tails_summed
),

volume_p_values as (
    select
        row_id,
        max(p_increase) as p_increase,
        max(p_decrease) as p_decrease,
        max(case when is_own then p_increase end) as p_increase_own,
        max(case when is_own then p_decrease end) as p_decrease_own
    from both_tails
    group by row_id
)
{%- endmacro %}

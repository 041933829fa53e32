with judged_modelled as (
    select * from {{ ref('int_category_weeks_judged_modelled') }}
),

-- A beta-binomial of this size has share_spread times the variance of a binomial, baseline included; the greater of the
-- two shares makes what was seen the less surprising.
sized as (
    select
        row_id,
        comparison_total,
        comparison_negative,
        greatest(usual_share, share_now) as likelier_share,
        greatest(
            (comparison_total - 1)
            / greatest(share_spread * (1e0 + comparison_total / baseline_total) - 1e0, 1e-9)
            - 1e0,
            5e-1
        ) as beta_size
    from judged_modelled
    where is_tested and base_total > 0 and comparison_total >= 2 and baseline_total > 0
),

shaped as (
    select
        *,
        beta_size * likelier_share as a,
        beta_size * (1e0 - likelier_share) as b,
        comparison_total + 1e0 as total_1,
        comparison_total + beta_size as total_size
    from sized
),

constants as (
    select
        *,
        {{ ln_gamma('total_1') }} - {{ ln_gamma('total_size') }} as ln_totals,
        {{ ln_gamma('beta_size') }} - {{ ln_gamma('a') }} - {{ ln_gamma('b') }} as ln_shape
    from shaped
),

outcomes as (
    select
        row_id,
        ln_totals + ln_shape as ln_constant,
        k + a as k_a,
        k + 1e0 as k_1,
        comparison_total - k + b as rest_b,
        comparison_total - k + 1e0 as rest_1
    from constants
    cross join {{ unnested(whole_numbers_between('comparison_negative', 'comparison_total'), 'k') }}
),

outcomes_weighed as (
    select
        row_id,
        {{ ln_gamma('k_a') }} - {{ ln_gamma('k_1') }} as ln_negative,
        {{ ln_gamma('rest_b') }} - {{ ln_gamma('rest_1') }} as ln_rest,
        ln_constant
    from outcomes
)

select
    row_id,
    least(sum(exp(ln_constant + (ln_negative + ln_rest))), 1e0) as p_negative
from outcomes_weighed
group by row_id

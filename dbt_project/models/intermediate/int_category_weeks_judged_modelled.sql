with judged as (
    select * from {{ ref('int_category_weeks_judged') }}
),

modelled as (
    select * from {{ ref('int_category_weeks_modelled') }}
),

thresholds as (
    select * from {{ ref('int_status_thresholds') }}
),

-- What a backtest compares is tested alike: by the lower of both floors.
floor as (
    select min(min_total) as least_min_total
    from (
        select min_total from thresholds
        {%- if backtest() %}
        union all
        select min_total from {{ ref('status_thresholds') }}
        {%- endif %}
    ) as floors
),

judged_modelled as (
    select
        judged.week_start,
        judged.category1,
        judged.category2,
        judged.category3,
        case when judged.category2 = '' then 1 when judged.category3 = '' then 2 else 3 end as level,
        judged.base_total,
        judged.comparison_total,
        judged.base_negative,
        judged.comparison_negative,
        judged.status,
        judged.status_reason,
        modelled.first_week_start,
        modelled.weeks_before,
        modelled.baseline_total,
        modelled.week_level,
        modelled.own_mean,
        modelled.expected_total,
        modelled.usual_share,
        modelled.share_now,
        modelled.volume_spread,
        modelled.company_spread,
        modelled.share_spread,
        modelled.is_in_company_share,
        -- The baseline is itself a count: its own error adds a part of the variance.
        modelled.volume_spread * (1e0 + 1e0 / modelled.weeks_before) as own_variance_ratio,
        modelled.volume_spread * (1e0 + modelled.week_level / modelled.weeks_before) as variance_ratio,
        greatest(judged.base_total, judged.comparison_total) >= floor.least_min_total as is_tested
    from judged
    inner join modelled
        on
            judged.week_start = modelled.week_start
            and judged.category1 = modelled.category1
            and judged.category2 = modelled.category2
            and judged.category3 = modelled.category3
    cross join floor
    where modelled.weeks_before >= 1
)

select
    *,
    count(case when is_tested or baseline_total >= weeks_before then 1 end)
        over (partition by week_start, level) as test_count,
    -- A short key: each row becomes hundreds, one for each number of tickets that there might have been.
    row_number() over (order by week_start, category1, category2, category3) as row_id
from judged_modelled

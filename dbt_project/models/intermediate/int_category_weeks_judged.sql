with pairs as (
    select * from {{ ref('int_category_weeks_paired') }}
),

thresholds as (
    select * from {{ ref('int_status_thresholds') }}
),

thresholds_ranked as (
    select
        pairs.*,
        thresholds.status,
        thresholds.status_rank,
        thresholds.specificity > 0 as is_override,
        thresholds.min_total,
        thresholds.min_increase_pct,
        thresholds.min_negative_ratio_increase_pp,
        thresholds.min_decrease_pct,
        row_number() over (
            partition by
                pairs.week_start, pairs.category1, pairs.category2, pairs.category3, thresholds.status
            order by thresholds.specificity desc
        ) as threshold_rank
    from pairs
    inner join thresholds
        on {{ matches_pattern('thresholds', 'pairs') }}
),

-- In whole numbers, so that a threshold is met at equality. A rule without a number (NULL) is never met.
rules_evaluated as (
    select
        *,
        greatest(base_total, comparison_total) >= min_total as is_floor_met,
        coalesce(
            comparison_total > 0
            and 100 * comparison_total >= (100 + min_increase_pct) * base_total,
            false
        ) as is_increase_met,
        coalesce(
            base_total > 0
            and comparison_total > 0
            and 100 * (comparison_negative * base_total - base_negative * comparison_total)
            >= min_negative_ratio_increase_pp * base_total * comparison_total,
            false
        ) as is_negative_ratio_met,
        coalesce(
            base_total > 0
            and 100 * comparison_total <= (100 - min_decrease_pct) * base_total,
            false
        ) as is_decrease_met
    from thresholds_ranked
    where threshold_rank = 1
),

statuses_met as (
    select
        *,
        row_number() over (
            partition by week_start, category1, category2, category3
            order by status_rank
        ) as met_rank
    from rules_evaluated
    where is_floor_met and (is_increase_met or is_negative_ratio_met or is_decrease_met)
),

worst_status_met as (
    select * from statuses_met
    where met_rank = 1
)

select
    pairs.week_start,
    pairs.category1,
    pairs.category2,
    pairs.category3,
    pairs.base_total,
    pairs.comparison_total,
    pairs.base_negative,
    pairs.comparison_negative,
    coalesce(worst_status_met.status, 'STABLE') as status,
    coalesce(worst_status_met.status_rank, 4) as status_rank,
    case
        when worst_status_met.status is not null
            then
                substr(
                    concat(
                        case when worst_status_met.is_increase_met then '+volume_increase' else '' end,
                        case when worst_status_met.is_negative_ratio_met then '+negative_ratio' else '' end,
                        case when worst_status_met.is_decrease_met then '+volume_decrease' else '' end
                    ),
                    2
                )
    end as status_reason,
    worst_status_met.min_total as threshold_min_total,
    worst_status_met.min_increase_pct as threshold_min_increase_pct,
    worst_status_met.min_negative_ratio_increase_pp as threshold_min_negative_ratio_increase_pp,
    worst_status_met.min_decrease_pct as threshold_min_decrease_pct,
    coalesce(worst_status_met.is_override, false) as is_threshold_override
from pairs
left join worst_status_met
    on
        pairs.week_start = worst_status_met.week_start
        and pairs.category1 = worst_status_met.category1
        and pairs.category2 = worst_status_met.category2
        and pairs.category3 = worst_status_met.category3

with thresholds as (
    {{ category_patterns(thresholds_written()) }}
)

select
    status,
    case status when 'CRITICAL' then 1 when 'MONITOR' then 2 when 'IMPROVED' then 3 end as status_rank,
    category1,
    category2,
    category3,
    specificity,
    min_total,
    min_increase_pct,
    min_negative_ratio_increase_pp,
    min_decrease_pct
from thresholds

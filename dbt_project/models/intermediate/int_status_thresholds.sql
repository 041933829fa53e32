with thresholds as (
    select * from {{ ref('status_thresholds') }}
)

-- An empty level is a wildcard. The row that names more levels is the more specific; among rows that name
-- equally many, the one that names the higher level.
select
    status,
    case status when 'CRITICAL' then 1 when 'MONITOR' then 2 when 'IMPROVED' then 3 end as status_rank,
    nullif(trim(category1), '') as category1,
    nullif(trim(category2), '') as category2,
    nullif(trim(category3), '') as category3,
    case when trim(category1) != '' then 11 else 0 end
    + case when trim(category2) != '' then 10 else 0 end
    + case when trim(category3) != '' then 9 else 0 end as specificity,
    min_total,
    min_increase_pct,
    min_negative_ratio_increase_pp,
    min_decrease_pct
from thresholds

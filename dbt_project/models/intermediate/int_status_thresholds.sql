with thresholds as (
    select
        status,
        -- An empty level is a wildcard. Spelled like the tickets' categories, or no ticket would match; a name
        -- with personal data is written as the marts have it, masked.
        nullif({{ normalised_text('category1') }}, '') as category1,
        nullif({{ normalised_text('category2') }}, '') as category2,
        nullif({{ normalised_text('category3') }}, '') as category3,
        min_total,
        min_increase_pct,
        min_negative_ratio_increase_pp,
        min_decrease_pct
    from {{ thresholds_written() }}
)

-- The row that names more levels is the more specific; among rows that name equally many, the one that names the
-- higher level.
select
    status,
    case status when 'CRITICAL' then 1 when 'MONITOR' then 2 when 'IMPROVED' then 3 end as status_rank,
    category1,
    category2,
    category3,
    case when category1 is not null then 11 else 0 end
    + case when category2 is not null then 10 else 0 end
    + case when category3 is not null then 9 else 0 end as specificity,
    min_total,
    min_increase_pct,
    min_negative_ratio_increase_pp,
    min_decrease_pct
from thresholds

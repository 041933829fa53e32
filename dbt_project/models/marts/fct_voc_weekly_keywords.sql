with tickets as (
    select * from {{ ref('int_flagged_tickets_by_name') }}
),

{{ keywords_counted('tickets') }},

keywords_ranked as (
    select
        *,
        row_number() over (
            partition by category1, category2, category3
            order by comparison_count - base_count desc, comparison_count desc, keyword asc
        ) as keyword_rank
    from keywords_counted
    where comparison_count > base_count
)

select
    week_start,
    category1,
    category2,
    category3,
    keyword_rank,
    keyword,
    base_count,
    comparison_count
from keywords_ranked
where keyword_rank <= {{ var('rising_keywords_kept') }}

with tickets as (
    select * from {{ ref('int_flagged_tickets_by_name') }}
),

-- Of the first 1,000 characters: a whole text in this column would become a row for each of its commas.
keywords_listed as (
    select
        tickets.week_start,
        tickets.category1,
        tickets.category2,
        tickets.category3,
        tickets.week_role,
        tickets.ticket_id,
        trim(listed_keyword) as keyword
    from tickets
    cross join {{ unnested(split_list('substr(tickets.keywords, 1, 1000)'), 'listed_keyword') }}
),

keywords_counted as (
    select
        week_start,
        category1,
        category2,
        category3,
        keyword,
        count(distinct case when week_role = 'base' then ticket_id end) as base_count,
        count(distinct case when week_role = 'comparison' then ticket_id end) as comparison_count
    from keywords_listed
    where keyword != ''
    group by week_start, category1, category2, category3, keyword
),

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

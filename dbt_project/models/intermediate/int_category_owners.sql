with owners as (
    {{ category_patterns(ref('category_owners')) }}
),

categories as (
    select distinct
        category1,
        category2,
        category3
    from {{ ref('fct_voc_weekly_counts') }}
),

-- An upper level may be announced instead of its categories. Its other levels are empty, so only wildcards match them.
categories_and_upper_levels as (
    select
        category1,
        category2,
        category3
    from categories
    union all
    select distinct
        category1,
        category2,
        '' as category3
    from categories
    union all
    select distinct
        category1,
        '' as category2,
        '' as category3
    from categories
),

owners_ranked as (
    select
        categories.category1,
        categories.category2,
        categories.category3,
        owners.owner,
        owners.channel,
        owners.language,
        row_number() over (
            partition by categories.category1, categories.category2, categories.category3
            order by owners.specificity desc
        ) as owner_rank
    from categories_and_upper_levels as categories
    inner join owners
        on {{ matches_pattern('owners', 'categories') }}
)

select
    category1,
    category2,
    category3,
    owner,
    channel,
    language
from owners_ranked
where owner_rank = 1

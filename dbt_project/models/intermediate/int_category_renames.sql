with pairs as (
    select * from {{ ref('int_category_weeks_paired') }}
    where category3 != ''
),

counts as (
    select * from {{ ref('fct_voc_weekly_counts') }}
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=8, last_before=2) }}
),

names as (
    {{ names_at_every_level('pairs', sums=['base_total', 'comparison_total']) }}
),

with_parents as (
    select
        *,
        sum(base_total) over (partition by week_start, level_number, parent1, parent2) as parent_base_total,
        sum(comparison_total) over (partition by week_start, level_number, parent1, parent2) as parent_comparison_total
    from names
),

names_seen_before as (
    {{ names_at_every_level('counts') }}
),

-- Not the unclassified: that is a fault of its own. A parent that changes by more than a quarter has lost or won
-- tickets.
candidates as (
    select * from with_parents
    where
        level_name != '(미분류)'
        and greatest(base_total, comparison_total) >= 10
        and 4 * abs(parent_comparison_total - parent_base_total) <= parent_base_total
),

names_appeared as (
    select candidates.*
    from candidates
    left join names_seen_before
        on
            candidates.level_number = names_seen_before.level_number
            and candidates.parent1 = names_seen_before.parent1
            and candidates.parent2 = names_seen_before.parent2
            and candidates.level_name = names_seen_before.level_name
            and names_seen_before.week_start between candidates.week_start - 56 and candidates.week_start - 14
    where
        candidates.base_total = 0
        and names_seen_before.level_name is null
),

-- As many tickets as before, give or take a third.
pairs_ranked as (
    select
        vanished.week_start,
        vanished.level_number,
        vanished.parent1,
        vanished.parent2,
        vanished.level_name as old_name,
        appeared.level_name as new_name,
        vanished.base_total,
        appeared.comparison_total,
        row_number() over (
            partition by
                vanished.week_start, vanished.level_number, vanished.parent1, vanished.parent2,
                vanished.level_name
            order by abs(appeared.comparison_total - vanished.base_total), appeared.level_name
        ) as rank_for_old,
        row_number() over (
            partition by
                vanished.week_start, vanished.level_number, vanished.parent1, vanished.parent2,
                appeared.level_name
            order by abs(appeared.comparison_total - vanished.base_total), vanished.level_name
        ) as rank_for_new
    from candidates as vanished
    inner join names_appeared as appeared
        on
            vanished.week_start = appeared.week_start
            and vanished.level_number = appeared.level_number
            and vanished.parent1 = appeared.parent1
            and vanished.parent2 = appeared.parent2
    where
        vanished.comparison_total = 0
        and 3 * appeared.comparison_total >= 2 * vanished.base_total
        and 2 * appeared.comparison_total <= 3 * vanished.base_total
)

select
    week_start,
    case level_number when 1 then old_name else parent1 end as category1,
    case level_number when 1 then null when 2 then old_name else parent2 end as category2,
    case level_number when 3 then old_name end as category3,
    new_name as renamed_to,
    base_total,
    comparison_total
from pairs_ranked
where rank_for_old = 1 and rank_for_new = 1

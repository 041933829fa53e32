{#- Which weeks are judged again is asked there first, and not twice at the same time. -#}
{%- set asked_first = ref('int_category_weeks_paired') -%}
{%- set sums = ['negative_count', 'without_emotion_count', 'repeated_count'] -%}
with weeks as (
    select * from {{ ref('dim_voc_weeks') }}
),

-- The eight weeks before show what is usual.
counts as (
    select * from {{ ref('fct_voc_weekly_counts') }}
    where {{ in_weeks('week_start', weeks_to_judge(), first_before=8) }}
)

select
    weeks.week_start,
    coalesce(sum(counts.total_count), 0) as total_count,
    {%- for sum in sums %}
    coalesce(sum(counts.{{ sum }}), 0) as {{ sum }},
    {%- endfor %}
    coalesce(
        sum(
            counts.total_count
            - counts.negative_count
            - counts.positive_count
            - counts.neutral_count
            - counts.without_emotion_count
        ),
        0
    ) as unknown_emotion_count,
    coalesce(
        sum(
            case
                when '(미분류)' in (counts.category1, counts.category2, counts.category3) then counts.total_count
            end
        ),
        0
    ) as unclassified_count,
    coalesce(max(counts.most_rows_per_ticket), 0) as most_rows_per_ticket,
    coalesce(sum(counts.monday_count), 0) as monday_count,
    coalesce(sum(counts.tuesday_count), 0) as tuesday_count,
    coalesce(sum(counts.wednesday_count), 0) as wednesday_count,
    coalesce(sum(counts.thursday_count), 0) as thursday_count,
    coalesce(sum(counts.friday_count), 0) as friday_count,
    coalesce(sum(counts.saturday_count), 0) as saturday_count,
    coalesce(sum(counts.sunday_count), 0) as sunday_count
from weeks
left join counts
    on weeks.week_start = counts.week_start
where {{ in_weeks('weeks.week_start', weeks_to_judge(), first_before=8) }}
group by weeks.week_start

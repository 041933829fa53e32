{#-
  The keywords of a relation of masked tickets, counted by category, as a chain of CTEs that ends in `keywords_counted`.
  Of the first 1,000 characters: a whole text in this column would become a row for each of its commas.
-#}
{% macro keywords_counted(relation) -%}
keywords_listed as (
    select
        tickets.week_start,
        tickets.category1,
        tickets.category2,
        tickets.category3,
        tickets.week_role,
        tickets.ticket_id,
        trim(listed_keyword) as keyword
    from {{ relation }} as tickets
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
)
{%- endmacro %}

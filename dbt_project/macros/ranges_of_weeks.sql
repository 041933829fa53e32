{#- A query: the ranges in which the weeks of a relation follow each other, each as its first and its last Monday. -#}
{% macro ranges_of_weeks(relation) -%}
select
    min(week_start) as first_week,
    max(week_start) as last_week
from (
    select
        week_start,
        week_start - 7 * cast(row_number() over (order by week_start) as integer) as island
    from {{ relation }}
) as weeks_numbered
group by island
{%- endmacro %}

{#- A query: every name at every level of a relation's categories, by week, with the names above it and some sums. -#}
{% macro names_at_every_level(relation, sums=[]) -%}
    {%- for level in [1, 2, 3] %}
    {{ 'union all' if not loop.first }}
    select
        week_start,
        {{ level }} as level_number,
        {{ 'category1' if level > 1 else "''" }} as parent1,
        {{ 'category2' if level > 2 else "''" }} as parent2,
        category{{ level }} as level_name
        {%- for column in sums %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from {{ relation }}
    group by 1, 3, 4, 5
    {%- endfor %}
{%- endmacro %}

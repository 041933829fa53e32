{#-
  A query: a relation of categories with some sums, and the same of the levels above, whose names below are empty (no
  category's level is: it would be (미분류)).
-#}
{% macro at_every_level(relation, sums) -%}
    {%- for level in [3, 2, 1] %}
    {{ 'union all' if not loop.first }}
    select
        week_start,
        category1,
        {{ 'category2' if level > 1 else "''" }} as category2,
        {{ 'category3' if level > 2 else "''" }} as category3
        {%- for column in sums %},
        {{ column if level == 3 else 'cast(sum(' ~ column ~ ') as int64) as ' ~ column }}
        {%- endfor %}
    from {{ relation }}
    {%- if level < 3 %}
    group by week_start, category1{{ ', category2' if level > 1 }}
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

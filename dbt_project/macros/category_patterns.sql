{#-
  A query: rows that are for some categories, each with how specific it is. An empty level is a wildcard, and NULL here.
  Levels are spelled like the tickets' categories, or no ticket would match; a name with personal data is written as the
  marts have it, masked.

  The row that names more levels is the more specific; among rows that name equally many, the one that names the higher
  level. So of the rows that match a category no two are equally specific, unless they are for the same categories.
-#}
{% macro category_patterns(relation) -%}
    select
        *,
        {{ specificity() }} as specificity
    from (
        select
            * replace (
                {%- for level in ['category1', 'category2', 'category3'] %}
                nullif({{ normalised_text(level) }}, '') as {{ level }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
        from {{ relation }}
    ) as levels_spelled
{%- endmacro %}

{% macro specificity() -%}
    {%- for level, weight in {'category1': 11, 'category2': 10, 'category3': 9}.items() %}
        {{ '+ ' if not loop.first }}case when {{ level }} is not null then {{ weight }} else 0 end
    {%- endfor %}
{%- endmacro %}

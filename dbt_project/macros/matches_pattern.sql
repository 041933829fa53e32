{#- Whether a row of `category_patterns` is for a category, or for all below an upper level, whose other levels are empty. -#}
{% macro matches_pattern(pattern, category) -%}
    {%- for level in ['category1', 'category2', 'category3'] %}
            {{ 'and ' if not loop.first }}({{ pattern }}.{{ level }} is null or {{ pattern }}.{{ level }} = {{ category }}.{{ level }})
    {%- endfor %}
{%- endmacro %}

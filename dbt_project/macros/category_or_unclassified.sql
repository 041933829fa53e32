{#- A category level, spelled in one way, or (미분류) where the upstream classifier left it NULL or blank. -#}
{% macro category_or_unclassified(column) -%}
    coalesce(nullif({{ normalised_text(column) }}, ''), '(미분류)')
{%- endmacro %}

{#- A category level, or (미분류) where the upstream classifier left it NULL or blank (white space of any kind). -#}
{% macro category_or_unclassified(column) -%}
    {%- set white_space = "concat(' ', chr(9), chr(10), chr(13), chr(160), chr(12288))" -%}
    case
        when trim({{ column }}, {{ white_space }}) = '' then '(미분류)'
        else coalesce({{ column }}, '(미분류)')
    end
{%- endmacro %}

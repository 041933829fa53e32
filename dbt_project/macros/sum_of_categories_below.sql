{#- The sum of an expression over the categories below a row's level; of a category its own. -#}
{% macro sum_of_categories_below(expression) -%}
    case
        when category2 = '' then sum({{ expression }}) over (partition by week_start, category1)
        when category3 = '' then sum({{ expression }}) over (partition by week_start, category1, category2)
        else {{ expression }}
    end
{%- endmacro %}

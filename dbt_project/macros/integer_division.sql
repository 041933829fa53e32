{#- A whole number divided by another, without the remainder. -#}
{% macro integer_division(dividend, divisor) -%}
    {{ adapter.dispatch('integer_division', 'voc_analyst')(dividend, divisor) }}
{%- endmacro %}

{% macro default__integer_division(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{% macro bigquery__integer_division(dividend, divisor) -%}
    div({{ dividend }}, {{ divisor }})
{%- endmacro %}

{#- The days from one date to another. -#}
{% macro days_between(first, last) -%}
    {{ adapter.dispatch('days_between', 'voc_analyst')(first, last) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    ({{ last }} - {{ first }})
{%- endmacro %}

{% macro bigquery__days_between(first, last) -%}
    date_diff({{ last }}, {{ first }}, day)
{%- endmacro %}

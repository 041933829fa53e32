{#- The Mondays from first to last, both included, as an array of dates. -#}
{% macro week_starts_between(first, last) -%}
    {{ adapter.dispatch('week_starts_between', 'voc_analyst')(first, last) }}
{%- endmacro %}

{% macro default__week_starts_between(first, last) -%}
    cast(generate_series({{ first }}, {{ last }}, interval 7 day) as date[])
{%- endmacro %}

{% macro bigquery__week_starts_between(first, last) -%}
    generate_date_array({{ first }}, {{ last }}, interval 7 day)
{%- endmacro %}

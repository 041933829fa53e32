{#- The whole numbers from first to last, both included, as an array; empty where last is below first. -#}
{% macro whole_numbers_between(first, last) -%}
    {{ adapter.dispatch('whole_numbers_between', 'voc_analyst')(first, last) }}
{%- endmacro %}

{% macro default__whole_numbers_between(first, last) -%}
    generate_series({{ first }}, {{ last }})
{%- endmacro %}

{% macro bigquery__whole_numbers_between(first, last) -%}
    generate_array({{ first }}, {{ last }})
{%- endmacro %}

{#- The Monday of the week that a date lies in. -#}
{% macro monday_of(date) -%}
    {{ adapter.dispatch('monday_of', 'voc_analyst')(date) }}
{%- endmacro %}

{% macro default__monday_of(date) -%}
    cast(date_trunc('week', {{ date }}) as date)
{%- endmacro %}

{% macro bigquery__monday_of(date) -%}
    date_trunc({{ date }}, isoweek)
{%- endmacro %}

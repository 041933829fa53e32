{#- The calendar date of a timestamp in the reporting time zone. -#}
{% macro local_date(timestamp) -%}
    {{ adapter.dispatch('local_date', 'voc_analyst')(timestamp) }}
{%- endmacro %}

{% macro default__local_date(timestamp) -%}
    cast(timezone('{{ reporting_timezone() }}', {{ timestamp }}) as date)
{%- endmacro %}

{% macro bigquery__local_date(timestamp) -%}
    date({{ timestamp }}, '{{ reporting_timezone() }}')
{%- endmacro %}

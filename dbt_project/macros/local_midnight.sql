{#- The moment a date begins in the reporting time zone. -#}
{% macro local_midnight(date) -%}
    {{ adapter.dispatch('local_midnight', 'voc_analyst')(date) }}
{%- endmacro %}

{% macro default__local_midnight(date) -%}
    timezone('{{ reporting_timezone() }}', cast({{ date }} as timestamp))
{%- endmacro %}

{% macro bigquery__local_midnight(date) -%}
    timestamp({{ date }}, '{{ reporting_timezone() }}')
{%- endmacro %}

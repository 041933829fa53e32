{#- When this invocation of dbt began (UTC), as a SQL timestamp: what one run writes carries one moment. -#}
{% macro moment_of_run() -%}
    {{ adapter.dispatch('moment_of_run', 'voc_analyst')(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f+00')) }}
{%- endmacro %}

{% macro default__moment_of_run(moment) -%}
    timestamptz '{{ moment }}'
{%- endmacro %}

{% macro bigquery__moment_of_run(moment) -%}
    timestamp '{{ moment }}'
{%- endmacro %}

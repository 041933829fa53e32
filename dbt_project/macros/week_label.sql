{#- The ISO 8601 name of the week that starts on a Monday, such as 2026-W46. -#}
{% macro week_label(week_start) -%}
    {{ adapter.dispatch('week_label', 'voc_analyst')(week_start) }}
{%- endmacro %}

{% macro default__week_label(week_start) -%}
    strftime({{ week_start }}, '%G-W%V')
{%- endmacro %}

{% macro bigquery__week_label(week_start) -%}
    format_date('%G-W%V', {{ week_start }})
{%- endmacro %}

{#- The comparison week: the newest week that was complete at the as-of date. -#}
{% macro report_week_start() -%}
    {{ newest_complete_week(as_of_date()) }}
{%- endmacro %}

{#- The comparison week: the newest week whose Sunday is before the as-of date. -#}
{% macro report_week_start() -%}
    ({{ monday_of(as_of_date()) }} - 7)
{%- endmacro %}

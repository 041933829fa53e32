{#- The newest week whose Sunday is before a date, as the date of its Monday. -#}
{% macro newest_complete_week(date) -%}
    ({{ monday_of(date) }} - 7)
{%- endmacro %}

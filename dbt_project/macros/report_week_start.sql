{#-
  The comparison week: the newest week that was complete at the as-of date. A backfill does not change the newest
  week.
-#}
{% macro report_week_start() -%}
    {%- set counted = counted_weeks() if env_var('VOC_BACKFILL_FROM', '') -%}
    {%- if counted -%}
        greatest({{ newest_complete_week(as_of_date()) }}, {{ counted.newest }})
    {%- else -%}
        {{ newest_complete_week(as_of_date()) }}
    {%- endif -%}
{%- endmacro %}

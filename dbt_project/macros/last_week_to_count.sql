{#-
  The last week that this run (re)computes, as a SQL date: the report week, and in a full refresh any later week
  that was counted before, because an earlier as-of date never deletes a later week.
-#}
{% macro last_week_to_count() -%}
    {%- set newest = newest_counted_week() -%}
    {%- if newest is not none and flags.FULL_REFRESH -%}
        greatest({{ report_week_start() }}, {{ newest }})
    {%- else -%}
        {{ report_week_start() }}
    {%- endif -%}
{%- endmacro %}

{#-
  The first week that this run (re)computes, as a SQL date: all of history the first time, afterwards the
  look-back for late tickets before the report week, or, after missed Mondays, before the first week that they
  left uncounted.
-#}
{% macro first_week_to_count() -%}
    {%- set newest = newest_counted_week() -%}
    {%- if newest is none or flags.FULL_REFRESH -%}
        date '{{ var('history_start') }}'
    {%- else -%}
        least({{ report_week_start() }}, {{ newest }} + 7) - 7 * {{ var('late_ticket_lookback_weeks') }}
    {%- endif -%}
{%- endmacro %}

{#-
  The first week that this run (re)computes, as a SQL date: all of history the first time; in a backfill the week
  that was asked for; otherwise the look-back for late tickets before the report week. Or, after missed Mondays,
  before the first week that they left uncounted: counted weeks have no gap.
-#}
{% macro first_week_to_count() -%}
    {%- set counted = counted_weeks() -%}
    {%- set lookback = 7 * var('late_ticket_lookback_weeks') -%}
    {%- set backfill_from = env_var('VOC_BACKFILL_FROM', '') -%}
    {%- if backfill_from and counted is none -%}
        {{ newest_complete_week("date '" ~ backfill_from ~ "'") }}
    {%- elif backfill_from -%}
        least({{ newest_complete_week("date '" ~ backfill_from ~ "'") }}, {{ counted.newest }} + 7)
    {%- elif counted is none or flags.FULL_REFRESH -%}
        date '{{ var('history_start') }}'
    {%- else -%}
        least({{ report_week_start() }}, {{ counted.newest }} + 7) - {{ lookback }}
    {%- endif -%}
{%- endmacro %}

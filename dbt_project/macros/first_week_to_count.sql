{#-
  The first week that this run (re)computes, as a SQL date: all of history the first time; in a backfill the week
  that was asked for; otherwise the look-back for late tickets before the report week. Weeks that missed Mondays
  left uncounted come in too: counted weeks have no gap.
-#}
{% macro first_week_to_count() -%}
    {%- set counted = counted_weeks() -%}
    {%- set backfill_from = env_var('VOC_BACKFILL_FROM', '') -%}
    {%- if backfill_from -%}
        {%- set asked = newest_complete_week("date '" ~ backfill_from ~ "'") -%}
        {{ 'least(' ~ asked ~ ', ' ~ counted.newest ~ ' + 7)' if counted else asked }}
    {%- elif counted is none or flags.FULL_REFRESH -%}
        date '{{ var('history_start') }}'
    {%- else -%}
        least({{ report_week_start() }}, {{ counted.newest }} + 7) - 7 * {{ var('late_ticket_lookback_weeks') }}
    {%- endif -%}
{%- endmacro %}

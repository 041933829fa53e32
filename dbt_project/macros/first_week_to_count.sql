{#-
  The first week that this run (re)computes, as a SQL date: all of history the first time and in a full refresh; in a
  backfill the week that was asked for; otherwise the look-back for late tickets before the report week. Weeks left
  uncounted by missed Mondays are counted too: counted weeks have no gap.
-#}
{% macro first_week_to_count() -%}
    {%- set counted = counted_weeks() -%}
    {%- set backfill_from = env_var('VOC_BACKFILL_FROM', '') -%}
    {%- if counts_anew() or not (counted or backfill_from) -%}
        date '{{ var('history_start') }}'
    {%- elif backfill_from -%}
        {%- set asked = newest_complete_week("date '" ~ backfill_from ~ "'") -%}
        {{ 'least(' ~ asked ~ ', ' ~ counted.newest ~ ' + 7)' if counted else asked }}
    {%- else -%}
        least({{ report_week_start() }}, {{ counted.newest }} + 7) - 7 * {{ var('late_ticket_lookback_weeks') }}
    {%- endif -%}
{%- endmacro %}

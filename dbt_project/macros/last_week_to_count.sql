{#-
  The last week that this run (re)computes, as a SQL date: the report week; in a backfill the week that was asked
  for, or the last one before those already counted, so that no gap is left; in a full refresh any later week that
  was counted before, because an earlier as-of date never deletes a later week.
-#}
{% macro last_week_to_count() -%}
    {%- set backfill_to = env_var('VOC_BACKFILL_TO', '') -%}
    {%- set counted = counted_weeks() if backfill_to or flags.FULL_REFRESH -%}
    {%- if backfill_to and not counted -%}
        {{ newest_complete_week("date '" ~ backfill_to ~ "'") }}
    {%- elif backfill_to -%}
        greatest({{ newest_complete_week("date '" ~ backfill_to ~ "'") }}, {{ counted.oldest }} - 7)
    {%- elif counted -%}
        greatest({{ report_week_start() }}, {{ counted.newest }})
    {%- else -%}
        {{ report_week_start() }}
    {%- endif -%}
{%- endmacro %}

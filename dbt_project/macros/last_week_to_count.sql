{#-
  The last week that this run (re)computes, as a SQL date: the newest that is complete at the as-of date. In a full
  refresh any later week that was counted before, because an earlier as-of date never deletes a later week; in a
  backfill of older weeks at least the one before those already counted, so that no gap is left.
-#}
{% macro last_week_to_count() -%}
    {%- set asked = newest_complete_week(as_of_date()) -%}
    {%- set is_backfill = env_var('VOC_BACKFILL_FROM', '') -%}
    {%- set counted = counted_weeks() if is_backfill or flags.FULL_REFRESH -%}
    {%- if counted and flags.FULL_REFRESH -%}
        greatest({{ asked }}, {{ counted.newest }})
    {%- elif counted -%}
        greatest({{ asked }}, {{ counted.oldest }} - 7)
    {%- else -%}
        {{ asked }}
    {%- endif -%}
{%- endmacro %}

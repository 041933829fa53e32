{#-
  The weeks that this run (re)computes, as ranges of two SQL dates: from first_week_to_count to last_week_to_count, and
  any week further back whose tickets have changed since it was counted. A backfill counts what was asked for.

  Whoever asks depends on stg_zendesk__weeks, so that the source is looked at before it is read.
-#}
{% macro weeks_to_count() -%}
    {%- set source_weeks = ref('stg_zendesk__weeks') -%}
    {%- set asked = [(first_week_to_count(), last_week_to_count())] -%}
    {{ return(asked if counts_anew() or env_var('VOC_BACKFILL_FROM', '') else asked + weeks_known().changed) }}
{%- endmacro %}

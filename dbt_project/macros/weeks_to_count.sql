{#-
  The weeks that this run (re)computes, as ranges of two SQL dates: from first_week_to_count to last_week_to_count, and
  any week further back whose tickets have changed since it was counted. A backfill counts what was asked for.
-#}
{% macro weeks_to_count() -%}
    {%- set asked = [(first_week_to_count(), last_week_to_count())] -%}
    {{ return(asked if counts_anew() or env_var('VOC_BACKFILL_FROM', '') else asked + changed_weeks()) }}
{%- endmacro %}

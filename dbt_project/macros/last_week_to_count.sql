{#-
  The last week that this run (re)computes, as a SQL date: the newest that is complete at the as-of date, but at least
  the one before the weeks already counted, so that no gap is left. In a full refresh any later week that was counted
  before, because an earlier as-of date never deletes a later week.
-#}
{% macro last_week_to_count() -%}
    {%- set asked = newest_complete_week(as_of_date()) -%}
    {%- set counted = counted_weeks() -%}
    {%- if counted and counts_anew() -%}
        greatest({{ asked }}, {{ counted.newest }})
    {%- elif counted -%}
        greatest({{ asked }}, {{ counted.oldest }} - 7)
    {%- else -%}
        {{ asked }}
    {%- endif -%}
{%- endmacro %}

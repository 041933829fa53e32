{#-
  The first week that this run (re)computes, as a SQL date: all of history the first time, afterwards the
  look-back for late tickets before the older of the report week and the newest week already counted (a run
  after missed Mondays fills the gap). The newest week is read while compiling, so that the bound on the
  source is a constant and BigQuery can prune partitions by it.
-#}
{% macro first_week_to_count() -%}
    {%- set history_start = "date '" ~ var('history_start') ~ "'" -%}
    {%- set counts = adapter.get_relation(target.database, target.schema, 'fct_voc_weekly_counts') if execute -%}
    {%- if not counts or flags.FULL_REFRESH -%}
        {{ history_start }}
    {%- else -%}
        {%- set newest = run_query('select max(week_start) as week_start from ' ~ counts).columns[0][0] -%}
        {%- if newest is none -%}
            {{ history_start }}
        {%- else -%}
            least({{ report_week_start() }}, date '{{ newest }}') - 7 * {{ var('late_ticket_lookback_weeks') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

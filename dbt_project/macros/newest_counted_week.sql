{#-
  The newest week already counted, as a SQL date, or none. Read while compiling, so that the bounds on the source
  are constants and BigQuery can prune partitions by them.
-#}
{% macro newest_counted_week() -%}
    {%- set counts = adapter.get_relation(target.database, target.schema, 'fct_voc_weekly_counts') if execute -%}
    {%- if counts -%}
        {%- set newest = run_query('select max(week_start) as week_start from ' ~ counts).columns[0][0] -%}
        {%- if newest is not none -%}
            {{ return("date '" ~ newest ~ "'") }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

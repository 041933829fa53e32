{#-
  The oldest and the newest week already counted, as SQL dates, or none. Read while compiling, so that the bounds on
  the source are constants and BigQuery can prune partitions by them.
-#}
{% macro counted_weeks() -%}
    {%- set counts = adapter.get_relation(target.database, target.schema, 'fct_voc_weekly_counts') if execute -%}
    {%- if counts -%}
        {%- set weeks = run_query('select min(week_start) as oldest, max(week_start) as newest from ' ~ counts) -%}
        {%- if weeks.columns[0][0] is not none -%}
            {{ return({
                'oldest': "date '" ~ weeks.columns[0][0] ~ "'",
                'newest': "date '" ~ weeks.columns[1][0] ~ "'"
            }) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#-
  The weeks whose counts are compared with the source again, as ranges of two SQL dates: all that this run counts; on
  BigQuery, where a second scan is paid for, the last of them. All weeks are counted by one query.
-#}
{% macro weeks_to_check() -%}
    {{ return([(last_week_to_count(), last_week_to_count())] if target.type == 'bigquery' else weeks_to_count()) }}
{%- endmacro %}

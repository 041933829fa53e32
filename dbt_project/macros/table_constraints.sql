{#-
  The columns of a table under contract, on DuckDB without its constraints: a primary key says to a reader, and to
  BigQuery's planner, what the grain is. DuckDB would keep an index for it, in memory, that holds up every rewrite.
-#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    (
        {{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(',\n        ') }}
    )
{%- endmacro %}

{#- Questions that dbt asks BigQuery in jobs of their own, and that are answered elsewhere. -#}

{#-
  Whether a query has the columns of its contract: GoogleSQL says so in tests/bigquery, and a table is created with
  the contract's columns, so that another type stops the run.
-#}
{% macro bigquery__get_assert_columns_equivalent(sql) -%}
{%- endmacro %}

{#-
  Which of the columns that a snapshot compares are in its table, asked without a job; and never that all rows have
  changed because one is new: an upgrade would record every status a second time.
-#}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
    {%- if not target_exists -%}
        {{ return((false, check_cols_config)) }}
    {%- endif -%}
    {%- set table = adapter.get_relation(node.database, node.schema, node.alias) -%}
    {%- set there = adapter.get_columns_in_relation(table) | map(attribute='name') | list -%}
    {{ return((false, check_cols_config | select('in', there) | list)) }}
{%- endmacro %}

{#- Whether the snapshot's moments have one type: both are dbt's own. -#}
{% macro check_time_data_types(sql) -%}
{%- endmacro %}

{#- Which columns the rows have that the table of an incremental model lacks: add_missing_columns asks the contract. -#}
{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') -%}
    {{ return('ignore' if target.type == 'bigquery' else on_schema_change) }}
{%- endmacro %}

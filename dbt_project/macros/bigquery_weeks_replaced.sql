{#-
  dbt asks this of every incremental model on BigQuery: one statement that removes the weeks named by forget_weeks and
  writes the new rows, or does neither. Never matched, so that constant weeks prune the partitions that are removed.

  dbt's own insert_overwrite removes only the partitions that get rows, and needs a job more to remove the others.
-#}
{% macro bq_generate_incremental_insert_overwrite_build_sql(
    tmp_relation, target_relation, sql, unique_key, partition_by, partitions, dest_columns, tmp_relation_exists,
    copy_partitions
) -%}
    {%- set columns = add_missing_columns(target_relation, dest_columns) | join(', ') -%}
merge into {{ target_relation }} as kept
using (
    {{ sql }}
) as written
on false
when not matched by source and ({{ graph.voc_weeks_forgotten[model.unique_id] }}) then
    delete
when not matched then
    insert ({{ columns }})
    values ({{ columns }})
{%- endmacro %}

{#-
  The names of the columns to write. Columns that a new version brings are added by a request that is no job; what was
  written before has NULL in them. Columns that a new version no longer has stay, and are NULL from then on.
-#}
{% macro add_missing_columns(relation, existing_columns) -%}
    {%- set names = existing_columns | map(attribute='name') | list -%}
    {%- set missing = [] -%}
    {%- for name, column in model.columns.items() if name not in names -%}
        {%- do missing.append(api.Column.create(name, column.data_type)) -%}
    {%- endfor -%}
    {%- if missing -%}
        {%- do adapter.alter_table_add_columns(relation, missing) -%}
    {%- endif -%}
    {{ return(model.columns.keys() | list) }}
{%- endmacro %}

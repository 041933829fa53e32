{#-
  dbt asks this for every model. What is internal has a dataset of its own where VOC_BIGQUERY_INTERNAL_DATASET names
  one, so that analysts see the marts alone.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (env_var('VOC_BIGQUERY_INTERNAL_DATASET', '') if custom_schema_name == 'internal') or target.schema }}
{%- endmacro %}

{#- The Prefect run that runs dbt; empty where dbt is run by hand. -#}
{% macro flow_run_id() -%}
    {{ return(env_var('VOC_FLOW_RUN_ID', '') if execute else '') }}
{%- endmacro %}

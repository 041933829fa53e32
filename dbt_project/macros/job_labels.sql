{#- A job's labels, as JSON: enough to find a run's jobs, and a job's model, in BigQuery's history. -#}
{% macro job_labels(node) -%}
    {{ return(tojson({
        'app': 'voc-analyst',
        'flow_run_id': env_var('VOC_FLOW_RUN_ID', ''),
        'node': node.name if node else ''
    })) }}
{%- endmacro %}

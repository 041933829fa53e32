{#- A short name for the rules by which tickets are counted: it changes with the SQL, the time zone and the source. -#}
{% macro counting_version() -%}
    {%- if execute -%}
        {%- set any_week = [("date '2000-01-03'", "date '2000-01-03'")] -%}
        {{ return(local_md5(deduplicated_tickets(any_week) ~ code_of('fct_voc_weekly_counts'))[:8]) }}
    {%- endif -%}
{%- endmacro %}

{#- … and by which weeks are judged: it changes with the SQL and with the thresholds. -#}
{% macro judging_version() -%}
    {%- if execute -%}
        {%- set thresholds = graph.nodes['seed.' ~ project_name ~ '.status_thresholds'].checksum.checksum -%}
        {{ return(local_md5(thresholds
            ~ code_of('int_category_weeks_paired')
            ~ code_of('int_status_thresholds')
            ~ code_of('int_category_weeks_judged')
            ~ code_of('fct_voc_weekly_status'))[:8]) }}
    {%- endif -%}
{%- endmacro %}

{% macro code_of(name) -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name].raw_code) }}
{%- endmacro %}

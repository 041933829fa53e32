{#- A short name for the rules by which tickets are counted: it changes with the SQL, the time zone and the source. -#}
{% macro counting_version() -%}
    {%- if execute -%}
        {%- set any_week = [("date '2000-01-03'", "date '2000-01-03'")] -%}
        {{ return(local_md5(deduplicated_tickets(any_week) ~ code_of('fct_voc_weekly_counts'))[:8]) }}
    {%- endif -%}
{%- endmacro %}

{#- … and by which weeks are judged: it changes with the SQL, the thresholds and the variables of the evidence. -#}
{% macro judging_version() -%}
    {%- if execute -%}
        {%- set rules = [
            graph.nodes['seed.' ~ project_name ~ '.status_thresholds'].checksum.checksum,
            ln_gamma('x'),
        ] -%}
        {%- for name in ['baseline_weeks', 'spread_weeks', 'p', 'q'] -%}
            {%- do rules.append(var('evidence_' ~ name) | string) -%}
        {%- endfor -%}
        {%- for name in [
            'int_category_weeks_paired',
            'int_status_thresholds',
            'int_category_weeks_judged',
            'int_category_weeks',
            'int_week_levels',
            'int_category_weeks_modelled',
            'int_category_weeks_judged_modelled',
            'int_volume_p_values',
            'int_share_p_values',
            'int_chance_alarms',
            'int_evidence',
            'fct_voc_weekly_status',
            'fct_voc_weekly_alarms',
        ] -%}
            {%- do rules.append(code_of(name)) -%}
        {%- endfor -%}
        {{ return(local_md5(rules | join('\n'))[:8]) }}
    {%- endif -%}
{%- endmacro %}

{% macro code_of(name) -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name].raw_code) }}
{%- endmacro %}

{#- A short name for the rules by which tickets are counted: it changes with the SQL, the time zone, the source and the rules of masking. -#}
{% macro counting_version() -%}
    {%- if execute -%}
        {%- set any_week = [("date '2000-01-03'", "date '2000-01-03'")] -%}
        {%- set rules = [var('pii_folds'), var('pii_parts'), pii_rules()] | string -%}
        {{ return(local_md5(deduplicated_tickets(any_week) ~ code_of('fct_voc_weekly_counts') ~ rules)[:8]) }}
    {%- endif -%}
{%- endmacro %}

{#- … and by which weeks and their source are judged, as a SQL expression: it changes with the models' code, the thresholds and the variables of the evidence. -#}
{% macro judging_version(thresholds) -%}
    {%- set code = judging_code() -%}
    (
        select concat('{{ code }}', substr({{ dbt.hash("string_agg(threshold, '|' order by threshold)") }}, 1, 8))
        from (
            select
                concat(
                    status
                    {%- for column in ['category1', 'category2', 'category3', 'min_total', 'min_increase_pct',
                                       'min_negative_ratio_increase_pp', 'min_decrease_pct'] %},
                    ',', coalesce(cast({{ column }} as {{ dbt.type_string() }}), '')
                    {%- endfor %}
                ) as threshold
            from {{ thresholds }}
        ) as thresholds_written
    )
{%- endmacro %}

{% macro judging_code() -%}
    {%- if execute -%}
        {%- set models = ['fct_voc_weekly_status', 'fct_voc_weekly_drivers', 'fct_voc_weekly_alarms', 'fct_voc_source_doubts'] -%}
        {#- Without what each engine writes in its own way: both give a week the same version. -#}
        {%- set outcomes = unnested(whole_numbers_between('first_k', 'last_k'), 'k') -%}
        {%- set code = [
            volume_p_values('x') | replace(outcomes, ''), at_every_level('x', ['y']), sum_of_categories_below('x'), held_below('x'), told_at(2, 'x'),
            specificity(), matches_pattern('x', 'y'), usual_width('x', 'y'), usual_low('x', 'y'), usual_high('x', 'y'),
            spread_of('x')
        ] -%}
        {%- for name in ['baseline_weeks', 'spread_weeks', 'p', 'q'] -%}
            {%- do code.append(var('evidence_' ~ name) | string) -%}
        {%- endfor -%}
        {%- for name in models -%}
            {%- do code.append(code_of(name)) -%}
            {%- for parent in model_named(name).depends_on.nodes -%}
                {%- set kind, parent_name = parent.split('.')[0], parent.split('.')[-1] -%}
                {#- What counts has a version of its own. The list grows while it is read. -#}
                {%- if kind == 'model' and parent_name not in models
                    and parent_name != 'fct_voc_weekly_counts' and not parent_name.startswith('stg_') -%}
                    {%- do models.append(parent_name) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {{ return(local_md5(code | join('\n'))[:8]) }}
    {%- endif -%}
{%- endmacro %}

{% macro code_of(name) -%}
    {{ return(model_named(name).raw_code) }}
{%- endmacro %}

{% macro model_named(name) -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name]) }}
{%- endmacro %}

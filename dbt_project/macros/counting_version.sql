{#- A short name for the rules by which tickets are counted: it changes with the SQL, the time zone and the source. -#}
{% macro counting_version() -%}
    {%- if execute -%}
        {%- set any_week = [("date '2000-01-03'", "date '2000-01-03'")] -%}
        {{ return(local_md5(deduplicated_tickets(any_week) ~ code_of('fct_voc_weekly_counts'))[:8]) }}
    {%- endif -%}
{%- endmacro %}

{#- … and by which weeks are judged, as a SQL expression: it changes with the models' code and with the thresholds. -#}
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
        {{ return(local_md5(
            code_of('int_category_weeks_paired')
            ~ code_of('int_status_thresholds')
            ~ code_of('int_category_weeks_judged')
            ~ code_of('fct_voc_weekly_status')
        )[:8]) }}
    {%- endif -%}
{%- endmacro %}

{% macro code_of(name) -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name].raw_code) }}
{%- endmacro %}

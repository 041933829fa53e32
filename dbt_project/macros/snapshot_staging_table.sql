{#-
  dbt asks this of every snapshot: what has changed. Only in the weeks that were judged after its newest period began, and
  in those without a status any more: the others are as they were, and comparing them all costs more than judging.
-#}
{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set weeks_in_question -%}
        week_start in (
            select week_start
            from {{ ref('fct_voc_weekly_status') }}
            where cast(judged_at as timestamp) > (
                select coalesce(max(cast(dbt_valid_from as timestamp)), timestamp '1970-01-01') from {{ target_relation }}
            )
        )
    {%- endset -%}
    {{ adapter.dispatch('snapshot_staging_table', 'dbt')(
        strategy,
        'select * from (' ~ source_sql ~ ') as statuses where ' ~ weeks_in_question,
        '(select * from ' ~ target_relation ~ ' where ' ~ weeks_in_question
        ~ ' or week_start not in (select week_start from ' ~ ref('fct_voc_weekly_status') ~ ')) as periods'
    ) }}
{%- endmacro %}

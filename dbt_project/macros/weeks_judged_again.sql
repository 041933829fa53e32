{#- The rows that a run replaces in what is judged: weeks judged again, and weeks that have no base week any more. -#}
{% macro weeks_judged_again() -%}
    {{ in_weeks('week_start', weeks_to_judge()) }}
    or week_start not in (select week_start from {{ ref('dim_voc_weeks') }} where base_week_start is not null)
{%- endmacro %}

{#- … and in what is kept of the texts: the report week, and weeks longer ago than they are kept. -#}
{% macro texts_written_again_or_too_old() -%}
    week_start = {{ report_week_start() }}
    or week_start < {{ report_week_start() }} - 7 * {{ var('text_retention_weeks') }}
{%- endmacro %}
